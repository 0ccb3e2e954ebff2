"""Failures of HTTP requests as errors for people: every status is mapped here, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from callsheet.model.errors import ProviderError
from callsheet.providers.base import Ambiguous, NotFound
from callsheet.providers.redaction import Redactor, visible

_SHOWN = 300  # characters of a body or message that are shown
_LISTED = 20  # messages of one answer that are shown

# status: (code, what it means, what to do)
_STATUSES: Mapping[int, tuple[str, str, str]] = {
    400: ("provider.invalid", "refused the request as invalid", "correct what the message names"),
    401: (
        "provider.unauthorised",
        "does not accept the API key",
        "check `provider.apiKey` of the environment: a private key, of this organisation and this region",
    ),
    402: (
        "provider.payment-required",
        "wants payment first",
        "the organisation's plan or balance does not cover this; settle it in the provider's dashboard",
    ),
    403: (
        "provider.forbidden",
        "does not allow this to the API key",
        "use a key with the right to do it, or ask an administrator of the organisation",
    ),
    404: ("provider.not-found", "does not have it", "it may have been deleted meanwhile: plan again"),
    405: ("provider.invalid", "does not know this method here", "check `provider.baseUrl`"),
    409: ("provider.conflict", "refused because of a conflict", "see the message, then plan again"),
    413: ("provider.too-large", "finds the request too large", "shorten the prompt, or split the document"),
    415: ("provider.invalid", "does not take this type of content", "check the file's type"),
    422: ("provider.invalid", "cannot process the request", "correct what the message names"),
    429: (
        "provider.rate-limited",
        "limits the rate and kept doing so",
        "try again later, or lower the number of parallel runs against the organisation",
    ),
}
_REDIRECT = (
    "provider.redirect",
    "answered with a redirect, which is not followed: the API key would go along",
    "set `provider.baseUrl` to the final address",
)
_SERVER = ("provider.server-error", "failed", "try again later; if it stays, ask the provider's support")
_OTHER = ("provider.unexpected", "answered with an unexpected status", "check `provider.baseUrl`")


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, for messages: never a header, a query value or a body."""

    provider: str
    method: str
    path: str

    def __str__(self) -> str:
        return f"{self.method} {visible(self.path)}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A status with its decoded body, or the text where it could not be decoded."""

    status: int
    body: Any = None
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def refusal(
    request: Request,
    answer: Answer,
    redactor: Redactor,
    explanations: Mapping[str, str],
    *,
    ambiguous: bool = False,
) -> ProviderError:
    """The error for a status that is no success. `explanations`: what to do by a word of the body."""
    status = answer.status
    code, what, hint = _STATUSES.get(status, _OTHER)
    if 300 <= status < 400:
        code, what, hint = _REDIRECT
    elif status >= 500:
        code, what, hint = _SERVER
    said = _said(answer, redactor)
    summary = f"{request.provider} {what}: {request} → {status}" + (f": {said[0]}" if said else "")
    detail = "\n".join(said[1:])
    for word, explanation in explanations.items():
        if word in answer.text or any(word in line for line in said):
            detail, hint = "\n".join([*said[1:], explanation]).strip(), ""
    if ambiguous:
        return Ambiguous(
            summary,
            detail="\n".join(filter(None, [detail, _MAYBE])),
            hint="apply again: what happened is found out first",
        )
    if status == 404:
        return NotFound(summary, detail=detail, hint=hint)
    return ProviderError(summary, detail=detail, hint=hint, code=code)


_MAYBE = "The request may or may not have been carried out."


def lost(request: Request, why: str) -> Ambiguous:
    """A write whose answer did not come back whole."""
    return Ambiguous(
        f"{request.provider}: the answer to {request} was lost: {why}",
        detail=_MAYBE,
        hint="apply again: what happened is found out first",
    )


def unreachable(request: Request, base_url: str, why: str) -> ProviderError:
    return ProviderError(
        f"{request.provider} cannot be reached at {visible(base_url)}: {why}",
        detail=f"It was to answer {request}.",
        hint="check `provider.baseUrl`, the network and the proxy settings",
        code="provider.unreachable",
    )


def unreadable(request: Request, status: int, why: str, excerpt: str) -> ProviderError:
    """A successful answer that is not what it should be."""
    return ProviderError(
        f"{request.provider} answered {request} → {status} with {why}",
        detail=f"The body begins: {excerpt}" if excerpt else "",
        hint="check `provider.baseUrl`: something else may be listening there",
        code="provider.unreadable",
    )


def excerpt(text: str, redactor: Redactor, length: int = _SHOWN) -> str:
    """The first bit of a text, harmless: secrets out first, then cut, then made visible."""
    clean = redactor.scrub(text).strip()
    return visible(clean[:length]) + ("…" if len(clean) > length else "")


def _said(answer: Answer, redactor: Redactor) -> list[str]:
    """What the provider says, one line each: `message` as a string or a list, `error`, else the text."""
    body = answer.body
    lines: Sequence[Any] = []
    if isinstance(body, Mapping):
        message = body.get("message") or body.get("detail") or body.get("error")
        lines = message if isinstance(message, list) else [message] if message else []
        if not lines:
            lines = [answer.text]
    elif answer.text.strip():
        lines = [answer.text]
    shown = [
        excerpt(line if isinstance(line, str) else str(line), redactor) for line in lines[:_LISTED] if line
    ]
    if len(lines) > _LISTED:
        shown.append(f"… and {len(lines) - _LISTED} more")
    return shown

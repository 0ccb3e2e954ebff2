"""Identification: who runs this, by a CI's token where there is one, else by the machine's word."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from callsheet.identity.token import GITHUB_URL, has_token, id_token
from callsheet.identity.trust import AUDIENCE, DEFAULT, GITHUB, Trust
from callsheet.model.diagnostics import Diagnostic, Place, Severity, warning
from callsheet.model.errors import CallsheetError, IdentityError, Refused, SpecError
from callsheet.model.principal import Principal

_SAYS_SO = ("GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER", "LOGNAME", "USERNAME")
HOW_TO = (
    f"run it in a CI job with an ID token for the audience {AUDIENCE} from a trusted issuer "
    "(docs/principals.md)"
)


@dataclass(slots=True)
class Identification:
    """A principal, and why it is not verified although the job has a token."""

    principal: Principal
    doubt: Diagnostic | None = None
    _told: bool = field(default=False, repr=False)

    def doubts(self) -> tuple[Diagnostic, ...]:
        """The doubt as a warning, the first time that somebody asks."""
        if self.doubt is None or self._told:
            return ()
        self._told = True
        found = self.doubt
        more = " ".join(filter(None, (f"So {self.principal.name} is unverified.", found.detail)))
        return (warning(found.code, found.summary, detail=more, hint=found.hint, place=found.place),)


def identify(
    variables: Mapping[str, str],
    trusted: Callable[[], Sequence[Trust]],
    now: Callable[[], datetime],
    hide: Callable[[str], None],
) -> Identification:
    """Who runs this. Asks the network only where the job has a token; what is wrong with that is a doubt."""
    if not has_token(variables):
        return Identification(local(variables))
    try:
        trusts = trusted()
        token, _ = id_token(variables, _audience(trusts, variables.get(GITHUB_URL, "")))
        hide(token)
        # httpx takes its time to load, and most runs have no token.
        from callsheet.identity.principals import principal
        from callsheet.identity.verifying import verified

        return Identification(principal(verified(token, trusts, _keys(), now())))
    except IdentityError as cause:
        return Identification(local(variables), cause.diagnostics[0])


def _audience(trusts: Sequence[Trust], url: str) -> str:
    """What to ask GitHub at `url` for: the audience of the issuer that will have made the token."""
    host = urlsplit(url).netloc
    of_host = [each for each in trusts if host and urlsplit(each.issuer).netloc == host]
    of_github = [each for each in trusts if each.issuer == GITHUB]
    return [*of_host, *of_github, *trusts][0].audience


def local(variables: Mapping[str, str]) -> Principal:
    """The person or job that runs this, by its own word, and the variable that says so."""
    for name in _SAYS_SO:
        if value := variables.get(name):
            return Principal(value, name)
    return Principal("unknown")


def insists(protection: Mapping[str, Any] | None) -> bool:
    """Whether it wants a verified principal; whatever is not a plain no is a yes, and so is a broken one."""
    return protection is None or protection.get("verified") not in (None, False)


def insist(environment: str, protection: Mapping[str, Any] | None, found: Identification) -> None:
    """Refused where the environment's protection wants a verified principal, and there is none."""
    if found.principal.verified or not insists(protection):
        return
    rule = f"the protection of {environment} wants a verified principal, and"
    if doubt := found.doubt:
        raise Refused(
            diagnostics=[
                Diagnostic(
                    Severity.ERROR,
                    doubt.code,
                    f"{rule} {doubt.summary}",
                    f"{doubt.detail} Nothing was written.".strip(),
                    doubt.hint,
                    doubt.place,
                )
            ]
        )
    raise Refused(
        f"{rule} {found.principal.shown} is known by a name alone, which anybody can set",
        detail="Nothing was written.",
        hint=HOW_TO,
        code="identity.unverified",
    )


def trusts_of(protection: Mapping[str, Any] | None, place: Callable[[], Place | None]) -> tuple[Trust, ...]:
    """Whose tokens count in an environment: what `protection.oidc` names, else GitHub and GitLab."""
    given = [] if protection is None else protection.get("oidc")
    if given is None:
        return DEFAULT
    entries = given if isinstance(given, Sequence) and not isinstance(given, str) else [given]
    try:
        found = tuple(trust for each in entries for trust in _trusts(each))
    except (KeyError, TypeError, ValueError, AttributeError):
        found = ()
    if not found:
        # Not the defaults: who was left out on purpose must stay out.
        raise SpecError(
            "protection.oidc names no issuer that can be trusted",
            detail="It takes the place of GitHub and GitLab, so nobody's token would count.",
            hint="write a list: oidc: [{issuer: https://ci.acme.example, audience: callsheet}]",
            place=place(),
            code="environment.oidc",
        )
    return found


def _trusts(entry: Mapping[str, Any]) -> list[Trust]:
    issuer, audience = entry["issuer"], entry.get("audience", AUDIENCE)
    claims = {
        str(name): tuple(map(str, wanted if isinstance(wanted, list) else [wanted]))
        for name, wanted in (entry.get("claims") or {}).items()
    }
    audiences = audience if isinstance(audience, list) else [audience]
    if not all(isinstance(each, str) and each for each in (issuer, *audiences)):
        raise ValueError(entry)
    return [Trust(issuer, each, claims) for each in audiences]


_KEPT: list[Any] = []


def _keys() -> Any:
    """Keys of issuers, for the life of this process."""
    if not _KEPT:
        from callsheet.identity.jwks import KeySets

        _KEPT.append(KeySets(time.monotonic))
    return _KEPT[0]


def add_doubts(found: Identification, cause: CallsheetError) -> None:
    """Let an error say too what is doubtful about who ran into it."""
    cause.diagnostics = (*cause.diagnostics, *found.doubts())

"""Webhooks: a Slack-compatible one, and a generic one whose requests are signed.

The signature is `Callsheet-Signature: t=SECONDS,v1=HEX`: HMAC-SHA256 with the shared key over the seconds, a
dot and the body. A receiver compares it over the raw bytes, and refuses what is older than a few minutes.
Slack's shape is that of docs.slack.dev/messaging/formatting-message-text and .../reference/block-kit.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from callsheet import __version__
from callsheet.ci.addresses import fault, is_loopback
from callsheet.ci.base import Clock, HostError
from callsheet.ci.pacing import Again, asked, limited, repeated, unsettled

SLACK, WEBHOOK = "slack", "webhook"
KINDS = (SLACK, WEBHOOK)
SIGNATURE = "Callsheet-Signature"
_TIMEOUT = 15.0  # seconds for a connection, and between two bytes
_AT = re.compile(r"@(?=\w)")
_SECTION = 2900  # characters; Slack takes 3,000
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


@dataclass(frozen=True, slots=True)
class Target:
    """`name` is how people know it: the reference that led to `url`, which is itself a secret."""

    name: str
    kind: str
    url: str = field(repr=False)
    key: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """`title` and `lines` are plain text for people, `body` is what programs get."""

    title: str
    lines: Sequence[str]
    body: Mapping[str, Any]


def deliver(target: Target, message: Message, clock: Clock) -> None:
    """Send until it is taken (2xx). HostError otherwise, without the address, which may be what opens it."""
    if why := fault(target.url):
        raise _failed(target, f"its address {why}", "write its https address there")
    content = orjson.dumps(slack(message) if target.kind == SLACK else dict(message.body))
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)

    def attempt() -> None:
        headers = {"Content-Type": "application/json", "User-Agent": f"callsheet/{__version__}"}
        if target.kind == WEBHOOK:
            # Anew for every attempt: receivers refuse what is old.
            headers[SIGNATURE] = signature(target.key, int(clock.now().timestamp()), content)
        _send(target, content, headers, clock)

    repeated(attempt, clock)


def signature(key: bytes, seconds: int, content: bytes) -> str:
    made = hmac.new(key, f"{seconds}.".encode() + content, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={made}"


def slack(message: Message) -> dict[str, Any]:
    """The message as Slack reads it. Nothing in it is a mention."""
    blocks = [_section(f"*{_escaped(message.title)}*")]
    if message.lines:
        blocks.append(_section("\n".join(map(_escaped, message.lines))))
    return {"text": _escaped(message.title), "blocks": blocks}


def _section(text: str) -> dict[str, Any]:
    if len(text) > _SECTION:
        text = text[:_SECTION].rpartition("\n")[0] + "\n…"
    # `verbatim`: no channel and no person is made out of plain text.
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}}


def _escaped(text: str) -> str:
    """Slack's three characters written out, and everything on one line. So is the @ before a name: others who
    take Slack's format make a mention of it in plain text as well."""
    text = "".join(each if each.isprintable() else " " for each in text)
    text = _AT.sub("\\\\x40", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _send(target: Target, content: bytes, headers: Mapping[str, str], clock: Clock) -> None:
    trust_env = not is_loopback(urlsplit(target.url).hostname or "")
    try:
        with (
            httpx.Client(timeout=_TIMEOUT, trust_env=trust_env, follow_redirects=False) as client,
            client.stream("POST", target.url, content=content, headers=dict(headers)) as answer,
        ):
            # What it says is of no use, and may be long.
            status, got = answer.status_code, {name.lower(): value for name, value in answer.headers.items()}
    except httpx.TransportError as cause:
        why = "there is no connection" if isinstance(cause, _NOT_SENT) else "there is no whole answer"
        # Told twice is better than not told.
        raise Again(_failed(target, f"{why} ({type(cause).__name__})")) from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as cause:
        raise _failed(target, f"it cannot be asked ({type(cause).__name__})") from None
    if 200 <= status < 300:
        return
    failure = _failed(target, f"it answers {status}")
    if (wait := limited(status, got, b"", clock.now())) is not None:
        raise Again(failure, wait)
    raise Again(failure, asked(got, clock.now())) if unsettled(status) else failure


def _failed(target: Target, why: str, hint: str = "") -> HostError:
    return HostError(
        f"{target.name} was not told: {why}",
        detail="It is told by the next check.",
        hint=hint or "see whether the address behind that name is right, and whether it takes JSON",
        code="ci.webhook",
    )

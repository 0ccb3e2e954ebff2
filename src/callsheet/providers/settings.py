"""What a connection needs to know, checked before the first byte is sent."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from callsheet.model.errors import ProviderError
from callsheet.providers.redaction import visible

_PATH = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one connection. Times are in seconds, sizes in bytes."""

    connect: float = 10.0
    read: float = 60.0  # between two bytes of an answer; creates with uploads are slow
    total: float = 180.0  # of one answer, however it drips
    body: int = 64 * 1024 * 1024
    attempts: int = 6
    retry_after: float = 60.0  # the longest wait that a server may ask for
    backoff: float = 0.5
    longest_backoff: float = 20.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A checked base address: `url` without a final slash, and whether it is this machine."""

    url: str
    loopback: bool


def endpoint(provider: str, base_url: str) -> Endpoint:
    """Check `provider.baseUrl`; ProviderError says what is wrong with it."""
    shown = visible(base_url)

    def wrong(why: str, hint: str) -> ProviderError:
        return ProviderError(
            f"{provider}: baseUrl {why}", detail=f"It is {shown!r}." if shown else "", hint=hint, code=_CODE
        )

    try:
        parts = urlsplit(base_url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise wrong("is no URL", "write something like https://api.vapi.ai") from None
    if parts.username is not None or parts.password is not None:
        shown = ""
        raise wrong("has a user name or password in it", "the API key is all that is needed; leave them out")
    if parts.scheme not in ("http", "https") or not host or port == 0:
        raise wrong("is no http(s) URL", "write something like https://api.vapi.ai")
    if parts.query or parts.fragment or not _PATH.fullmatch(parts.path):
        raise wrong("has more than a host and a path", "leave out what follows the path")
    if not host.isascii() or any(character.isspace() for character in host):
        raise wrong("has a host name that is not ASCII", "write the name in its punycode form (xn--…)")
    loopback, near = _nearness(host)
    if parts.scheme == "http" and not near:
        raise wrong(
            "is plain http over the open network: the API key would be sent in clear",
            "write https:// (http is fine for this machine and for private networks)",
        )
    return Endpoint(base_url.strip().rstrip("/"), loopback)


_CODE = "provider.base-url"


def _nearness(host: str) -> tuple[bool, bool]:
    """Whether a host is this machine, and whether it is at least on a private network."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        local = host == "localhost" or host.endswith(".localhost")
        return local, local or "." not in host or host.endswith((".internal", ".local", ".test"))
    return address.is_loopback, address.is_private


def header(provider: str, name: str, value: str) -> str:
    """A header's value; ProviderError when it cannot be one. The value is not shown."""
    if not value or any(not 33 <= ord(character) <= 126 for character in value):
        raise ProviderError(
            f"{provider}: the value of the header {name} is empty or not plain ASCII", code="provider.header"
        )
    return value


def bearer(provider: str, key: str) -> str:
    """The value of the `Authorization` header; ProviderError when the key cannot be in a header."""
    if not key:
        raise ProviderError(
            f"{provider}: no API key",
            detail="Every request needs one; it decides which organisation is meant.",
            hint="set `provider.apiKey` of the environment, for example to secrets://env/VAPI_DEV_KEY",
            code="provider.api-key",
        )
    fault = ""
    if key != key.strip() or "\n" in key or "\r" in key:
        fault = "has white space or a line break around or inside it (often the last line of a file)"
    elif not key.isascii():
        fault = "has characters that are not ASCII"
    elif key.lower().startswith("bearer "):
        fault = "begins with the word Bearer, which is added by itself"
    elif any(not 33 <= ord(character) <= 126 for character in key):
        fault = "has blanks or control characters in it"
    if fault:
        raise ProviderError(
            f"{provider}: the API key {fault}",
            detail="It cannot be sent as a header.",
            hint="store the key alone, without quotes, blanks or a final newline",
            code="provider.api-key",
        )
    return f"Bearer {key}"

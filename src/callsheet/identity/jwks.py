"""The public keys of issuers, found by discovery and kept in memory for a while.

Kept in memory and not in a file, because whoever could write that file could add a key of their own.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from callsheet import __version__
from callsheet.identity.addresses import fault, is_loopback
from callsheet.model.errors import IdentityError

UNREACHABLE, UNUSABLE = "identity.unreachable", "identity.keys"
Key = Mapping[str, Any]
_DISCOVERY = "/.well-known/openid-configuration"
_LONGEST = 3600.0  # seconds that keys are kept at most
_BETWEEN_LOOKS = 60.0  # seconds from one look for an unknown key to the next
_TIMEOUT = 10.0  # seconds for a connection, and between two bytes
_TOTAL = 20.0  # seconds for one answer, however it drips
_LIMIT = 512 * 1024
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,9})")


@dataclass(slots=True)
class _Held:
    """An issuer's keys by id; `until` and `looked` are of the monotonic clock."""

    keys: Mapping[str, tuple[Key, ...]]
    until: float
    looked: float


class KeySets:
    """Keys by issuer and id. Safe to share between threads. `monotonic` is in seconds."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()

    def keys(self, issuer: str, kid: str) -> tuple[Key, ...]:
        """The issuer's keys of that id, none where it has none. IdentityError where they cannot be had.

        The issuer must be a trusted one: it decides who is asked. For a key that is not known the issuer is
        asked again, once a minute at most.
        """
        with self._lock:
            held, now = self._held.get(issuer), self._monotonic()
            if held is None or now >= held.until:
                # The first look for an unknown key is free; a set that was just fetched has been looked at.
                held = self._held[issuer] = self._fetched(issuer, now, now - _BETWEEN_LOOKS)
            elif kid not in held.keys and now - held.looked >= _BETWEEN_LOOKS:
                held.looked = now
                held = self._held[issuer] = self._fetched(issuer, now, now)
            return held.keys.get(kid, ())

    def _fetched(self, issuer: str, now: float, looked: float) -> _Held:
        if why := fault(issuer):
            raise IdentityError(
                f"the issuer {issuer} {why}", hint="write its https address", code="identity.issuer"
            )
        about, _ = self._json(issuer.rstrip("/") + _DISCOVERY, issuer)
        if about.get("issuer") != issuer:
            raise _unusable(issuer, "its discovery document is another issuer's")
        address = about.get("jwks_uri")
        if not isinstance(address, str):
            raise _unusable(issuer, "its discovery document names no jwks_uri")
        # What one asks on this machine may be on this machine; an issuer out there may not send us here.
        if why := fault(address, may_be_http=issuer.startswith("http:")):
            raise _unusable(issuer, f"its jwks_uri {why}")
        found, age = self._json(address, issuer)
        keys = found.get("keys")
        if not isinstance(keys, list):
            raise _unusable(issuer, "its key set has no list of keys")
        by_id: dict[str, tuple[Key, ...]] = {}
        for each in keys:
            if isinstance(each, dict) and isinstance(kid := each.get("kid"), str):
                by_id[kid] = (*by_id.get(kid, ()), each)
        return _Held(by_id, now + age, looked)

    def _json(self, address: str, issuer: str) -> tuple[dict[str, Any], float]:
        """The JSON object at an address, and for how many seconds it may be kept."""
        data, age = self._answer(address, issuer)
        try:
            found = orjson.loads(data)
        except orjson.JSONDecodeError:
            found = None
        if not isinstance(found, dict):
            raise _unusable(issuer, f"{_where(address)} answers no JSON object")
        return found, age

    def _answer(self, address: str, issuer: str) -> tuple[bytes, float]:
        where, begun, data = _where(address), self._monotonic(), bytearray()
        headers = {
            "Accept": "application/json",
            # Compressed, a small answer may become a large one.
            "Accept-Encoding": "identity",
            "User-Agent": f"callsheet/{__version__}",
        }
        trust_env = not is_loopback(urlsplit(address).hostname or "")
        try:
            with (
                httpx.Client(timeout=_TIMEOUT, trust_env=trust_env, follow_redirects=False) as client,
                client.stream("GET", address, headers=headers) as answer,
            ):
                if answer.is_redirect:
                    raise _unusable(issuer, f"{where} leads elsewhere ({answer.status_code})")
                if answer.status_code != 200:
                    raise _unreachable(issuer, f"{where} answers {answer.status_code}")
                for part in answer.iter_raw():
                    data += part
                    if len(data) > _LIMIT:
                        raise _unusable(issuer, f"{where} answers with more than {_LIMIT // 1024} KiB")
                    if self._monotonic() - begun > _TOTAL:
                        raise _unreachable(issuer, f"{where} takes longer than {_TOTAL:.0f} s")
                return bytes(data), _age(answer.headers.get("Cache-Control", ""))
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError, ImportError) as cause:
            # The last two: a proxy of the environment that cannot be one.
            raise _unreachable(issuer, f"{where} does not answer ({type(cause).__name__})") from None


def _age(control: str) -> float:
    control = control.lower()
    if "no-store" in control or "no-cache" in control:
        return 0.0
    found = _MAX_AGE.search(control)
    return min(float(found[1]), _LONGEST) if found else _LONGEST


def _where(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.netloc}{parts.path}"


def _unreachable(issuer: str, why: str) -> IdentityError:
    return IdentityError(
        f"the keys of {issuer} cannot be had: {why}",
        detail="Without them nobody can tell whether a token is the issuer's.",
        hint="try again; see whether this machine may reach it (a proxy is taken from HTTPS_PROXY)",
        code=UNREACHABLE,
    )


def _unusable(issuer: str, why: str) -> IdentityError:
    return IdentityError(
        f"the keys of {issuer} are not used: {why}",
        detail="Keys count only where the issuer itself says that they are its own.",
        hint="see whether the address under protection.oidc is exactly what the token calls its issuer",
        code=UNUSABLE,
    )

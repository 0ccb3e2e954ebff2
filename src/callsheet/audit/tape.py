"""The tape: every request of one run, its bodies as keyed digests."""

from __future__ import annotations

import hashlib
import hmac
import threading
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

import orjson

from callsheet.model.canonical import canonical
from callsheet.model.exchange import Exchange


class Tape:
    """A tap that runs from `start` to `stop`. Thread-safe; keeps no body and no query."""

    def __init__(self) -> None:
        self._key: bytes | None = None
        self._requests: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def start(self, key: bytes) -> None:
        """Run, with digests under `key`: without it nobody can try out what a body might have been."""
        with self._lock:
            self._key = key

    def stop(self) -> list[dict[str, Any]]:
        """What was taped, in the order in which the requests ended."""
        with self._lock:
            taped, self._requests, self._key = self._requests, [], None
        return taped

    def __call__(self, exchange: Exchange) -> None:
        key = self._key
        if key is None:
            return
        told = {
            "at": exchange.at.isoformat(timespec="milliseconds"),
            "method": exchange.method,
            "path": exchange.path,
            "status": exchange.status,
            "why": exchange.why or None,
            "seconds": exchange.seconds,
            "key": exchange.key,
            "sent": _digest(key, exchange.sent),
            "received": _digest(key, exchange.received),
        }
        with self._lock:
            self._requests.append(told)


def packed(requests: Iterable[Mapping[str, Any]]) -> bytes:
    """Requests as they are kept: compressed JSON lines."""
    return zlib.compress(b"".join(canonical(dict(each)) + b"\n" for each in requests), 6)


def unpacked(data: bytes) -> list[dict[str, Any]]:
    """ValueError where the data is no requests."""
    try:
        found = [orjson.loads(line) for line in zlib.decompress(data).splitlines()]
    except zlib.error as cause:
        raise ValueError(str(cause)) from None
    if not all(isinstance(each, dict) for each in found):
        raise ValueError("a line is no request")
    return found


def hidden(requests: Sequence[Mapping[str, Any]], hide: Callable[[str], str | None]) -> list[dict[str, Any]]:
    """Requests whose paths show nothing secret: an id is what a provider answered, and it may be anything."""
    return [{**each, "path": _hidden(each["path"], hide)} for each in requests]


def _hidden(path: str, hide: Callable[[str], str | None]) -> str | None:
    plain = unquote(path)
    shown = hide(plain)
    return hide(path) if shown == plain else shown


def _digest(key: bytes, body: bytes) -> str | None:
    return "hmac-sha256:" + hmac.new(key, body, hashlib.sha256).hexdigest() if body else None

"""Addresses that a token or a signed text may be sent to: https, or this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def fault(address: str) -> str | None:
    """Why nothing is sent to this address, None where it is a good one. Shows none of it."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "is no address"
    if parts.scheme not in ("http", "https") or not host or port == 0:
        return "is no https address"
    if "@" in parts.netloc or parts.fragment or not address.isascii() or not address.isprintable():
        return "has more in it than a host, a path and a query"
    if parts.scheme == "http" and not is_loopback(host):
        return "is plain http, so whoever is in between could read along"
    return None


def origin(address: str) -> tuple[str, str, int | None]:
    """Scheme, host and port: who is spoken to."""
    parts = urlsplit(address)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)

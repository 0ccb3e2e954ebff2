"""Addresses that keys may come from: https, or this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def fault(address: str, *, may_be_http: bool = True) -> str | None:
    """Why nobody is asked at this address, None where it is a good one.

    `may_be_http` allows plain http on this machine, where nobody is in between.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "is no address"
    if parts.scheme not in ("http", "https") or not host or port == 0:
        return "is no https address"
    if "@" in parts.netloc or parts.query or parts.fragment or not address.isprintable() or " " in address:
        return "has more in it than a host and a path"
    if parts.scheme == "http" and not (may_be_http and is_loopback(host)):
        return "is plain http: whoever is in between could put keys of their own there"
    return None

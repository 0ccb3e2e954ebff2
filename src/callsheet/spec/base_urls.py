"""`provider.baseUrl`, checked where it stands, long before anything is asked at that address."""

from __future__ import annotations

from urllib.parse import urlsplit

from callsheet.model.address import is_name
from callsheet.spec.typed import Problem

SANDBOX = "sandbox:"
_PATH = ("provider", "baseUrl")
_HINT = "Write https://HOST, or sandbox:NAME to work without an account."


def broken_base_url(url: str) -> Problem | None:
    """What is wrong with the address, if anything is. The connection looks closer, at hosts and schemes."""
    if url == SANDBOX.rstrip(":") or url.startswith(SANDBOX):
        if is_name(url.removeprefix(SANDBOX)) and url != SANDBOX.rstrip(":"):
            return None
        summary = "baseUrl names no sandbox: sandbox:NAME, the name of a-z, 0-9 and inner hyphens"
        return Problem(_PATH, "spec.base-url", summary, "For example sandbox:dev.")
    try:
        parts = urlsplit(url.strip())
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    return None if whole else Problem(_PATH, "spec.base-url", "baseUrl is no address", _HINT)

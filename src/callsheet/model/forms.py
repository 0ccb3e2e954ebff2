"""Forms: how a value looks where something has quoted or encoded it."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus, urlsplit

# Encoded, a shorter one is found everywhere.
_LONG = 8
# A password may hold anything but white space; where there is none, a user ends before the path begins.
_CREDENTIALS = re.compile(r"(?<=://)(?:[^/\s@]+:\S*|[^/\s]+)@")


def bare(text: str) -> str:
    """The text without the user and the password of every address in it."""
    return _CREDENTIALS.sub("", text)


def plain_address(url: str) -> str:
    """A URL for people: without user, password and query, which may be what opens it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "the document's URL"
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}" + ("?…" if parts.query else "")


def blotted(text: str, values: Iterable[str], *, shortest: int = _LONG) -> str:
    """The text without the values, as they are and where something has quoted them. Shorter ones stand in
    half of all texts, and stay."""
    forms = {form for value in values for form in quoted(value) if len(form) >= shortest}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, "…")
    return text


def quoted(value: str) -> frozenset[str]:
    """The value, and what JSON, Python and URLs make of it. For most tokens these are all the same."""
    return frozenset(
        {
            value,
            json.dumps(value)[1:-1],
            json.dumps(value, ensure_ascii=False)[1:-1],
            repr(value)[1:-1],
            quote(value, errors="replace"),
            quote(value, safe="", errors="replace"),
            quote_plus(value, errors="replace"),
        }
    )


def encoded(value: str) -> frozenset[str]:
    """What base64 makes of the value wherever it stands in what is encoded."""
    data = value.encode("utf-8", "replace")
    found = {
        # The characters at both ends are shared with what stands beside it.
        encode(b"\0" * before + data)[4 if before else 0 : -4].decode()
        for before in range(3)
        for encode in (base64.b64encode, base64.urlsafe_b64encode)
    }
    return frozenset(form for form in found if len(form) >= _LONG)

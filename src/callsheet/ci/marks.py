"""Marks: the first line of what we write, invisible on the page, by which the next run finds it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from callsheet.ci.base import checked_key

_MARK = re.compile(
    r"<!-- callsheet:(?P<key>[A-Za-z0-9._/+-]+) sha256:(?P<digest>[0-9a-f]{64})"
    r"(?: says:(?P<says>[0-9a-f]{64}))? -->"
)
# What a mark adds to a text, at most, with its line break.
LENGTH = 300


@dataclass(frozen=True, slots=True)
class Mark:
    """`whole`: what stands beneath is what was written beneath. `says` is the digest of what it says."""

    key: str
    digest: str
    whole: bool
    says: str


def marked(key: str, body: str, says: str | None = None) -> str:
    """The body with its mark. The digest is over the body alone, so equal bodies give equal texts.

    `says` is the body without what differs between two that say the same; None where nothing does.
    """
    more = "" if says is None else f" says:{digest(says)}"
    return f"<!-- callsheet:{checked_key(key)} sha256:{digest(body)}{more} -->\n{body}"


def mark_of(text: str) -> Mark | None:
    """The mark of a text. Only in its first line: what is quoted further down is nobody's mark."""
    first, _, body = text.replace("\r\n", "\n").partition("\n")
    found = _MARK.fullmatch(first.strip())
    if not found:
        return None
    made = found["digest"]
    return Mark(found["key"], made, digest(body) == made, found["says"] or made)


def digest(body: str) -> str:
    """Of the text as hosts give it back: without the white space around it, with plain line ends."""
    return hashlib.sha256(body.replace("\r\n", "\n").strip().encode(errors="replace")).hexdigest()

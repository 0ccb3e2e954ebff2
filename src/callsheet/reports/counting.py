"""Counts in words: the number, and the noun as it goes with it."""

from __future__ import annotations

import re


def counted(count: int, noun: str) -> str:
    """`1 squad`, `2 personalities`, `1,000 changes`."""
    return f"{count:,} {form(count, noun)}"


def form(count: int, noun: str) -> str:
    """The noun for so many of it; of several words the last one changes."""
    if count == 1:
        return noun
    return f"{noun[:-1]}ies" if re.search(r"[^aeiou]y$", noun) else f"{noun}s"

"""Lines: what a report for people is made of before anybody knows where it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of one line; `style` names an entry of the terminal's theme."""

    text: str
    style: str = ""


Line: TypeAlias = tuple[Span, ...]
EMPTY: Line = ()
# A line that ends in this style says without colour what colours say otherwise, and is left out with them.
PLAIN_ONLY = "plain"


def line(*pieces: str | Span) -> Line:
    """A line of spans; a plain string has no style."""
    return tuple(piece if isinstance(piece, Span) else Span(piece) for piece in pieces if piece)


def indented(lines: Iterable[Line], by: int) -> Iterator[Line]:
    margin = Span(" " * by)
    for each in lines:
        yield (margin, *each) if each else each


def text_of(each: Line) -> str:
    return "".join(span.text for span in each)

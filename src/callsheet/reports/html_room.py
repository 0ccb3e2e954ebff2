"""Room: how much text a page holds before it shows excerpts, so that it opens however much a plan changes."""

from __future__ import annotations

from collections.abc import Sequence

from callsheet.reports.escaping import LINE_LIMIT
from callsheet.reports.markup import Markup, tag

# Bytes of markup: of texts that are shown whole, and of excerpts of the others.
WHOLE = 6 * 2**20
EXCERPTS = 3 * 2**20
_LINE = 150  # what is around a line, about


class Room:
    """What is left for the texts of one page; `cut` of them are not there whole."""

    def __init__(self, whole: int = WHOLE, excerpts: int = EXCERPTS) -> None:
        self.cut = 0
        self._whole, self._excerpts = whole, excerpts

    def takes(self, *sides: Sequence[str]) -> bool:
        """Whether there is room for these lines."""
        around = _LINE * sum(map(len, sides))
        if around > self._whole:
            return False
        return around + sum(min(len(each), LINE_LIMIT) for side in sides for each in side) <= self._whole

    @property
    def takes_excerpts(self) -> bool:
        return self._excerpts > 0

    def whole(self, made: Markup) -> Markup:
        self._whole -= len(made)
        return made

    def excerpt(self, made: Markup) -> Markup:
        self._excerpts -= len(made)
        return made

    def note(self) -> Markup | None:
        """What a reader has to know of the page; None where everything is on it."""
        if not self.cut:
            return None
        count = f"{self.cut:,} {'text is' if self.cut == 1 else 'texts are'}"
        return tag("p", f"Too much text for one page: {count} shown in part. ", *elsewhere(), class_="note")


def elsewhere() -> tuple[Markup, str]:
    return tag("code", "callsheet show FILE"), " has the whole."

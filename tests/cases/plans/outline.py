"""A page as text that a diff can be read of: one element a line, what is inside of it further in."""

from __future__ import annotations

from html.parser import HTMLParser

VOID = ("br", "input", "meta")


def outline(page: str) -> str:
    """The body of a page without its script. Each line of a text is in quotes, its white space as it is."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return "\n".join(reader.lines) + "\n"


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self._open: list[str] = []
        self._begun = False  # nothing stands in the element of the last line so far

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        if self._shown:
            given = "".join(f" {name}" if value is None else f' {name}="{value}"' for name, value in attrs)
            self._line(f"<{tag}{given}>", len(self._open))
            self._begun = tag not in VOID
        if tag in VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        self._begun = False

    def handle_data(self, data: str) -> None:
        if not self._shown:
            return
        first, *more = data.split("\n")
        if self._begun and not more:
            self.lines[-1] += f' "{first}"'
            return
        for each in (first, *more):
            self._line(f'"{each}"', len(self._open) + 1)

    @property
    def _shown(self) -> bool:
        return "body" in self._open and "script" not in self._open

    def _line(self, text: str, depth: int) -> None:
        self.lines.append("  " * (depth - 2) + text)
        self._begun = False

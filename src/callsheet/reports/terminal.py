"""The terminal: writes lines with or without colour, and lets nothing through that a terminal obeys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

from callsheet.reports.escaping import acting, shown
from callsheet.reports.line import PLAIN_ONLY, Line, Span

if TYPE_CHECKING:
    from rich.color import ColorSystem
    from rich.style import Style

_THEME = {
    "headline": "bold",
    "summary": "bold",
    "section": "bold cyan",
    "create": "green",
    "update": "yellow",
    "delete": "bold red",
    "replace": "bold red",
    "import": "cyan",
    "move": "cyan",
    "forget": "magenta",
    "refresh": "blue",
    "create.address": "bold green",
    "update.address": "bold yellow",
    "delete.address": "bold red",
    "replace.address": "bold red",
    "import.address": "bold cyan",
    "move.address": "bold cyan",
    "forget.address": "bold magenta",
    "refresh.address": "bold blue",
    "add": "green",
    "change": "yellow",
    "remove": "red",
    "add.word": "bold black on green",
    "remove.word": "bold white on red",
    "old": "red",
    "new": "green",
    "secret": "magenta",
    "reference": "cyan",
    "after": "cyan italic",
    "external": "cyan",
    "file": "cyan",
    "cause": "yellow",
    "drift": "yellow",
    "conflict": "bold red",
    "danger": "bold red",
    "error": "bold red",
    "warning": "bold yellow",
    "note": "bold blue",
    "message": "bold",
    "hint": "cyan",
    "place": "dim",
    "path": "bold",
    "dim": "dim",
    "ok": "green",
}
_BUFFER = 512


class Terminal:
    """Writes to one stream. With `colour` False not a single escape sequence is written."""

    def __init__(self, stream: TextIO, *, colour: bool) -> None:
        self._stream = stream
        self._styles: dict[str, Style | None] = {}
        self._system: ColorSystem | None = _colour_system(stream) if colour else None

    def print(self, lines: Iterable[Line]) -> None:
        """Write the lines. OSError (a closed pipe) is the caller's."""
        waiting: list[str] = []
        for each in lines:
            if self._system is not None and each and each[-1].style == PLAIN_ONLY:
                continue
            waiting.append("".join(self._rendered(span) for span in _inert(_trimmed(each))) + "\n")
            if len(waiting) >= _BUFFER:
                self._stream.write("".join(waiting))
                waiting.clear()
        self._stream.write("".join(waiting))
        self._stream.flush()

    def _rendered(self, span: Span) -> str:
        text = span.text
        if self._system is None or not span.style or not text.strip():
            return text
        style = self._style(span.style)
        return style.render(text, color_system=self._system) if style else text

    def _style(self, name: str) -> Style | None:
        if name not in self._styles:
            from rich.style import Style

            known = _THEME.get(name)
            self._styles[name] = Style.parse(known) if known else None
        return self._styles[name]


def _inert(each: Line) -> Line:
    """The line as it is shown: nothing in it acts, in a terminal or, across its spans, on a CI runner."""
    spans = [Span(shown(span.text), span.style) for span in each]
    for at in reversed(acting("".join(span.text for span in spans))):
        for index, span in enumerate(spans):
            if at < len(span.text):
                written = f"{span.text[:at]}\\x{ord(span.text[at]):02x}{span.text[at + 1 :]}"
                spans[index] = Span(written, span.style)
                break
            at -= len(span.text)
    return tuple(spans)


def _trimmed(each: Line) -> Line:
    """The line without blanks at its end."""
    spans = list(each)
    while spans:
        text = spans[-1].text.rstrip(" ")
        if text:
            return (*spans[:-1], Span(text, spans[-1].style))
        spans.pop()
    return ()


def _colour_system(stream: TextIO) -> ColorSystem | None:
    """What colours the terminal has, by its name and settings; None for one that has none."""
    from rich.color import ColorSystem
    from rich.console import Console

    names = {
        "standard": ColorSystem.STANDARD,
        "256": ColorSystem.EIGHT_BIT,
        "truecolor": ColorSystem.TRUECOLOR,
        "windows": ColorSystem.WINDOWS,
    }
    return names.get(Console(file=stream, force_terminal=True).color_system or "")

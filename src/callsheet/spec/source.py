"""Loaded files that can say where something in them stands."""

from __future__ import annotations

from dataclasses import dataclass, field

from callsheet.model.diagnostics import Place
from callsheet.model.value import Path
from callsheet.spec.positions import locate, locate_within
from callsheet.spec.reader import position

BODY: Path = ("spec", "systemPrompt")


@dataclass(frozen=True, slots=True, eq=False)
class FileSource:
    """A YAML file; or YAML front matter with a body; or, where `text` is empty, a body alone.

    `file` is what people see. `first_line` counts the lines above the YAML, `body_line` is the body's
    first line, 0 where there is none. A body is one text: paths that lead into it all mean it.
    """

    file: str
    text: str = field(default="", repr=False)
    first_line: int = 0
    body: str = field(default="", repr=False)
    body_line: int = 0

    def place(self, document: int, path: Path) -> Place:
        """The place of the value at `path`, or of its nearest ancestor that is in the file."""
        if self._in_body(path):
            return Place(self.file, self.body_line, 1)
        return self._place(locate(self.text, document, path))

    def key_place(self, document: int, path: Path) -> Place:
        """The place of the key at the end of `path`."""
        if self._in_body(path):
            return Place(self.file, self.body_line, 1)
        return self._place(locate(self.text, document, path, key=True))

    def place_within(self, document: int, path: Path, needle: str) -> Place:
        """The place of a piece of the text that stands at `path`."""
        if self._in_body(path):
            line, column = position(self.body, max(self.body.find(needle), 0))
            return Place(self.file, self.body_line + line - 1, column)
        return self._place(locate_within(self.text, document, path, needle))

    def _in_body(self, path: Path) -> bool:
        return self.body_line > 0 and (not self.text or path[:2] == BODY)

    def _place(self, at: tuple[int, int]) -> Place:
        return Place(self.file, at[0] + self.first_line, at[1])

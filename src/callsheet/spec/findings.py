"""What a reader of one file finds wrong in it."""

from __future__ import annotations

from dataclasses import dataclass

from callsheet.model.diagnostics import Diagnostic, Place, error


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong at a line and column, both counted from 1."""

    code: str
    summary: str
    hint: str
    line: int
    column: int

    def diagnostic(self, file: str, below: int = 0) -> Diagnostic:
        """The finding as an error in `file`, in which `below` lines stand above the text."""
        place = Place(file, self.line + below, self.column)
        return error(self.code, self.summary, hint=self.hint, place=place)


class Malformed(Exception):
    """The text could not be read to its end."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.summary)
        self.finding = finding

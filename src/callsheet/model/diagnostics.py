"""Diagnostics: what is wrong, where, why it matters, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from callsheet.model.forms import blotted


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a file: path relative to the working directory's project, 1-based line and column."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return self.file + (f":{self.line}" if self.line else "") + (f":{self.column}" if self.column else "")


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `summary` is one line without the place; `detail` says why it matters; `hint` what to do.

    `code` is a stable slug (`spec.unknown-key`) that scripts and tests may rely on.
    """

    severity: Severity
    code: str
    summary: str
    detail: str = ""
    hint: str = ""
    place: Place | None = None
    address: str | None = None

    def without(self, secrets: Iterable[str]) -> Diagnostic:
        """The finding in words that hold none of these values."""
        known = frozenset(secrets)
        return replace(
            self,
            summary=blotted(self.summary, known),
            detail=blotted(self.detail, known),
            hint=blotted(self.hint, known),
        )

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {"severity": str(self.severity), "code": self.code, "summary": self.summary}
        for key in ("detail", "hint", "address"):
            if getattr(self, key):
                out[key] = getattr(self, key)
        if self.place:
            out["at"] = str(self.place)
        return out

    def __str__(self) -> str:
        where = str(self.place) if self.place else self.address
        return f"{where}: {self.summary}" if where else self.summary


def error(code: str, summary: str, **more: Any) -> Diagnostic:
    return Diagnostic(Severity.ERROR, code, summary, **more)


def warning(code: str, summary: str, **more: Any) -> Diagnostic:
    return Diagnostic(Severity.WARNING, code, summary, **more)


def note(code: str, summary: str, **more: Any) -> Diagnostic:
    return Diagnostic(Severity.NOTE, code, summary, **more)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    return any(item.severity is Severity.ERROR for item in diagnostics)


def nearest(word: str, known: Iterable[str]) -> str:
    """` Did you mean X?` for the closest known word, else an empty string."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"Did you mean {close[0]}?" if close else ""

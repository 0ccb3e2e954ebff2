"""The line of a file that a finding is about, without known secrets and what looks like one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from callsheet.model.diagnostics import Place
from callsheet.model.forms import blotted
from callsheet.reports.escaping import visible

_SUFFIXES = (".yaml", ".yml", ".md", ".json")
_SETTINGS = "environments.yaml"
_LARGEST = 2 * 2**20
_WIDEST = 160
# A shorter value stands in half of all lines.
_SHORTEST = 4
# A value that follows a telling key and is no reference, and anything as long and mixed as a key is.
_TELLING = re.compile(
    r"(?i)((?:secret|token|passw\w*|passphrase|authorization|api[-_]?key)[\w\"']*\s*[:=]\s*)(?!\s*[\"']?secrets://|//)(\S.*)$"
)
_BEARER = re.compile(r"(?i)(bearer\s+)(?!\$\{)\S+")
_KEY_LIKE = re.compile(r"(?<![\w/.-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{24,}(?![\w/.-])")


@dataclass(frozen=True, slots=True)
class Excerpt:
    """`caret` is the column (from 0) of the place in `text`; None where it lies outside."""

    line: int
    text: str
    caret: int | None


class Excerpts:
    """Reads excerpts from the files of one project; never from a file outside of it.

    `settings` alone are read where the other files are not those that findings are about, but a release's.
    `known` are the secrets of this run, which somebody may have written out in a file.
    """

    def __init__(
        self, root: Path, *, settings: bool = False, known: Callable[[], Iterable[str]] = tuple
    ) -> None:
        self._root = root.resolve()
        self._settings = settings
        self._known = known
        self._lines: dict[str, list[str]] = {}

    def __call__(self, place: Place) -> Excerpt | None:
        if not place.line:
            return None
        lines = self._read(place.file)
        if not 0 < place.line <= len(lines):
            return None
        raw = lines[place.line - 1].rstrip("\r")
        text = without_secrets(raw, self._known())
        head = visible(text[: max(place.column - 1, 0)])
        if len(head) > _WIDEST or len(text) > 4 * _WIDEST:
            return None
        fits = 0 < place.column <= len(text) + 1 and raw[: place.column - 1] == text[: place.column - 1]
        return Excerpt(place.line, visible(text)[: 2 * _WIDEST], len(head) if fits else None)

    def _read(self, file: str) -> list[str]:
        if file not in self._lines:
            self._lines[file] = self._load(file)
        return self._lines[file]

    def _load(self, file: str) -> list[str]:
        if not file.endswith(_SETTINGS if self._settings else _SUFFIXES):
            return []
        for base in (
            (self._root.parent, self._root) if self._root.name == file.split("/")[0] else (self._root,)
        ):
            try:
                path = (base / file).resolve()
                if not path.is_relative_to(self._root) or path.stat().st_size > _LARGEST:
                    continue
                return path.read_bytes().decode("utf-8", "replace").split("\n")
            except (OSError, ValueError):
                continue
        return []


def without_secrets(text: str, known: Iterable[str] = ()) -> str:
    """The line without what is, or may be, a secret that stands in a file by mistake."""
    # Of a value of several lines, each may be the one that is shown.
    text = blotted(
        text, {part for value in known for part in (value, *value.splitlines())}, shortest=_SHORTEST
    )
    text = _TELLING.sub(r"\1…", text)
    text = _BEARER.sub(r"\1…", text)
    return _KEY_LIKE.sub("…", text)

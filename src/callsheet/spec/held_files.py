"""The files of a project as a release holds them, beside the working tree's environments.yaml."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from callsheet.model.diagnostics import nearest
from callsheet.spec.environments_file import FILE
from callsheet.spec.files import FileProblem, Files, Found


@dataclass(frozen=True, slots=True)
class HeldFile:
    """One file: its size in bytes, and how to have its bytes, which are verified by whoever gives them."""

    size: int
    load: Callable[[], bytes]


class HeldFiles(Files):
    """What `files` holds by path. `root` is the working tree, of which only environments.yaml is read."""

    def __init__(self, root: Path, files: Mapping[str, HeldFile]) -> None:
        super().__init__(root)
        self._held = files

    def walk(self) -> Iterator[Found]:
        for path in (*self._held, FILE):
            yield Found(path)

    def _stream(self, reference: str, limit: int, take: Callable[[bytes], object]) -> int:
        path = self.resolve(reference)
        if path == FILE:
            return super()._stream(path, limit, take)
        held = self._held.get(path)
        if held is None:
            raise FileProblem(
                "spec.file-missing", f"the release has no file {path}", nearest(path, self._held)
            )
        if held.size > limit:
            summary = f"{path} has {held.size:,} bytes; at most {limit:,} are read"
            raise FileProblem("spec.file-too-large", summary, "Split it, or take it out of the project.")
        take(held.load())
        return held.size

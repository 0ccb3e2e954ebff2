"""A release's manifest: every file of the source, by the digest of its bytes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from callsheet.model.canonical import canonical, digest
from callsheet.model.errors import SpecError, StateError
from callsheet.spec.environments_file import FILE
from callsheet.spec.files import FileProblem, Files
from callsheet.spec.secret_files import is_one

FORMAT = "callsheet.release/1"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: the SHA-256 (hex) of its bytes, and how many there are."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """Which files there are, in order of path. Equal files make equal manifests, wherever they come from.

    environments.yaml is none of them: each environment's own section is read from the working tree.
    """

    files: Mapping[str, Entry]

    @property
    def data(self) -> bytes:
        """The manifest as a file, which `digest` is of."""
        listed = [[path, entry.sha256, entry.size] for path, entry in sorted(self.files.items())]
        return canonical({"format": FORMAT, "files": listed})

    @property
    def digest(self) -> str:
        """What names the release: `sha256:` and hex."""
        return digest(self.data)

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(entry.size for entry in self.files.values())

    @classmethod
    def of(cls, files: Files, *, whole: bool = True, without: frozenset[str] = frozenset()) -> Manifest:
        """The manifest of a tree. SpecError where it is to be `whole`, and a file cannot be read.

        Files of the shapes in `without` hold secrets, and are left out.
        """
        found: dict[str, Entry] = {}
        for each in files.walk():
            if each.path == FILE or is_one(each.path, without):
                continue
            try:
                if each.problem is not None:
                    raise each.problem
                found[each.path] = Entry(*files.measure(each.path))
            except FileProblem as problem:
                if not whole:
                    continue
                raise SpecError(problem.summary, code=problem.code, hint=problem.hint) from None
        return cls(found)

    @classmethod
    def read(cls, data: bytes) -> Manifest:
        """The manifest that a file holds. StateError where it is none, or one of another format."""
        try:
            said: dict[str, Any] = orjson.loads(data)
            if said["format"] == FORMAT:
                return cls({path: Entry(sha256, size) for path, sha256, size in said["files"]})
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            raise StateError("a manifest of a release is damaged", code="release.damaged") from None
        raise StateError(
            f"the release has the format {said['format']!r}; this version reads {FORMAT}",
            hint="use the version of Callsheet that made it, or a newer one",
            code="release.format",
        )

    def overlaid(self, paths: Iterable[str], other: Manifest) -> Manifest:
        """This manifest with the files at `paths` as `other` has them."""
        return Manifest(dict(sorted({**self.files, **{path: other.files[path] for path in paths}}.items())))

"""The files of a project. Nothing outside its root is reached: not by name, not by link, not by device."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from callsheet.model.diagnostics import nearest
from callsheet.spec.limits import MAX_CONTENT_BYTES, MAX_FILE_BYTES, MAX_FILES

_PIECE = 1024 * 1024
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_INSIDE = "Everything that a project names lies under the folder of its environments.yaml."


class FileProblem(Exception):
    """A file that cannot be had; the caller knows who asked for it."""

    def __init__(self, code: str, summary: str, hint: str = "") -> None:
        super().__init__(summary)
        self.code, self.summary, self.hint = code, summary, hint


@dataclass(frozen=True, slots=True)
class Found:
    """One file of the tree, or why a file of the tree cannot be taken."""

    path: str
    problem: FileProblem | None = None


class Files:
    """Files by their path relative to the root, with `/` between the steps."""

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root))
        self._prefix = str(self.root).rstrip(os.sep) + os.sep

    def walk(self) -> Iterator[Found]:
        """Every regular file in order of path. Hidden ones are no part of a project; folder links are not
        followed, and one that leads outside is a problem."""
        count = 0
        folders = [""]
        while folders:
            folder = folders.pop()
            inner: list[str] = []
            try:
                with os.scandir(self.root / folder) as listing:
                    entries = sorted(listing, key=lambda entry: entry.name)
            except OSError as problem:
                yield Found(folder or ".", _unreadable(folder or ".", problem))
                continue
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                count += 1
                path = f"{folder}/{entry.name}" if folder else entry.name
                if count > MAX_FILES:
                    summary = f"there are more than {MAX_FILES:,} files under the project root"
                    yield Found(path, FileProblem("spec.too-many-files", summary, _INSIDE))
                    return
                if not _encodable(entry.name):
                    shown = path.encode("utf-8", "backslashreplace").decode()
                    yield Found(
                        shown, FileProblem("spec.file-name", "the file's name is not UTF-8", "Rename it.")
                    )
                elif entry.is_symlink():
                    yield from self._link(path)
                elif entry.is_dir(follow_symlinks=False):
                    inner.append(path)
                else:
                    yield Found(path)
            folders.extend(reversed(inner))

    def _link(self, path: str) -> Iterator[Found]:
        real = os.path.realpath(self.root / path)
        if not self._holds(real):
            yield Found(path, _outside(path))
        elif not Path(real).is_dir():
            yield Found(path)

    def resolve(self, reference: str) -> str:
        """The plain relative path that a document means; FileProblem where it leads out of the project."""
        steps = PurePosixPath(reference).parts
        if not reference or "\0" in reference or not _encodable(reference):
            raise FileProblem("spec.path", "the path is empty or holds characters that no path has")
        if reference.startswith(("/", "\\", "~")) or reference[1:2] == ":" or "://" in reference:
            raise FileProblem("spec.path-outside", f"{reference} is not a path inside the project", _INSIDE)
        if ".." in steps:
            raise FileProblem("spec.path-outside", f"{reference} climbs with '..'", _INSIDE)
        if "\\" in reference:
            raise FileProblem("spec.path", f"{reference} has backslashes", "Write / between folders.")
        if any(step.startswith(".") for step in steps):
            summary = f"{reference} is hidden; hidden files are no part of a project"
            raise FileProblem("spec.path-hidden", summary, "Move it to a folder without a leading dot.")
        return "/".join(steps)

    def read(self, reference: str, limit: int = MAX_FILE_BYTES) -> bytes:
        """The whole file; FileProblem where it is not there, not regular, too large or not to be read."""
        out = bytearray()
        self._stream(reference, limit, out.extend)
        return bytes(out)

    def measure(self, reference: str) -> tuple[str, int]:
        """SHA-256 (hex) and size in bytes of a file to upload, read in pieces."""
        hashing = hashlib.sha256()
        size = self._stream(reference, MAX_CONTENT_BYTES, hashing.update)
        return hashing.hexdigest(), size

    def _stream(self, reference: str, limit: int, take: Callable[[bytes], object]) -> int:
        path = self.resolve(reference)
        real = os.path.realpath(self.root / path)
        if not self._holds(real):
            raise _outside(path)
        if any(step.startswith(".") for step in Path(real[len(self._prefix) :]).parts):
            raise FileProblem("spec.path-hidden", f"{path} leads to a hidden file")
        try:
            handle = os.open(real, _FLAGS)
        except OSError as problem:
            missing = isinstance(problem, FileNotFoundError)
            raise (self._absent(path) if missing else _unreadable(path, problem)) from None
        try:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise FileProblem("spec.not-a-file", f"{path} is not a regular file")
            if found.st_size > limit:
                summary = f"{path} has {found.st_size:,} bytes; at most {limit:,} are read"
                raise FileProblem("spec.file-too-large", summary, "Split it, or take it out of the project.")
            size = 0
            while piece := os.read(handle, _PIECE):
                size += len(piece)
                if size > limit:
                    raise FileProblem("spec.file-too-large", f"{path} grows while it is read")
                take(piece)
            return size
        except OSError as problem:
            raise _unreadable(path, problem) from None
        finally:
            os.close(handle)

    def _holds(self, real: str) -> bool:
        return real.startswith(self._prefix)

    def _absent(self, path: str) -> FileProblem:
        folder, _, name = path.rpartition("/")
        try:
            names = [entry.name for entry in (self.root / folder).iterdir() if entry.name[:1] != "."]
        except OSError:
            return FileProblem("spec.file-missing", f"there is no file {path}")
        close = nearest(name, names)
        if close and folder:
            close = close.replace("Did you mean ", f"Did you mean {folder}/")
        return FileProblem("spec.file-missing", f"there is no file {path}", close)


def _unreadable(path: str, problem: OSError) -> FileProblem:
    return FileProblem("spec.file-unreadable", f"{path} cannot be read: {problem.strerror or problem}")


def _outside(path: str) -> FileProblem:
    return FileProblem("spec.path-outside", f"{path} is a link that leads outside the project", _INSIDE)


def _encodable(text: str) -> bool:
    return text.isascii() or text.encode("utf-8", "replace").decode() == text

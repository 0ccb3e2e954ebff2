"""The default store: files under one folder, atomic and private to their owner."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from callsheet.model.errors import StateError
from callsheet.state.names import checked, checked_sha256, joined, lies_in, named, parted
from callsheet.state.permissions import writers
from callsheet.state.private import private_folder, sync, write_private
from callsheet.state.store import Moved, Stored, Versioned, Writers

_LOCK_SECONDS = 30.0


class FileStore:
    """Documents, blobs and logs as files of mode 0600. Good for one machine; CI runners lose it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def describe(self) -> str:
        return f"file store {self.folder}"

    def read(self, name: str) -> Versioned | None:
        path = self._path("documents", name)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as cause:
            raise self._unreadable(path, cause) from None
        return Versioned(data, hashlib.sha256(data).hexdigest())

    def write(self, name: str, data: bytes, *, expected: str | None) -> str:
        path = self._path("documents", name)
        with self._writing(path), self._locked():
            self._compare(name, expected)
            write_private(path, data)
        return hashlib.sha256(data).hexdigest()

    def remove(self, name: str, *, expected: str) -> None:
        path = self._path("documents", name)
        with self._writing(path), self._locked():
            self._compare(name, expected)
            path.unlink()
            sync(path.parent)

    def put_blobs(self, blobs: Sequence[bytes], *, space: str) -> list[str]:
        names = [named(data) for data in blobs]
        for name, data in zip(names, blobs, strict=True):
            path = self._blob(space, name)
            with self._writing(path):
                if not path.exists():
                    write_private(path, data)
        return names

    def get_blob(self, sha256: str, *, space: str) -> bytes:
        path = self._blob(space, sha256)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise StateError(
                f"the blob {sha256} is not in {self.describe()}",
                hint="check that this is the folder that it was kept in, or restore it from a backup",
                code="state.missing",
            ) from None
        except OSError as cause:
            raise self._unreadable(path, cause) from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise StateError(
                f"{path} does not hold what its name says",
                detail="The file was changed or damaged after it was written.",
                hint="restore it from a backup of the store",
                code="state.damaged",
            )
        return data

    def remove_blobs(self, names: Collection[str], *, space: str) -> None:
        for name in names:
            path = self._blob(space, name)
            with self._writing(path):
                path.unlink(missing_ok=True)

    def append(self, log: str, entries: Sequence[bytes], *, expected: int) -> int:
        path = self._path("logs", log)
        block = joined(entries)
        with self._writing(path), self._locked():
            private_folder(path.parent)
            begun = path.exists()
            with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as handle:
                length = _whole(handle.read())
                if length != expected:
                    raise Moved(
                        f"state moved: {path} has {length} bytes where {expected} were expected",
                        detail="Another run wrote state meanwhile.",
                        hint="plan again",
                    )
                handle.seek(length)
                handle.truncate()
                handle.write(block)
                handle.flush()
                os.fsync(handle.fileno())
            if not begun:
                sync(path.parent)
        return expected + len(block)

    def read_log(self, log: str) -> tuple[list[bytes], int]:
        path = self._path("logs", log)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return [], 0
        except OSError as cause:
            raise self._unreadable(path, cause) from None
        length = _whole(data)
        return parted(data[:length]), length

    def remove_log(self, log: str) -> None:
        path = self._path("logs", log)
        with self._writing(path), self._locked():
            path.unlink(missing_ok=True)

    def contents(self, prefix: str = "") -> Iterator[Stored]:
        try:
            for path in (self.folder / "documents").rglob("*"):
                if _is_named(path) and lies_in(name := self._name(path), prefix):
                    yield Stored("document", name)
            for path in (self.folder / "logs").rglob("*"):
                if _is_named(path) and lies_in(name := self._name(path), prefix):
                    yield Stored("log", name)
            for path in (self.folder / "blobs").rglob("*"):
                if _is_named(path) and lies_in(space := self._name(path.parent.parent), prefix):
                    yield Stored("blob", space, path.name)
        except OSError as cause:
            raise self._unreadable(Path(cause.filename or self.folder), cause) from None

    def writers(self) -> Writers:
        try:
            return writers(self.folder)
        except OSError as cause:
            raise self._unreadable(Path(cause.filename or self.folder), cause) from None

    def _name(self, path: Path) -> str:
        return "/".join(path.relative_to(self.folder).parts[1:])

    def _blob(self, space: str, sha256: str) -> Path:
        return self._path("blobs", space) / checked_sha256(sha256)[:2] / sha256

    def _path(self, family: str, name: str) -> Path:
        return self.folder / family / checked(name)

    def _compare(self, name: str, expected: str | None) -> None:
        current = self.read(name)
        if (current.version if current else None) != expected:
            raise Moved(
                f"{name} in {self.describe()} was written by somebody else meanwhile",
                hint="plan again",
            )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            private_folder(self.folder)
            with FileLock(self.folder / ".lock", timeout=_LOCK_SECONDS, mode=0o600):
                yield
        except Timeout:
            raise StateError(
                f"{self.describe()} is busy: another process has held it for {_LOCK_SECONDS:.0f} s",
                code="state.busy",
            ) from None

    @contextmanager
    def _writing(self, path: Path) -> Iterator[None]:
        try:
            yield
        except OSError as cause:
            raise StateError(
                f"{path} cannot be written ({cause.strerror})",
                detail="State could not be kept.",
                hint="check the folder's owner, permissions and free space",
                code="state.unwritable",
            ) from None

    @staticmethod
    def _unreadable(path: Path, cause: OSError) -> StateError:
        return StateError(
            f"{path} cannot be read ({cause.strerror})",
            detail="Unreadable state is never taken for an empty estate.",
            hint="check the file's owner and permissions",
            code="state.unreadable",
        )


def _is_named(path: Path) -> bool:
    """Whether it is a file that a name leads to, and none that was being written when a process died."""
    return not path.name.startswith(".") and path.is_file()


def _whole(data: bytes) -> int:
    """The length of the data up to its last complete line."""
    return data.rfind(b"\n") + 1

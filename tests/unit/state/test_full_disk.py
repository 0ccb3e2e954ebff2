"""A file store on a disk that is full says so, wherever it notices, and holds what it held."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from callsheet.model.errors import StateError
from callsheet.state.file import FileStore

WRITES: dict[str, Callable[[FileStore], object]] = {
    "write": lambda store: store.write("a/b", b"new", expected=None),
    "append": lambda store: store.append("a/log", [b"new"], expected=4),
    "put_blobs": lambda store: store.put_blobs([b"new"], space="exports"),
}


def full(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("where", ["fsync", "open"])
@pytest.mark.parametrize("what", WRITES)
def test_a_full_disk_is_an_error_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, where: str
) -> None:
    store = FileStore(tmp_path / "store")
    store.append("a/log", [b"old"], expected=0)
    with monkeypatch.context() as patched:
        patched.setattr(os, where, full)
        with pytest.raises(StateError, match="No space left on device") as caught:
            WRITES[what](store)
    assert caught.value.diagnostics[0].code == "state.unwritable"
    assert store.read("a/b") is None
    # What was not made sure of may be there or not.
    assert store.read_log("a/log")[0] in ([b"old"], [b"old", b"new"])


def test_a_disk_without_room_for_the_first_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Path, "mkdir", full)
        with pytest.raises(StateError, match="No space left on device"):
            FileStore(tmp_path / "store").write("a/b", b"new", expected=None)

"""The pictures of docs/ci.md are of what the page shows now, and small enough for a repository."""

from __future__ import annotations

import importlib.util
import json
import re
import struct
import zlib
from typing import Any

import pytest

from docs.pages import ROOT

FOLDER = ROOT / "docs/pictures"


@pytest.fixture(scope="module")
def made() -> Any:
    found = importlib.util.spec_from_file_location("pictures", ROOT / "docs/pictures.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_they_are_made_from_what_the_page_shows(made: Any) -> None:
    known = json.loads((FOLDER / "made-from.json").read_text(encoding="utf-8"))
    assert known == {name: made.digest(name) for name in made.WANTED}, "run python docs/pictures.py"


def test_each_is_shown_and_small(made: Any) -> None:
    shown = re.findall(r"!\[[^\]]{20,}\]\(pictures/([\w-]+)\.png\)", (ROOT / "docs/ci.md").read_text("utf-8"))
    assert shown == list(made.WANTED)
    assert {path.stem for path in FOLDER.glob("*.png")} == set(shown)
    for name in shown:
        data = (FOLDER / f"{name}.png").read_bytes()
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        assert len(data) < 150_000


def test_smaller_is_the_same_picture(made: Any) -> None:
    """Three rows of two pixels, of which the second and the third are told by the one above."""
    row = bytes([255, 0, 0, 0, 0, 255])
    raw = b"\0" + row + b"\2" + bytes(6) + b"\4" + bytes(6)

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 2, 3, 8, 2, 0, 0, 0)
    png = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")
    )
    out = made.smaller(png)
    palette = chunk(b"PLTE", bytes([255, 0, 0, 0, 0, 255]))
    assert palette in out
    assert chunk(b"IDAT", zlib.compress(b"\0\0\1" * 3, 9)) in out

"""The index of exports: what it lists, and what names one of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from callsheet.exports.index import find, listed
from callsheet.model.errors import CallsheetError, StateError
from callsheet.state.file import FileStore
from unit.exports.keeping import keep

FIRST, SECOND = "20260101T000000Z-aaaa1111", "20260102T000000Z-bbbb2222"


def test_it_lists_what_was_kept_newest_last(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    assert listed(store, "dev") == ()
    made = [keep(store, 2, run=FIRST), keep(store, 3, run=None, at="2026-01-02T00:00:00Z")]
    found = listed(store, "dev")
    assert [each.sha256 for each in found] == [each.sha256 for each in made]
    assert [(each.kind, each.run, each.objects) for each in found] == [
        ("run", FIRST, 2),
        ("on-demand", None, 3),
    ]
    assert [(each.taken_at, each.by, each.verb) for each in found][1] == (
        "2026-01-02T00:00:00Z",
        "ann",
        "apply",
    )
    assert all(each.size > 0 for each in found)
    assert listed(store, "prod") == ()


def test_runs_and_beginnings_name_an_export(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    first, second = keep(store, run=FIRST), keep(store, run=SECOND)
    for text in (FIRST, FIRST[:8], first.sha256, first.sha256[:6]):
        assert find(store, "dev", text).sha256 == first.sha256
    assert find(store, "dev", SECOND).sha256 == second.sha256


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("202601", "export.ambiguous", f"(run {SECOND})"),
        ("20260", "export.short", "too short"),
        ("20260103T000000Z-cccc3333", "export.unknown", "no run"),
        ("feedface", "export.unknown", "no export"),
    ],
)
def test_what_names_none_or_several_is_an_error(tmp_path: Path, text: str, code: str, said: str) -> None:
    store = FileStore(tmp_path)
    keep(store, run=FIRST)
    keep(store, run=SECOND)
    with pytest.raises(CallsheetError) as caught:
        find(store, "dev", text)
    [told] = caught.value.diagnostics
    assert told.code == code
    assert said in f"{told.summary} {told.detail}"


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"format":"callsheet.exports/1","exports":[{}]}'])
def test_a_damaged_index_is_never_taken_for_an_empty_one(tmp_path: Path, data: bytes) -> None:
    store = FileStore(tmp_path)
    keep(store)
    (tmp_path / "documents/exports/dev/index").write_bytes(data)
    with pytest.raises(StateError, match="index"):
        listed(store, "dev")
    with pytest.raises(StateError, match="index"):
        keep(store)

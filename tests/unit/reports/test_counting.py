"""One of something is never said as many."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from callsheet.reports import export_lines, release_lines, run_lines, secret_lines, status_lines
from callsheet.reports.counting import counted, form
from callsheet.reports.escaping import cut
from callsheet.reports.line import Line
from callsheet.reports.markdown_text import code

EXPORT = {
    "sha256": "a" * 64, "run": None, "objects": 1, "bytes": 10, "takenAt": "2026-06-01T12:00:00Z",
    "verb": "export", "by": "ana", "whole": True, "uploadsNotKept": 1,
}  # fmt: skip
STORE = {"store": "the store", "exports": [EXPORT], "blobs": 1, "dryRun": False, "damaged": 0}
SIDE = {"environment": "dev", "version": 1, "digest": "sha256:x", "origin": None, "name": "dev"}


@pytest.mark.parametrize(
    ("count", "noun", "said"),
    [
        (0, "file", "0 files"),
        (1, "file", "1 file"),
        (2, "file", "2 files"),
        (1000, "remote object", "1,000 remote objects"),
        (1, "personality", "1 personality"),
        (3, "personality", "3 personalities"),
        (2, "day", "2 days"),
    ],
)
def test_a_noun_goes_with_its_number(count: int, noun: str, said: str) -> None:
    assert counted(count, noun) == said
    assert form(count, noun) == said.partition(" ")[2]


def text(lines: Iterable[Line]) -> str:
    return "\n".join("".join(span.text for span in each) for each in lines)


def status(versions: int, files: int) -> str:
    behind = {"of": "uat", "versions": versions, "files": files}
    dev = {"name": "dev", "follows": "tree", "origin": None, "behind": behind, "wanted": None}
    dev |= {"resources": None, "drift": None, "lastRun": None}
    return dict(status_lines.matrix({"environments": [dev]}))["behind"][0]


def test_status() -> None:
    assert status(1, 1) == "1 version, 1 file behind uat"
    assert status(2, 1_200) == "2 versions, 1,200 files behind uat"
    assert status(0, 1) == "1 file behind uat"


def secrets(references: int, unresolved: int) -> str:
    summary = {"references": references, "unresolved": unresolved}
    return text(
        secret_lines.check_lines({"environment": "dev", "references": [], "summary": summary}, quiet=True)
    )


def test_secrets() -> None:
    assert secrets(1, 0) == "Secrets: The one reference resolves in dev."
    assert secrets(4, 0) == "Secrets: All 4 references resolve in dev."
    assert secrets(1, 1) == "Secrets: 1 of 1 reference does not resolve in dev."
    assert secrets(4, 2) == "Secrets: 2 of 4 references do not resolve in dev."


def test_exports() -> None:
    whole = text(export_lines.verify_lines(STORE))
    assert whole.splitlines() == [
        "whole    aaaaaaaaaaaa  on demand  1 object  1 upload was never kept",
        "Verified: 1 export is whole, in the store.",
    ]
    damaged = {**STORE, "damaged": 1, "exports": [{**EXPORT, "whole": False, "damages": []}] * 2}
    assert text(export_lines.verify_lines(damaged)).endswith("1 of 2 exports is damaged, in the store.")
    assert (
        text(export_lines.prune_lines(STORE, quiet=True)) == "Pruned: 1 export removed, 1 blob in the store."
    )
    listed = export_lines.list_lines(
        {**STORE, "retention": {"days": 1, "keep": 10}}, datetime(2026, 6, 2, 12, tzinfo=UTC)
    )
    assert re.search(r" 1 object  .*\n.*older than 1 day and", text(listed))


def test_releases() -> None:
    sides = {"old": SIDE, "new": {**SIDE, "version": 2}, "equal": False}
    files = [{"path": "a", "change": "added"}, {"path": "b", "change": "added"}]
    for some, said in ((files[:1], "1 file differs between "), (files, "2 files differ between ")):
        assert said in text(release_lines.diff_lines_of({**sides, "files": some}))


def test_audit() -> None:
    told = {
        "environment": "dev", "findings": [{"summary": "x"}], "ahead": False, "unrecorded": None,
        "earlier": {"l-1": 1}, "records": 1, "requests": 1, "head": None,
    }  # fmt: skip
    said = text(run_lines.verify_lines(told))
    assert "1 record is of the earlier estate l-1" in said
    assert said.endswith("Audit of dev: 1 finding in 1 record and the requests of 1.")


def test_spaces() -> None:
    assert code(" ") == "(1 space)"
    assert code("  ") == "(2 spaces)"


def test_what_is_cut_off() -> None:
    assert cut("abc", 2) == "ab… (1 more character)"

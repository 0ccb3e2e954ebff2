"""The line that wants a release: what it says, and how it gets into a file without touching the rest."""

from __future__ import annotations

import pytest

from callsheet.model.errors import CallsheetError
from callsheet.releases.wanted import Wanted, written

DIGEST = f"sha256:{'ab' * 32}"
WANTED = Wanted("uat", 3, DIGEST)
LINE = f"release: uat@3@{DIGEST}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            "environments:\n  prod:\n    promotesFrom: uat # where from\n    model: m\n",
            f"environments:\n  prod:\n    promotesFrom: uat # where from\n    {LINE}\n    model: m\n",
            id="after promotesFrom",
        ),
        pytest.param(
            "environments:\n  prod:\n    # first\n    model: m\n",
            f"environments:\n  prod:\n    # first\n    {LINE}\n    model: m\n",
            id="before the first key",
        ),
        pytest.param(
            f"environments:\n  prod:\n    release: uat@2@{DIGEST}  # wanted\n    model: m\n",
            f"environments:\n  prod:\n    {LINE}  # wanted\n    model: m\n",
            id="in the place of the old one",
        ),
        pytest.param(
            'environments:\n  prod:\n    release: "uat@2"\n',
            f"environments:\n  prod:\n    {LINE}\n",
            id="in the place of a quoted one",
        ),
        pytest.param(
            "environments:\n  prod:\n    pinned: true",
            f"environments:\n  prod:\n    pinned: true\n    {LINE}\n",
            id="without a line break at the end",
        ),
        pytest.param(
            f"environments:\n  prod: {{release: uat@2@{DIGEST}, model: m}}\n",
            f"environments:\n  prod: {{{LINE}, model: m}}\n",
            id="in a section on one line",
        ),
    ],
)
def test_the_line_is_all_that_changes(before: str, after: str) -> None:
    assert written(before, "prod", WANTED) == after


@pytest.mark.parametrize(
    "text",
    [
        "environments:\n  prod: {model: m}\n",
        "environments:\n  prod:\n",
        "environments:\n  prod: null\n",
        "environments: {prod: {}}\n",
        "x: &x {model: m}\nenvironments:\n  prod: *x\n",
    ],
)
def test_where_a_line_has_no_place_nothing_is_written(text: str) -> None:
    with pytest.raises(CallsheetError) as caught:
        written(text, "prod", WANTED)
    assert LINE in caught.value.diagnostics[0].hint


def test_how_it_reads() -> None:
    assert str(WANTED) == f"uat@3@{DIGEST}"
    assert WANTED.short == "uat@3"
    assert str(Wanted("dev", None, DIGEST)) == f"dev@{DIGEST}"

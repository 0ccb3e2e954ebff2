"""Marks: written and read back, and taken for one nowhere else."""

from __future__ import annotations

import pytest

from callsheet.ci.marks import LENGTH, digest, mark_of, marked


def test_a_mark_is_read_back() -> None:
    for key in ("prod", "dev+uat", "drift/prod", "a.b_c-d", "x" * 100):
        text = marked(key, "body\nmore")
        mark = mark_of(text)
        assert mark is not None
        assert (mark.key, mark.digest, mark.whole) == (key, digest("body\nmore"), True)
        assert len(text) - len("body\nmore") <= LENGTH


def test_what_it_says_may_be_less_than_what_it_is() -> None:
    for key in ("prod", "x" * 100):
        text = marked(key, "body, at noon", "body")
        mark = mark_of(text)
        assert mark is not None
        assert (mark.key, mark.says, mark.whole) == (key, digest("body"), True)
        assert len(text) - len("body, at noon") <= LENGTH
    plain = mark_of(marked("prod", "body"))
    assert plain is not None
    assert plain.says == digest("body")


def test_what_was_changed_beneath_it_shows() -> None:
    mark = mark_of(marked("prod", "3 to delete") + ", honestly")
    assert mark is not None
    assert not mark.whole


@pytest.mark.parametrize(
    "text",
    [
        "",
        "plan\n" + marked("prod", "x"),
        "> " + marked("prod", "x"),
        marked("prod", "x").replace("sha256:", "sha256:z"),
        "<!-- callsheet:prod -->\nx",
    ],
)
def test_what_is_no_mark(text: str) -> None:
    assert mark_of(text) is None

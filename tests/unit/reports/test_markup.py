"""Text becomes part of a page through one door, and that door escapes."""

from __future__ import annotations

import pytest

from callsheet.reports.markup import Markup, escaped, joined, tag, verbatim


def test_text_is_escaped_and_markup_stays() -> None:
    inner = tag("code", "<&>")
    assert inner == "<code>&lt;&amp;&gt;</code>"
    assert tag("p", "a < b ", inner) == "<p>a &lt; b <code>&lt;&amp;&gt;</code></p>"


def test_what_is_done_to_markup_makes_plain_text_of_it() -> None:
    bold = tag("strong", "x")
    for touched in (f"{bold}", bold + "", bold.replace("x", "y"), bold.strip()):
        assert not isinstance(touched, Markup)
        assert "<" not in tag("p", touched).removeprefix("<p>").removesuffix("</p>")


def test_what_acts_is_written_out() -> None:
    assert escaped("a\u202eb\x1b[2J\n\"'") == "a\\u202eb\\e[2J\\n&quot;&#x27;"


def test_attributes_are_escaped_too_and_may_be_left_out() -> None:
    made = tag("td", class_="\"><b>'", aria_label=None, hidden=False, open=True, colspan=2)
    assert made == '<td class="&quot;&gt;&lt;b&gt;&#x27;" open colspan="2"></td>'


@pytest.mark.parametrize("name", ["onclick", "onload", "style", "on", "x y", "a>b"])
def test_neither_handlers_nor_styles_can_be_made(name: str) -> None:
    with pytest.raises(AssertionError):
        tag("p", **{name: "x"})


def test_a_block_that_would_end_itself_is_refused() -> None:
    with pytest.raises(AssertionError):
        verbatim("script", "'</SCRIPT>'")


def test_nothing_is_nothing() -> None:
    assert joined([None, "a", None], ", ") == "a"

"""Line diffs: context, what is left out, pairs of lines, words, and bounds on the work."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from callsheet.reports.text_diff import DiffLine, Effort, changed_words, diff_lines, markers, windows


def signs(old: str, new: str) -> list[tuple[str, str]]:
    return [(each.sign, each.text) for each in diff_lines(old, new)]


def numbered(count: int) -> list[str]:
    return [f"line {number}" for number in range(count)]


def test_a_change_has_three_lines_of_context_and_says_what_is_left_out() -> None:
    old = numbered(30)
    new = [*old[:15], "changed", *old[16:]]
    assert signs("\n".join(old), "\n".join(new)) == [
        ("…", "12 unchanged lines"),
        *((" ", f"line {number}") for number in (12, 13, 14)),
        ("-", "line 15"),
        ("+", "changed"),
        *((" ", f"line {number}") for number in (16, 17, 18)),
        ("…", "11 unchanged lines"),
    ]


def test_two_changes_far_apart_have_a_gap_between_them() -> None:
    old = numbered(20)
    new = ["first", *old[1:19], "last"]
    found = signs("\n".join(old), "\n".join(new))
    assert [sign for sign, _ in found] == ["-", "+", " ", " ", " ", "…", " ", " ", " ", "-", "+"]
    assert ("…", "12 unchanged lines") in found


def test_a_single_line_left_out_is_singular() -> None:
    old = numbered(5)
    assert signs("\n".join(old), "\n".join([*old[:4], "x"]))[0] == ("…", "1 unchanged line")


def test_lines_that_were_added_and_removed() -> None:
    assert signs("a\nc", "a\nb\nc") == [(" ", "a"), ("+", "b"), (" ", "c")]
    assert signs("a\nb\nc", "a\nc") == [(" ", "a"), ("-", "b"), (" ", "c")]


def test_from_nothing_and_to_nothing() -> None:
    assert signs("", "a\nb") == [("-", ""), ("+", "a"), ("+", "b")]
    assert signs("a\nb", "")[-1] == ("+", "")


def test_a_line_break_at_the_end_is_seen_only_where_it_is_the_difference() -> None:
    assert signs("a\nb\n", "a\nc\n") == [(" ", "a"), ("-", "b"), ("+", "c")]
    assert signs("a\n", "a") == [(" ", "a"), ("-", "")]


def test_equal_texts_differ_in_nothing_but_are_shown_for_context() -> None:
    assert {sign for sign, _ in signs("a\nb", "a\nb")} == {" "}


def test_words_that_moved_are_marked_in_both_lines() -> None:
    removed, added = diff_lines("Speak in one sentence.", "Speak in two sentences.")
    assert [removed.text[begin:stop] for begin, stop in removed.changed] == ["one sentence"]
    assert [added.text[begin:stop] for begin, stop in added.changed] == ["two sentences"]


def marked(old: str, new: str) -> list[tuple[str, str, list[str]]]:
    return [
        (each.sign, each.text, [each.text[begin:stop] for begin, stop in each.changed])
        for each in diff_lines(old, new)
    ]


def test_a_line_that_was_edited_is_found_beside_one_that_was_added() -> None:
    new = "One.\nTwo is very short.\nTwo and a half.\nThree."
    assert marked("One.\nTwo is short.\nThree.", new)[1:4] == [
        ("-", "Two is short.", []),
        ("+", "Two is very short.", ["very "]),
        ("+", "Two and a half.", []),
    ]
    before = "One.\nTwo and a half.\nTwo is very short.\nThree."
    assert marked("One.\nTwo is short.\nThree.", before)[1:4] == [
        ("+", "Two and a half.", []),
        ("-", "Two is short.", []),
        ("+", "Two is very short.", ["very "]),
    ]


def test_a_line_that_was_edited_is_found_beside_one_that_was_removed() -> None:
    old = "Be kind to callers.\nHang up.\nSay goodbye to them."
    assert marked(old, "Be very kind to callers.\nSay goodbye.") == [
        ("-", "Be kind to callers.", []),
        ("+", "Be very kind to callers.", [" very"]),
        ("-", "Hang up.", []),
        ("-", "Say goodbye to them.", [" to them"]),
        ("+", "Say goodbye.", []),
    ]


def test_lines_are_paired_in_their_order_with_what_is_most_alike() -> None:
    old = "Ask for the order number.\nAsk for the name."
    new = "Ask for the name of the caller.\nAsk for the order number twice.\nAsk for the name."
    signs_ = [(sign, text) for sign, text, _ in marked(f"{old}\n.", f"{new}!\n.")]
    assert signs_[:-1] == [
        ("+", "Ask for the name of the caller."),
        ("-", "Ask for the order number."),
        ("+", "Ask for the order number twice."),
        ("-", "Ask for the name."),
        ("+", "Ask for the name.!"),
    ]


@settings(max_examples=200, deadline=None)
@given(*[st.lists(st.sampled_from(["a b c", "a b d", "a b", "x y z", "x y", "", "q"]), max_size=7)] * 2)
def test_both_texts_can_be_read_back(old: list[str], new: list[str]) -> None:
    old, new = [*old, "end"], [*new, "end"]
    found = diff_lines("\n".join(old), "\n".join(new), context=99)
    for sign, lines in (("-", old), ("+", new)):
        assert [each.text for each in found if each.sign in (" ", sign)] == lines


def test_lines_with_little_in_common_carry_no_marks() -> None:
    assert changed_words("You are a cook.", "Hang up now!", Effort()) == ((), ())


def test_markers_stand_below_the_words_and_know_wide_characters() -> None:
    assert markers(DiffLine("+", "a new b", ((2, 5),))) == "  ^^^"
    assert markers(DiffLine("+", "日本 new", ((3, 6),))) == "     ^^^"


def test_tens_of_thousands_of_changed_lines_are_told_without_comparing_each_with_each() -> None:
    old = "\n".join(f"old {number}" for number in range(30_000))
    new = "\n".join(f"new {number}" for number in range(30_001))
    found = diff_lines(old, new)
    assert len(found) == 60_001


def test_a_long_line_is_shown_around_its_difference() -> None:
    old, new = windows("a" * 5_000_000 + "X" + "b" * 5_000_000, "a" * 5_000_000 + "YZ" + "b" * 5_000_000)
    assert old == "…" + "a" * 60 + "X" + "b" * 60 + "… (10,000,001 characters)"
    assert "aYZb" in new


def test_what_acts_is_made_visible_before_it_is_compared() -> None:
    removed, added = diff_lines("a\x1b[2Jb one", "a\x1b[2Jb two")
    assert removed.text == "a\\e[2Jb one"
    assert added.text[added.changed[0][0] : added.changed[0][1]] == "two"


def test_hundreds_of_blank_lines_are_no_work_and_no_anchor() -> None:
    """All against all of them would be tried, once for each: seconds for a prompt of 400 paragraphs."""
    old = [line for number in range(200) for line in (f"Paragraph {number}.", "")]
    found = diff_lines("\n".join(old), "\n".join(old).replace("Para", "Tele"))
    assert {each.sign for each in found[:-1]} <= {"-", "+"}


def test_among_hundreds_of_blank_lines_only_what_changed_is_told() -> None:
    old = [line for number in range(200) for line in (f"Paragraph {number}.", "")]
    new = "\n".join(old).replace("Paragraph 20.", "Paragraph twenty.").replace("Paragraph 170.\n\n", "")
    moved = [(each.sign, each.text) for each in diff_lines("\n".join(old), new) if each.sign in "-+"]
    assert moved == [
        ("-", "Paragraph 20."),
        ("+", "Paragraph twenty."),
        ("-", ""),
        ("-", "Paragraph 170."),
    ]


def test_a_line_of_the_same_few_words_is_told_as_a_whole() -> None:
    """Each of them would be tried with each: half a second a line, for a table's rule of 480 characters."""
    old, new = "|---" * 120, "|:--" * 120
    assert marked(old, new) == [("-", old, []), ("+", new, [])]


def test_what_stands_often_in_a_line_leaves_the_others_compared() -> None:
    words = [f"w{number}" for number in range(60)]
    old, new = " ".join(words), " ".join(words).replace("w20", "x").replace("w40 ", "")
    assert [texts for _, _, texts in marked(old, new)] == [["w20", "w40 "], ["x"]]


def test_words_are_compared_up_to_a_bounded_effort_for_all_lines_together() -> None:
    kept = [" ".join(f"{row}w{number}" for number in range(60)) for row in range(1_000)]
    found = marked("\n".join(f"{each} old" for each in kept), "\n".join(f"{each} new" for each in kept))
    told = [texts for sign, _, texts in found if sign == "+"]
    assert len(told) == 1_000
    compared = told.count(["new"])
    assert 20 < compared < 500
    assert told == [["new"]] * compared + [[]] * (1_000 - compared)


def test_lines_are_paired_up_to_a_bounded_effort_too() -> None:
    old, new = [], []
    for number in range(150):
        old += [f"kept {number}", f"Ask {number} for the name.", *[f"gone{number}"] * 9]
        new += [f"kept {number}", f"Ask {number} for the names.", *[f"more{number}"] * 14]
    found = [texts for sign, _, texts in marked("\n".join(old), "\n".join(new)) if sign == "+" and texts]
    assert 20 < len(found) < 140
    assert found == [["names"]] * len(found)

"""Values and texts in a page: inline, as a block, and two of them side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from callsheet.model.paths import ABSENT
from callsheet.reports.change_lines import as_text
from callsheet.reports.counting import counted
from callsheet.reports.escaping import shown, split_lines
from callsheet.reports.html_room import Room, elsewhere
from callsheet.reports.markup import Markup, joined, lines_of, tag
from callsheet.reports.text_diff import DiffLine, changed_middle, diff_lines, windows
from callsheet.reports.values import Mark, Shown, block, inline, is_text

_WIDE = 100
# What is made or removed is folded beyond so many lines.
_FOLDED = 12
# What is left of a text that the page has no room for: lines, or characters of one.
_EXCERPT, _SHORT = 6, 100
_SPOKEN = {"-": "removed: ", "+": "added: "}


def value(each: Shown, room: Room) -> Markup:
    """In one line."""
    sort = f"value {each.sort}" if isinstance(each, Mark) else "value"
    text = inline(each)
    if len(text) <= _SHORT or room.takes([text]):
        return room.whole(tag("code", shown(text), class_=sort))
    room.cut += 1
    return tag("code", shown(text, _SHORT), class_=sort)


def one_side(each: Shown, room: Room) -> Markup:
    """A value that has no other side, whole: inline where it is short, else as lines."""
    short = inline(each)
    if not is_text(each) and (len(short) <= _WIDE or not isinstance(each, dict | list)):
        return value(each, room)
    text = split_lines(each.removesuffix("\n")) if isinstance(each, str) else block(each)
    if not room.takes(text):
        return _beginning(text, room)
    body = tag("pre", lines_of(shown(line) for line in text))
    if len(text) > _FOLDED:
        opened = len(text) <= 3 * _FOLDED
        body = tag("details", tag("summary", counted(len(text), "line")), body, open=opened)
    return room.whole(body)


def _beginning(text: Sequence[str], room: Room) -> Markup:
    kept = text[:_EXCERPT] if room.takes_excerpts else []
    parts = [tag("pre", lines_of(map(shown, kept)))] if kept else []
    if more := len(text) - len(kept):
        room.cut += 1
        parts.append(tag("p", _lines(more, "more " if kept else ""), *elsewhere(), class_="left-out"))
    return room.excerpt(joined(parts))


def _lines(count: int, more: str = "") -> str:
    return f"… {counted(count, f'{more}line')}. "


def both_sides(path: str, old: Shown, new: Shown, room: Room) -> Markup:
    """Old and new: with an arrow where they are short, else side by side."""
    if is_text(old) or is_text(new):
        return side_by_side(path, as_text(old), as_text(new), room)
    if isinstance(old, str) and isinstance(new, str) and max(len(old), len(new)) > 2 * _WIDE:
        old, new = windows(old, new)
    before, after = inline(old), inline(new)
    if len(before) + len(after) <= _WIDE:
        arrow = joined([tag("span", " → ", aria_hidden="true"), tag("span", " becomes ", class_="spoken")])
        return joined([value(old, room), arrow, value(new, room)])
    if isinstance(old, dict | list) or isinstance(new, dict | list):
        return side_by_side(path, "\n".join(block(old)), "\n".join(block(new)), room)
    return side_by_side(path, before, after, room)


def side_by_side(path: str, old: str, new: str, room: Room) -> Markup:
    """A line diff in two columns; each changed line carries a sign, each changed word a mark."""
    before, gone, come = changed_middle(old, new)
    if room.takes(gone, come):
        return room.whole(_table(path, diff_lines(old, new)))
    if not room.takes_excerpts:
        room.cut += 1
        told = f"{len(gone):,} and {len(come):,} lines differ. "
        return tag("p", told, *elsewhere(), class_="left-out")
    left, right = ("\n".join([*before[-1:], *some[:_EXCERPT]]) for some in (gone, come))
    last = None
    if (more := max(len(gone), len(come)) - _EXCERPT) > 0:
        room.cut += 1
        last = tag("tr", tag("td", _lines(more, "more "), *elsewhere(), colspan=2, class_="left-out"))
    return room.excerpt(_table(path, diff_lines(left, right), last))


def _table(path: str, lines: Iterable[DiffLine], last: Markup | None = None) -> Markup:
    head = tag("thead", tag("tr", tag("th", "Before", scope="col"), tag("th", "After", scope="col")))
    body = tag("tbody", *(_row(before, after) for before, after in _rows(lines)), last)
    caption = tag("caption", f"{path}, before and after", class_="spoken")
    return tag("table", caption, head, body, class_="diff")


def _rows(lines: Iterable[DiffLine]) -> Iterator[tuple[DiffLine | None, DiffLine | None]]:
    """Removed lines beside the added ones that follow them; everything else on both sides. Where words are
    marked, the two lines are a pair, and stand together in `lines`."""
    waiting: list[DiffLine] = []
    for each in lines:
        if each.sign == "-":
            waiting.append(each)
        elif each.sign == "+":
            if waiting and (each.changed or waiting[-1].changed):
                yield from ((left, None) for left in waiting[:-1])
                del waiting[:-1]
            yield (waiting.pop(0) if waiting else None), each
        else:
            yield from ((left, None) for left in waiting)
            waiting.clear()
            yield each, each
    yield from ((left, None) for left in waiting)


def _row(before: DiffLine | None, after: DiffLine | None) -> Markup:
    if before and before.sign == "…":
        return tag("tr", tag("td", f"… {before.text}", colspan=2, class_="left-out"))
    return tag("tr", _cell(before), _cell(after))


def _cell(each: DiffLine | None) -> Markup:
    if each is None:
        return tag("td", class_="none")
    if each.sign == " ":
        return tag("td", each.text)
    word, name = ("del", "gone") if each.sign == "-" else ("ins", "come")
    parts: list[str] = []
    at = 0
    for begin, stop in each.changed:
        parts += [each.text[at:begin], tag(word, each.text[begin:stop])]
        at = stop
    sign = tag("span", each.sign, class_="line-sign", aria_hidden="true")
    spoken = tag("span", _SPOKEN[each.sign], class_="spoken")
    return tag("td", sign, spoken, *parts, each.text[at:], class_=name)


def moved(path: str, seen: Shown, live: Shown, room: Room) -> Markup:
    """What was and what is, for drift: either may be missing."""
    if seen is ABSENT or live is ABSENT:
        said = "appeared: " if seen is ABSENT else "is gone, was: "
        return joined([said, one_side(live if seen is ABSENT else seen, room)])
    return both_sides(path, seen, live, room)

"""One change in Markdown: a fold with the table of its attributes and the differences of its texts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from callsheet.model.paths import ABSENT
from callsheet.plan.change import Action, Cause
from callsheet.reports.change_lines import OPS, SYMBOLS
from callsheet.reports.counting import counted
from callsheet.reports.escaping import shown
from callsheet.reports.markdown_fit import Level
from callsheet.reports.markdown_text import cell, code, fenced, prose, tag
from callsheet.reports.plan_view import AttributeView, ChangeView
from callsheet.reports.reach import reach_of
from callsheet.reports.text_diff import DiffLine, diff_lines, markers, windows
from callsheet.reports.values import Shown, block, inline, is_text

# Longer values are read below the table, line by line.
_WIDE = 160
_HUNK = 12


def change_text(change: ChangeView, level: Level, note: str = "") -> str:
    """The change at a level; at LINE one item of a list, before that a fold. `note` is Markdown of ours."""
    if level is Level.LINE or not (change.attributes or change.steps):
        return change_line(change, note)
    return "\n".join([_summary(change, note), "", *_body(change, level), "", "</details>"])


def change_line(change: ChangeView, note: str = "") -> str:
    loud = "**" if change.destructive or change.conflict else ""
    words = [
        f"- {code(_sign(change))} {loud}{deed(change)}{loud} {code(change.address)}: {prose(_why(change))}"
    ]
    if reach := reach_of(change.address, change.reaches):
        words.append(f"reaches {prose(reach)}")
    if change.at:
        words.append(code(change.at, 200))
    return " · ".join([*words, note] if note else words)


def _summary(change: ChangeView, note: str) -> str:
    loud, quiet = ("<b>", "</b>") if change.destructive or change.conflict else ("", "")
    count = counted(len(change.attributes), "attribute")
    reach = reach_of(change.address, change.reaches)
    more = f" · → {tag(reach)}" if reach else ""
    return (
        f"<details><summary>{tag(_sign(change))} {loud}{deed(change)}{quiet} {tag(change.address)}"
        f" · {count}{more}{f' · {note}' if note else ''}</summary>"
    )


def _sign(change: ChangeView) -> str:
    return "!" if change.conflict else SYMBOLS[change.action]


def deed(change: ChangeView) -> str:
    return f"{change.action}, in conflict" if change.conflict else str(change.action)


def _why(change: ChangeView) -> str:
    parts = [change.reason]
    if change.moved_from:
        parts.append(f"was {change.moved_from}")
    if change.remote_id and change.action is not Action.UPDATE:
        parts.append(f"id {change.remote_id}")
    if change.name and change.destructive:
        parts.append(f"named {change.name!r}")
    return "; ".join(parts)


def _body(change: ChangeView, level: Level) -> Iterator[str]:
    yield f"{prose(_why(change))}{f' · {code(change.at, 200)}' if change.at else ''}"
    if reach := reach_of(change.address, change.reaches):
        listed = ", ".join(code(each, 200) for each in change.reaches[:20])
        more = f" and {len(change.reaches) - 20:,} more" if len(change.reaches) > 20 else ""
        told = f": {listed}{more}" if level < Level.NAMES else ""
        yield ""
        yield f"{code(change.address)} → {prose(reach)}{told}"
    if change.steps:
        yield ""
        yield from (f"{number}. {prose(step)}" for number, step in enumerate(change.steps, 1))
    if change.attributes:
        yield ""
        yield from attribute_table(change.attributes, level)
    if level < Level.NAMES:
        for each in change.attributes:
            yield from _long(each, level)


def attribute_table(attributes: Sequence[AttributeView], level: Level) -> Iterator[str]:
    """The attributes, at NAMES without their values; where all are new, or go, one column is enough."""
    columns = ["before", "after"]
    if all(each.old is ABSENT for each in attributes):
        columns = ["value"]
    elif all(each.new is ABSENT for each in attributes):
        columns = ["before"]
    columns = columns if level < Level.NAMES else []
    head = ["attribute", *columns, "cause", "place"]
    yield f"| | {' | '.join(head)} |"
    yield "|---" * (len(head) + 1) + "|"
    for each in attributes:
        values = {"before": _old, "after": _new, "value": _new}
        row = [code(OPS.get(each.op, "~")), cell(each.path), *(values[column](each) for column in columns)]
        row += [_cause(each), cell(each.at) if each.at else ""]
        yield f"| {' | '.join(row)} |"


def _cause(each: AttributeView) -> str:
    words = {"release": "no longer managed", "conflict": "**conflict**", "reorder": "another order"}
    said = str(each.cause)
    return f"{words[each.op]}, {said}" if each.op in words else said


def _old(each: AttributeView) -> str:
    if is_long(each):
        return "" if each.old is ABSENT else "see below"
    if each.op == "conflict" and each.cause is not Cause.ROLLBACK:
        sides = (("live", each.old), ("applied", each.applied), ("seen", each.seen))
        return " ".join(f"{label} {short(value)}" for label, value in sides)
    return short(each.old)


def _new(each: AttributeView) -> str:
    if is_long(each):
        return "" if each.new is ABSENT else "see below"
    if each.op == "release":
        return "stays as it is"
    return short(each.new)


def short(value: Shown) -> str:
    return "" if value is ABSENT else cell(inline(value), 3 * _WIDE)


def is_long(each: AttributeView) -> bool:
    return long_sides(each.old, each.new)


def long_sides(*sides: Shown) -> bool:
    """Whether one of the values needs lines of its own."""
    return any(is_text(side) or (side is not ABSENT and _wide(side)) for side in sides)


def _wide(value: Shown) -> bool:
    if isinstance(value, str):
        return len(value) > _WIDE
    return isinstance(value, dict | list) and len(inline(value)) > _WIDE


def _long(each: AttributeView, level: Level) -> Iterator[str]:
    if not is_long(each):
        return
    yield ""
    yield f"{code(each.path)}:"
    yield ""
    yield from difference(each.old, each.new, level)
    if each.op == "conflict" and each.applied is not ABSENT:
        yield ""
        yield f"what was applied last, against what is live ({code(each.path)}):"
        yield ""
        yield from difference(each.applied, each.old, level)


def difference(old: Shown, new: Shown, level: Level) -> list[str]:
    """Two values as a fenced diff: lines with a sign, and below them marks under the words that moved."""
    lines = list(_diff(old, new))
    if level > Level.FULL and len(lines) > _HUNK + 1:
        first = next((index for index, each in enumerate(lines) if each[:1] in "+-"), 0)
        start = max(0, first - 2)
        kept = lines[start : start + _HUNK]
        lines = [*kept, f"  … {len(lines) - len(kept):,} more lines of this difference"]
    return fenced(lines, "diff")


def _diff(old: Shown, new: Shown) -> Iterator[str]:
    if old is ABSENT or new is ABSENT:
        sign, value = ("+", new) if old is ABSENT else ("-", old)
        yield from (f"{sign} {shown(each)}" for each in _text(value).removesuffix("\n").split("\n"))
        return
    if isinstance(old, str) and isinstance(new, str) and not (is_text(old) or is_text(new)):
        old, new = windows(old, new)
    before = None
    for each in _compared(_text(old), _text(new)):
        yield f"{'  …' if each.sign == '…' else each.sign} {each.text}"
        told = each if each.changed else before
        if told and told.changed and each.sign == "+":
            yield f"  {markers(told)}"
        before = each if each.sign == "-" else None


@lru_cache(maxsize=1_000)
def _compared(old: str, new: str) -> tuple[DiffLine, ...]:
    """Kept, as a report tries one difference at several lengths."""
    return tuple(diff_lines(old, new))


def _text(value: Shown) -> str:
    return value if isinstance(value, str) else "" if value is None else "\n".join(block(value))

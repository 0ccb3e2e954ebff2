"""One change as lines: its address, what happens and why, and every attribute with its old and new value."""

from __future__ import annotations

from collections.abc import Iterator

from callsheet.model.paths import ABSENT
from callsheet.plan.change import Action, Cause
from callsheet.reports.counting import counted
from callsheet.reports.line import PLAIN_ONLY, Line, Span, indented, line
from callsheet.reports.plan_view import AttributeView, ChangeView
from callsheet.reports.reach import reach_of
from callsheet.reports.text_diff import DiffLine, diff_lines, markers, windows
from callsheet.reports.values import Mark, Shown, block, inline, is_text

SYMBOLS = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.DELETE: "-",
    Action.REPLACE: "-/+",
    Action.IMPORT: "→",
    Action.MOVE: "→",
    Action.FORGET: "×",
    Action.REFRESH: "=",
}
OPS = {"add": "+", "change": "~", "remove": "-", "reorder": "~", "release": "×", "conflict": "!"}
_STYLES = {"+": "add", "~": "change", "-": "remove", "!": "conflict", "×": "dim"}
# Without --verbose, what is made or removed is shown up to this many lines per value.
_BRIEF = 12
_WIDE = 100
_LISTED = 20
SHOWN_CAUSES = {Cause.SETTINGS, Cause.DRIFT, Cause.REFERENCE, Cause.SECRET, Cause.RENDERER}


def change_lines(change: ChangeView, verbose: bool) -> Iterator[Line]:
    """The heading and, for all but a brief deletion, the attributes."""
    symbol = SYMBOLS[change.action]
    style = f"{change.action}"
    heading = [
        Span(f"{symbol:>3} ", style),
        Span(change.address, f"{style}.address"),
        Span(f"  {deed(change)}", style),
    ]
    if change.at:
        heading.append(Span(f"  {change.at}", "place"))
    yield tuple(heading)
    yield line("      ", Span(why(change), "dim"))
    yield from _reach(change, verbose)
    for number, step in enumerate(change.steps, 1):
        yield line("      ", Span(f"step {number}: {step}", "dim"))
    if change.action is Action.DELETE and not verbose:
        return
    for attribute in change.attributes:
        yield from indented(_attribute(change, attribute, verbose), 6)


def _reach(change: ChangeView, verbose: bool) -> Iterator[Line]:
    reach = reach_of(change.address, change.reaches)
    if reach and verbose:
        more = f" and {len(change.reaches) - _LISTED:,} more" if len(change.reaches) > _LISTED else ""
        reach += f": {', '.join(change.reaches[:_LISTED])}{more}"
    if reach:
        yield line("      ", Span(f"reaches {reach}", "dim"))


def deed(change: ChangeView) -> str:
    words = {
        Action.CREATE: "will be created",
        Action.UPDATE: "will be updated",
        Action.DELETE: "will be DELETED",
        Action.REPLACE: "will be REPLACED (deleted and made again)",
        Action.IMPORT: "will be imported",
        Action.MOVE: f"is renamed from {change.moved_from}",
        Action.FORGET: "will be forgotten, not deleted",
        Action.REFRESH: "is refreshed in state only",
    }
    return "is in CONFLICT" if change.conflict else words[change.action]


def why(change: ChangeView) -> str:
    parts = [change.reason]
    if change.remote_id and change.action is not Action.UPDATE:
        parts.append(f"id {change.remote_id}")
    if change.action is Action.DELETE and change.name:
        parts.append(f"named {change.name!r}")
    return "; ".join(parts)


def _attribute(change: ChangeView, each: AttributeView, verbose: bool) -> Iterator[Line]:
    sign = OPS.get(each.op, "~")
    style = _STYLES.get(sign, "")
    start = [Span(f"{sign} ", style), Span(each.path, "path")]
    end = _end(change, each)
    if each.op == "conflict":
        yield (*start, Span(f": {conflict_words(each)}", "conflict"), *end)
        yield from _conflict(each)
    elif each.op == "reorder":
        yield (*start, Span(": another order"), *end)
        yield line("    ", Span(inline(each.old), "old"), " → ", Span(inline(each.new), "new"))
    elif each.op == "release":
        yield (*start, Span(f": {inline(each.old)} stays, no longer managed"), *end)
    elif each.old is ABSENT or each.new is ABSENT:
        value = each.new if each.old is ABSENT else each.old
        yield from _one_side(start, end, value, style, verbose)
    elif is_text(each.old) or is_text(each.new):
        yield from _texts(start, end, each)
    else:
        yield from _both(start, end, each.old, each.new)


def _end(change: ChangeView, each: AttributeView) -> list[Span]:
    out = []
    if each.cause in SHOWN_CAUSES and change.action is not Action.CREATE:
        out.append(Span(f"  [{each.cause}]", "cause"))
    if each.at and change.action is not Action.CREATE and each.at != change.at:
        out.append(Span(f"  {each.at}", "place"))
    return out


def _one_side(start: list[Span], end: list[Span], value: Shown, style: str, verbose: bool) -> Iterator[Line]:
    short = inline(value)
    if not is_text(value) and (len(short) <= _WIDE or not isinstance(value, dict | list)):
        yield (*start, Span(": "), Span(short, _value_style(value, style)), *end)
        return
    lines = value.removesuffix("\n").split("\n") if isinstance(value, str) else block(value)
    yield (*start, Span(":" if not is_text(value) else f": ({counted(len(lines), 'line')})"), *end)
    limit = len(lines) if verbose or len(lines) <= _BRIEF + 1 else _BRIEF
    for each in lines[:limit]:
        yield line("    ", Span(each, style))
    if limit < len(lines):
        yield line("    ", Span(f"… {len(lines) - limit} more lines (--verbose shows them)", "dim"))


def _both(start: list[Span], end: list[Span], old: Shown, new: Shown) -> Iterator[Line]:
    if isinstance(old, str) and isinstance(new, str) and max(len(old), len(new)) > 2 * _WIDE:
        old, new = windows(old, new)
    before, after = inline(old), inline(new)
    if len(before) + len(after) <= _WIDE:
        yield (
            *start,
            Span(": "),
            Span(before, _value_style(old, "old")),
            Span(" → "),
            Span(after, _value_style(new, "new")),
            *end,
        )
        return
    yield (*start, Span(":"), *end)
    yield from _sides(old, new)


def _sides(old: Shown, new: Shown) -> Iterator[Line]:
    """Two long values one above the other; composites as a diff of their block form."""
    if isinstance(old, dict | list) or isinstance(new, dict | list):
        yield from diff("\n".join(block(old)), "\n".join(block(new)))
        return
    yield from diff(inline(old), inline(new))


def _texts(start: list[Span], end: list[Span], each: AttributeView) -> Iterator[Line]:
    yield (*start, Span(":"), *end)
    yield from diff(as_text(each.old), as_text(each.new))


def as_text(value: Shown) -> str:
    return value if isinstance(value, str) else "" if value is None else "\n".join(block(value))


def diff(old: str, new: str) -> Iterator[Line]:
    """A line diff; changed words carry a style of their own, so that a theme can make them stand out."""
    pending: DiffLine | None = None
    for each in diff_lines(old, new):
        yield line("    ", *_diff_spans(each))
        told = each if each.changed else pending
        if told and told.changed and each.sign == "+":
            yield line("      ", Span(markers(told), PLAIN_ONLY))
        pending = each if each.sign == "-" else None


def _diff_spans(each: DiffLine) -> list[Span]:
    if each.sign == "…":
        return [Span(f"… {each.text}", "dim")]
    style = {"-": "remove", "+": "add"}.get(each.sign, "")
    word = {"-": "remove.word", "+": "add.word"}.get(each.sign, "")
    out, at = [Span(f"{each.sign} ", style)], 0
    for begin, stop in each.changed:
        out += [Span(each.text[at:begin], style), Span(each.text[begin:stop], word)]
        at = stop
    return [*out, Span(each.text[at:], style)]


def _conflict(each: AttributeView) -> Iterator[Line]:
    for label, value, style in conflict_sides(each):
        yield line("    ", Span(f"{label:<20}", "dim"), Span(inline(value), style))


def conflict_words(each: AttributeView) -> str:
    if each.cause is Cause.ROLLBACK:
        return "it was changed at the provider since"
    return "the files and the provider both changed it"


def conflict_sides(each: AttributeView) -> list[tuple[str, Shown, str]]:
    """What is between to decide: a label, the value, its style."""
    live: tuple[str, Shown, str] = ("live (now)", each.old, "")
    if each.cause is Cause.ROLLBACK:
        return [live, ("then", each.new, "new")]
    before = [("applied (last sent)", each.applied, ""), ("seen (right after)", each.seen, "")]
    return [*before, live, ("files", each.new, "new")]


def _value_style(value: Shown, plain: str) -> str:
    if isinstance(value, Mark):
        return value.sort
    return "" if value is ABSENT else plain

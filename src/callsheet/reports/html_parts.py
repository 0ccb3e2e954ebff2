"""One change in a page: a fold with its address, what happens and why, and every attribute."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from callsheet.model.paths import ABSENT
from callsheet.plan.change import Action, Cause
from callsheet.reports.change_lines import (
    OPS,
    SHOWN_CAUSES,
    SYMBOLS,
    conflict_sides,
    conflict_words,
    deed,
    why,
)
from callsheet.reports.html_room import Room
from callsheet.reports.html_values import both_sides, one_side, value
from callsheet.reports.markup import Child, Markup, joined, tag
from callsheet.reports.plan_view import AttributeView, ChangeView
from callsheet.reports.values import inline

_OP_WORDS = {
    "add": "added",
    "change": "changed",
    "remove": "removed",
    "reorder": "another order",
    "release": "no longer managed",
    "conflict": "conflict",
}
_OP_CLASSES = {"+": "create", "-": "delete", "~": "update", "!": "conflict", "×": "forget"}


def sign(symbol: str, name: str) -> Markup:
    """A symbol beside words that say the same."""
    return tag("span", symbol, class_=f"sign {name}", aria_hidden="true")


def spoken(text: str) -> Markup:
    """For who does not see it."""
    return tag("span", text, class_="spoken")


def heading(level: int, *children: Child, **attributes: str) -> Markup:
    return tag(f"h{min(level, 6)}", *children, **attributes)


def of_plan(prefix: str) -> str:
    """What tells the parts of several plans apart; `prefix` is that of a plan's anchors, such as `p2-`."""
    return f" of plan {prefix[1:-1]}" if prefix else ""


def section(
    anchor: str, level: int, title: str, *children: Child, class_: str | None = None, note: str = ""
) -> Markup:
    """A part of the page with a heading; a landmark of that name unless it is within another section."""
    return tag(
        "section",
        heading(level, title, id=f"{anchor}-title"),
        tag("p", note, class_="note") if note else None,
        *children,
        id=anchor,
        class_=class_,
        aria_labelledby=f"{anchor}-title" if level == 2 else None,
    )


def change(
    each: ChangeView, anchor: str, level: int, opened: bool, drifted: Collection[str], room: Room
) -> Markup:
    """`drifted` are the addresses that were changed behind Callsheet's back."""
    moved = drift_of(each, drifted)
    badges = [tag("span", word, class_=f"badge {name}") for word, name in _badges(each, moved)]
    summary = tag(
        "summary",
        sign("!" if each.conflict else SYMBOLS[each.action], "conflict" if each.conflict else each.action),
        heading(level, tag("code", each.address)),
        tag("span", deed(each), class_="deed"),
        *badges,
    )
    steps = [tag("li", step) for step in each.steps]
    attributes = [tag("li", *_attribute(each, one, room)) for one in each.attributes]
    body = tag(
        "div",
        tag("p", why(each), class_="why"),
        tag("p", "declared at ", tag("code", each.at)) if each.at else None,
        tag("ol", *steps, class_="steps") if steps else None,
        tag("ul", *attributes, class_="attributes") if attributes else None,
        class_="body",
    )
    return tag(
        "details",
        summary,
        body,
        class_="change",
        id=anchor,
        open=opened,
        data_action=each.action,
        data_kind=each.kind,
        data_drift="yes" if moved else "no",
    )


def drift_of(each: ChangeView, drifted: Collection[str]) -> bool:
    """Whether the change has to do with what somebody did at the provider."""
    return (
        each.conflict
        or each.address in drifted
        or any(one.cause is Cause.DRIFT or one.op == "conflict" for one in each.attributes)
    )


def _badges(each: ChangeView, moved: bool) -> Iterable[tuple[str, str]]:
    if each.destructive:
        yield "destructive", "delete"
    if each.conflict:
        yield "conflict", "conflict"
    if moved:
        yield "drift", "update"


def _attribute(change: ChangeView, each: AttributeView, room: Room) -> Iterable[Child]:
    symbol = OPS.get(each.op, "~")
    yield sign(symbol, _OP_CLASSES.get(symbol, "update"))
    yield spoken(f"{_OP_WORDS.get(each.op, each.op)}: ")
    yield tag("code", each.path, class_="path")
    made = change.action is Action.CREATE
    if each.cause in SHOWN_CAUSES and not made:
        yield " "
        yield tag("span", str(each.cause), class_="badge cause")
    if each.at and not made and each.at != change.at:
        yield " "
        yield tag("span", each.at, class_="place")
    yield ": "
    yield _sides(each, room)


def _sides(each: AttributeView, room: Room) -> Markup:
    if each.op == "conflict":
        sides = (
            (tag("dt", label), tag("dd", one_side(side, room))) for label, side, _ in conflict_sides(each)
        )
        return joined([conflict_words(each), tag("dl", *(part for pair in sides for part in pair))])
    if each.op == "release":
        return joined([value(each.old, room), " stays, no longer managed"])
    if each.op == "reorder" and len(inline(each.old)) <= 100:
        return joined(["another order: ", value(each.old, room), " → ", value(each.new, room)])
    if each.old is ABSENT or each.new is ABSENT:
        return one_side(each.new if each.old is ABSENT else each.old, room)
    return both_sides(each.path, each.old, each.new, room)

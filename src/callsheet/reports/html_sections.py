"""What a page says of a plan beside its changes: the sum, dangers, policies, drift and findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from callsheet.model.diagnostics import Diagnostic
from callsheet.plan.change import Action
from callsheet.plan.plan import Gate
from callsheet.reports.change_lines import SYMBOLS
from callsheet.reports.counting import counted
from callsheet.reports.drift_view import DriftedView, MovementView, NoticeView
from callsheet.reports.html_parts import section, sign
from callsheet.reports.html_room import Room
from callsheet.reports.html_values import moved
from callsheet.reports.markup import Child, Markup, joined, tag
from callsheet.reports.plan_view import AuthorView, PlanView

_MOST_UNMANAGED = 200
_GATES = {
    "passed": ("✓", "create"),
    "refused": ("✗", "delete"),
    "pending": ("○", "update"),
    "overridden": ("!", "conflict"),
}
_CLASSES = {
    "drifted": "was changed at the provider",
    "missing": "is missing at the provider",
    "unmanaged": "changed only in fields that nobody declared",
}


def summary(view: PlanView, prefix: str, level: int) -> Markup:
    """The counts as a table; actions that nothing asks for are left out."""
    rows = [
        tag("tr", tag("th", sign(symbol, word), f" {word}", scope="row"), tag("td", str(count)))
        for word, symbol, count in _counts(view)
    ]
    table = tag(
        "table",
        tag("caption", "How many resources, by what happens to them"),
        tag("thead", tag("tr", tag("th", "What happens", scope="col"), tag("th", "Resources", scope="col"))),
        tag("tbody", *rows),
        class_="counts",
    )
    prompts = [tag("li", tag("code", name), f" {version}") for name, version in view.prompts]
    return section(
        f"{prefix}summary",
        level,
        "Summary",
        tag("p", view.last_line, class_="last-line"),
        table,
        joined([tag("p", "Prompts of this release:"), tag("ul", *prompts)]) if prompts else None,
        _author(view.author) if view.author else None,
    )


def _author(author: AuthorView) -> Markup:
    voucher = [" (verified by ", tag("code", author.issuer), ")"] if author.issuer else [" (verified)"]
    vouched = voucher if author.verified else [" (unverified)"]
    return tag("p", "Planned by ", tag("code", author.name), *vouched, class_="author")


def _counts(view: PlanView) -> Iterator[tuple[str, str, int]]:
    always = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE)
    for action in Action:
        if view.counts.get(action, 0) or action in always:
            yield str(action), SYMBOLS[action], view.counts.get(action, 0)
    for word, symbol in (("conflicts", "!"), ("drifted", "≠"), ("unmanaged", "?")):
        if view.counts.get(word):
            yield word, symbol, view.counts[word]
    yield "unchanged", "=", view.counts.get("unchanged", 0)


def dangers(view: PlanView, prefix: str, level: int, anchors: Mapping[str, str]) -> Markup | None:
    """What nobody may overlook, before everything else; None where there is nothing."""
    told = (("Refused", view.refusals), ("Still needed", view.pending), ("Overridden", view.overridden))
    rules = [_rule(word, gate) for word, gates in told for gate in gates]
    gone = [
        tag("li", tag("a", tag("code", address), href=f"#{anchors[address]}")) for address in view.destroyed
    ]
    if not rules and not gone:
        return None
    count = f"{counted(len(gone), 'remote object')} will be deleted or replaced"
    summary = tag("summary", sign("-", "delete"), tag("strong", count))
    return section(
        f"{prefix}dangers",
        level,
        "Look here first",
        tag("ul", *rules, class_="plain") if rules else None,
        tag("details", summary, tag("ul", *gone), open=len(gone) <= 20) if gone else None,
        class_="dangers",
    )


def _rule(word: str, gate: Gate) -> Markup:
    return tag(
        "li",
        sign(*_GATES[gate.status]),
        tag("strong", f"{word} ({gate.rule}): "),
        gate.message,
        tag("span", f" To go on: {gate.satisfied_by}", class_="hint") if gate.satisfied_by else None,
    )


def policies(view: PlanView, prefix: str, level: int) -> Markup:
    """Every rule that had something to say, those that passed last."""
    gates = sorted(view.gates, key=lambda gate: gate.status == "passed")
    if not gates:
        return section(f"{prefix}policies", level, "Policies", tag("p", "No rule had anything to say."))
    head = tag("tr", *(tag("th", each, scope="col") for each in ("Rule", "Result", "Why", "To go on")))
    rows = []
    for gate in gates:
        symbol, name = _GATES.get(gate.status, ("•", "update"))
        rows.append(
            tag(
                "tr",
                tag("th", tag("code", gate.rule), scope="row"),
                tag("td", sign(symbol, name), f" {gate.status}"),
                tag("td", gate.message),
                tag("td", gate.satisfied_by or "-"),
            )
        )
    caption = tag("caption", "Rules that had something to say of this plan")
    others = "A rule that it does not touch, as a bound on deletions where nothing is deleted, is not listed."
    return section(
        f"{prefix}policies",
        level,
        "Policies",
        tag("table", caption, tag("thead", head), tag("tbody", *rows), class_="wide"),
        tag("p", others, class_="note"),
    )


def drift(view: PlanView, prefix: str, level: int, anchors: Mapping[str, str], room: Room) -> Markup | None:
    """What changed at the provider since Callsheet last wrote."""
    parts: list[Child] = []
    if view.drift:
        parts.append(tag("ul", *(_drifted(each, anchors, room) for each in view.drift), class_="plain"))
    if view.notices:
        parts.append(tag("p", "Changed by the provider itself, on several resources in the same way:"))
        parts.append(tag("ul", *(_notice(each, room) for each in view.notices)))
    if view.unmanaged:
        parts.append(_unmanaged(view))
    if not parts:
        return None
    note = "Since Callsheet last wrote, by somebody else."
    return section(f"{prefix}drift", level, "Changed at the provider (drift)", *parts, note=note)


def _drifted(each: DriftedView, anchors: Mapping[str, str], room: Room) -> Markup:
    address: Markup = tag("code", each.address)
    if each.address in anchors:
        address = tag("a", address, href=f"#{anchors[each.address]}")
    said = f" {_CLASSES.get(each.classification, each.classification)}"
    known = ", ".join(filter(None, [repr(each.name) if each.name else "", f"id {each.remote_id}"]))
    return tag(
        "li",
        sign("≠", "update"),
        address,
        said,
        tag("span", f" ({known})", class_="note") if each.remote_id else None,
        tag("p", each.acknowledged, class_="note") if each.acknowledged else None,
        tag("ul", *(_movement(one, room) for one in each.movements)) if each.movements else None,
        class_="drifted",
    )


def _movement(each: MovementView, room: Room) -> Markup:
    more = [] if each.managed else ["not declared"]
    more += [each.acknowledged] if each.acknowledged else []
    return tag(
        "li",
        tag("code", each.path, class_="path"),
        ": ",
        moved(each.path, each.seen, each.live, room),
        tag("span", f" ({'; '.join(more)})", class_="note") if more else None,
    )


def _notice(each: NoticeView, room: Room) -> Markup:
    count = len(each.addresses)
    named = ", ".join(each.addresses[:8]) + (f" and {count - 8} more" if count > 8 else "")
    return tag(
        "li",
        f"{each.kind} ",
        tag("code", each.path),
        " ",
        moved(each.path, each.seen, each.live, room),
        f": {named}",
    )


def _unmanaged(view: PlanView) -> Markup:
    items = [
        tag("li", f"{each.kind} ", tag("code", each.remote_id), f" {each.name!r}" if each.name else None)
        for each in view.unmanaged[:_MOST_UNMANAGED]
    ]
    if (more := len(view.unmanaged) - _MOST_UNMANAGED) > 0:
        items.append(tag("li", f"and {more:,} more"))
    said = f"{len(view.unmanaged):,} in the organisation that nobody declares; they are left alone"
    return tag("details", tag("summary", said), tag("ul", *items))


def findings(view: PlanView, prefix: str, level: int) -> Markup | None:
    """Warnings and notes, and what the provider stores in another form."""
    items = [_diagnostic(each) for each in view.diagnostics]
    stored = [
        tag("li", tag("code", address), " ", tag("code", path), f" ({verdict})")
        for address, path, verdict in view.normalised
    ]
    if not items and not stored:
        return None
    return section(
        f"{prefix}findings",
        level,
        "Findings",
        tag("ul", *items, class_="plain") if items else None,
        joined([tag("p", "Stored differently by the provider than sent (no change):"), tag("ul", *stored)])
        if stored
        else None,
    )


def _diagnostic(each: Diagnostic) -> Markup:
    where = [str(part) for part in (each.place, each.address) if part]
    return tag(
        "li",
        sign({"error": "✗", "warning": "!"}.get(each.severity, "i"), f"finding-{each.severity}"),
        tag("strong", f"{each.severity}: "),
        each.summary,
        tag("span", f" at {' in '.join(where)}", class_="place") if where else None,
        tag("p", each.detail) if each.detail else None,
        tag("p", f"→ {each.hint}", class_="hint") if each.hint else None,
    )

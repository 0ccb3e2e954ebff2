"""Drift in Markdown: what moved at the provider, what it changed itself, what nobody declares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from callsheet.reports.counting import counted
from callsheet.reports.drift_view import DriftedView, DriftView, MovementView, NoticeView, UnmanagedView
from callsheet.reports.markdown_change import difference, long_sides, short
from callsheet.reports.markdown_fit import Level, Part, Section
from callsheet.reports.markdown_text import cell, code, prose, tag
from callsheet.reports.plan_view import PlanView
from callsheet.reports.reach import words_of
from callsheet.reports.values import inline

_WHAT = {
    "missing": "is gone at the provider",
    "unmanaged": "changed in fields that nobody manages",
}


def drift_sections(view: PlanView | DriftView) -> list[Section]:
    """Of a plan as of a drift check. What is gone at the provider is vital."""
    missing = [each for each in view.drift if each.classification == "missing"]
    moved = [each for each in view.drift if each.classification != "missing"]
    out = [
        _drifted("### Gone at the provider", missing, vital=1),
        _drifted("### Changed at the provider since Callsheet last wrote (drift)", moved),
        _notices(view.notices),
        _unmanaged(view.unmanaged),
    ]
    if isinstance(view, DriftView):
        out.append(_lines("### Acknowledgements that ended", view.expired))
    else:
        told = [f"{address} {path} ({verdict})" for address, path, verdict in view.normalised]
        out.append(_lines("### Stored differently by the provider than sent (no change)", told))
    return out


def _drifted(title: str, drift: Sequence[DriftedView], *, vital: int = 0) -> Section:
    def rest(parts: Sequence[Part]) -> str:
        return "- " + ", ".join(code(part.name) for part in parts)

    def count(parts: Sequence[Part]) -> str:
        kinds = Counter(part.name.partition("/")[0] for part in parts)
        told = [prose(counted(many, words_of(kind)), 60) for kind, many in kinds.most_common(20)]
        return "- " + ", ".join(told) + (", and others" if len(kinds) > 20 else "")

    parts = [Part(each.address, partial(_resource, each)) for each in drift]
    return Section(title, parts, rest if vital else count, count, vital=vital)


def _resource(each: DriftedView, level: Level) -> str:
    what = _WHAT.get(each.classification, "was changed")
    if level is Level.LINE or not each.movements:
        said = [f"- {code('≠')} {code(each.address)} {what}"]
        said += [code(f"id {each.remote_id}", 100)]
        said += [prose(f"named {each.name!r}", 200)] if each.name else []
        said += [prose(each.acknowledged, 300)] if each.acknowledged else []
        return " · ".join(said)
    count = counted(len(each.movements), "attribute")
    named = f" · {tag(each.name, 200)}" if each.name else ""
    out = [f"<details><summary>{tag('≠')} {tag(each.address)} {what} · {count}{named}</summary>", ""]
    out += [
        code(f"id {each.remote_id}", 100) + (f" · {prose(each.acknowledged)}" if each.acknowledged else "")
    ]
    out += ["", *_table(each.movements, level)]
    if level < Level.NAMES:
        for movement in each.movements:
            if long_sides(movement.seen, movement.live):
                out += ["", f"{code(movement.path)}:", "", *difference(movement.seen, movement.live, level)]
    return "\n".join([*out, "", "</details>"])


def _table(movements: Sequence[MovementView], level: Level) -> Iterator[str]:
    values = level < Level.NAMES
    yield "| attribute |" + (" seen last | live now |" if values else "") + " |"
    yield "|---|" + ("---|---|" if values else "") + "---|"
    for each in movements:
        below = long_sides(each.seen, each.live)
        row = [cell(each.path)]
        if values:
            row += ["see below"] * 2 if below else [short(each.seen), short(each.live)]
        said = [] if each.managed else ["unmanaged"]
        said += [cell(each.acknowledged)] if each.acknowledged else []
        yield f"| {' | '.join([*row, ', '.join(said)])} |"


def _notices(notices: Sequence[NoticeView]) -> Section:
    def told(each: NoticeView, _level: Level) -> str:
        count = len(each.addresses)
        moved = f"{code(inline(each.seen), 200)} → {code(inline(each.live), 200)}"
        return f"- {code(f'{each.kind}.{each.path}')}: {moved} on {counted(count, 'resource')}"

    parts = [Part(each.kind, partial(told, each)) for each in notices]
    title = "### Changed by the provider itself (no drift)"
    return Section(title, parts, _how_many("notice"), _how_many("notice"))


def _unmanaged(objects: Sequence[UnmanagedView]) -> Section:
    counts = Counter(each.kind for each in objects)
    told = ", ".join(prose(counted(count, words_of(kind)), 60) for kind, count in counts.most_common(20))
    parts = [Part("unmanaged", lambda _: f"- {told}")] if objects else []
    return Section("### Not managed here and left alone", parts, _how_many("sort"), _how_many("sort"))


def _lines(title: str, lines: Sequence[str]) -> Section:
    parts = [Part("line", partial(_item, each)) for each in lines]
    return Section(title, parts, _how_many("line"), _how_many("line"))


def _item(text: str, _level: Level) -> str:
    return f"- {prose(text)}"


def _how_many(noun: str) -> Callable[[Sequence[Part]], str]:
    return lambda parts: f"- {counted(len(parts), noun)}"

"""Exports for people: what was taken, which there are, what is damaged, what was removed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from callsheet.reports.counting import counted, form
from callsheet.reports.line import Line, Span, line

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


def taken_lines(told: Mapping[str, Any], *, quiet: bool = False) -> Iterator[Line]:
    export = told["export"]
    if not quiet:
        for kind, count in told["kinds"].items():
            yield line(Span(f"{count:>7}  ", "dim"), kind)
        for kind in told["refused"]:
            yield line(Span("refused  ", "warning"), kind, Span("  the provider would not list it", "dim"))
    where = f"; written to {told['out']}" if "out" in told else ""
    held = f"{counted(export['objects'], 'object')}, {_size(export['bytes'])}"
    summary = f"Export {export['sha256'][:12]}: {held}, kept in {told['store']}{where}."
    yield line(Span(summary, "summary"))


def list_lines(told: Mapping[str, Any], now: datetime, *, quiet: bool = False) -> Iterator[Line]:
    for each in () if quiet else told["exports"]:
        yield line(
            Span(each["sha256"][:12], "path"),
            f"  {_name(each):<26}",
            f"  {_age(each['takenAt'], now):>14}",
            f"  {each['objects']:>6} {form(each['objects'], 'object'):<7}",
            f"  {_size(each['bytes']):>9}",
            Span(f"  {each['verb']} by {each['by']}", "dim"),
        )
    kept = told["retention"]
    days = counted(kept["days"], "day")
    rule = f"one goes when it is older than {days} and more than {kept['keep']} are newer"
    yield line(Span(f"Exports: {len(told['exports'])} in {told['store']}; {rule}.", "summary"))


def verify_lines(told: Mapping[str, Any], *, quiet: bool = False) -> Iterator[Line]:
    for each in told["exports"]:
        name = f"{each['sha256'][:12]}  {_name(each)}"
        if each["whole"]:
            if not quiet:
                unkept = each["uploadsNotKept"]
                was = "was" if unkept == 1 else "were"
                more = f"  {counted(unkept, 'upload')} {was} never kept" if unkept else ""
                held = counted(each["objects"], "object")
                yield line(Span("whole    ", "ok"), name, Span(f"  {held}{more}", "dim"))
            continue
        yield line(Span("damaged  ", "danger"), name)
        for damage in each["damages"]:
            yield line(" " * 9, f"{damage['part']}: {damage['problem']}")
    if told["damaged"]:
        yield line(Span("→ restore the blobs that are named from a backup of the store", "hint"))
    count = len(told["exports"])
    summary = (
        f"{told['damaged']} of {counted(count, 'export')} {_is(told['damaged'])} damaged"
        if told["damaged"]
        else f"{counted(count, 'export')} {_is(count)} whole"
    )
    yield line(Span(f"Verified: {summary}, in {told['store']}.", "summary"))


def prune_lines(told: Mapping[str, Any], *, quiet: bool = False) -> Iterator[Line]:
    for each in () if quiet else told["exports"]:
        yield line(Span(each["sha256"][:12], "path"), f"  {_name(each)}", Span(f"  {each['takenAt']}", "dim"))
    verb = "would be removed" if told["dryRun"] else "removed"
    yield line(
        Span(
            f"Pruned: {counted(len(told['exports']), 'export')} {verb}, {counted(told['blobs'], 'blob')} in "
            f"{told['store']}.",
            "summary",
        )
    )


def _is(count: int) -> str:
    return "is" if count == 1 else "are"


def _name(export: Mapping[str, Any]) -> str:
    return export["run"] or "on demand"


def _age(taken_at: str, now: datetime) -> str:
    try:
        taken = datetime.fromisoformat(taken_at)
    except ValueError:
        return taken_at
    seconds = (now - (taken if taken.tzinfo else taken.replace(tzinfo=UTC))).total_seconds()
    for unit, name in _UNITS:
        if (count := int(seconds // unit)) >= 1:
            return f"{counted(count, name)} ago"
    return "just now"


def _size(size: float) -> str:
    for unit in ("B", "KB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"

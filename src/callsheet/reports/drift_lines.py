"""Drift as lines for a terminal; the same lines serve a plan's drift section and the drift check."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from callsheet.model.paths import ABSENT
from callsheet.reports.change_lines import diff
from callsheet.reports.counting import counted
from callsheet.reports.drift_view import DriftedView, DriftView, MovementView, NoticeView, UnmanagedView
from callsheet.reports.line import EMPTY, Line, Span, indented, line
from callsheet.reports.text_diff import windows
from callsheet.reports.values import inline, is_text

_SIGNS = {"add": "+", "remove": "-"}
_WIDE = 100


def drift_lines(view: DriftView, *, verbose: bool = False, quiet: bool = False) -> Iterator[Line]:
    """The whole report, the summary last; with `quiet` the summary only."""
    if not quiet:
        yield line(Span(view.headline, "headline"))
        yield EMPTY
        for each in view.drift:
            yield from drifted_lines(each, verbose=True)
            yield EMPTY
        yield from notice_lines(view.notices)
        yield from unmanaged_lines(view.unmanaged, verbose)
        for text in view.expired:
            yield line(Span("warning: ", "warning"), text)
    yield line(Span(view.last_line, "summary"))


def drifted_lines(each: DriftedView, verbose: bool) -> Iterator[Line]:
    """One resource. Fields that nobody manages are counted only, unless `verbose`."""
    missing = each.classification == "missing"
    what = {
        "missing": "is GONE at the provider",
        "unmanaged": "changed in fields that nobody manages",
    }.get(each.classification, "was changed")
    style = "danger" if missing else "dim" if each.classification == "unmanaged" else "drift"
    named = f" ({each.name!r}, id {each.remote_id})" if each.name else f" (id {each.remote_id})"
    yield line(Span("  ≠ ", style), Span(each.address, "path"), Span(f"  {what}", style), Span(named, "dim"))
    if each.acknowledged:
        yield line("      ", Span(each.acknowledged, "dim"))
    hidden = 0
    for movement in each.movements:
        if movement.managed or verbose:
            yield from indented(_movement(movement), 6)
        else:
            hidden += 1
    if hidden:
        fields = counted(hidden, "unmanaged field")
        yield line("      ", Span(f"{fields} moved too (kept; see `drift`)", "dim"))


def _movement(each: MovementView) -> Iterator[Line]:
    sign = _SIGNS.get(each.op, "~")
    start = [Span(f"{sign} "), Span(each.path, "path")]
    end = []
    if not each.managed:
        end.append(Span("  [unmanaged]", "dim"))
    if each.acknowledged:
        end.append(Span(f"  [{each.acknowledged}]", "dim"))
    seen, live = each.seen, each.live
    if is_text(seen) or is_text(live):
        yield (*start, Span(":"), *end)
        yield from diff(*(value if isinstance(value, str) else inline(value) for value in (seen, live)))
        return
    if isinstance(seen, str) and isinstance(live, str) and max(len(seen), len(live)) > 2 * _WIDE:
        seen, live = windows(seen, live)
    before, after = inline(seen), inline(live)
    if seen is ABSENT:
        yield (*start, Span(f": {after}"), *end)
    elif live is ABSENT:
        yield (*start, Span(f": {before}"), *end)
    elif len(before) + len(after) <= _WIDE:
        yield (*start, Span(": "), Span(before, "old"), Span(" → "), Span(after, "new"), *end)
    else:
        yield (*start, Span(":"), *end)
        yield line("    ", Span("- ", "remove"), Span(before, "old"))
        yield line("    ", Span("+ ", "add"), Span(after, "new"))


def notice_lines(notices: Sequence[NoticeView]) -> Iterator[Line]:
    if not notices:
        return
    yield line(
        Span("Changed by the provider itself (no drift; the next apply takes it as the baseline)", "section")
    )
    for each in notices:
        count = len(each.addresses)
        who = ", ".join(each.addresses[:3]) + (f" and {count - 3} more" if count > 3 else "")
        yield line(
            "    ",
            Span(f"{each.kind}.{each.path}", "path"),
            f": {inline(each.seen)} → {inline(each.live)}",
            Span(f"  on {who}", "dim"),
        )
    yield EMPTY


def unmanaged_lines(objects: Sequence[UnmanagedView], verbose: bool) -> Iterator[Line]:
    """How many objects of the organisation no file declares; which, with `verbose`."""
    if not objects:
        return
    counts = Counter(each.kind for each in objects)
    told = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    more = "" if verbose else " (--verbose lists them)"
    yield line(Span(f"Not managed here and left alone: {told}{more}", "section"))
    if verbose:
        for each in objects:
            yield line(
                "    ",
                Span(f"{each.kind} ", "dim"),
                f"{each.name or '(no name)'}",
                Span(f"  {each.remote_id}", "dim"),
            )
    yield EMPTY

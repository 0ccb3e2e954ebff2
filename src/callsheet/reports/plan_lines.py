"""A plan as lines for a terminal: changes, then what is worth knowing, the summary last."""

from __future__ import annotations

from collections.abc import Iterator

from callsheet.plan.plan import Gate
from callsheet.reports.change_lines import change_lines
from callsheet.reports.counting import counted
from callsheet.reports.diagnostic_lines import Excerpts, diagnostic_lines, nowhere
from callsheet.reports.drift_lines import drifted_lines, notice_lines, unmanaged_lines
from callsheet.reports.line import EMPTY, Line, Span, line
from callsheet.reports.plan_view import PlanView


def plan_lines(
    view: PlanView, *, verbose: bool = False, quiet: bool = False, excerpts: Excerpts = nowhere
) -> Iterator[Line]:
    """The whole report; with `quiet` only refusals and the summary."""
    if not quiet:
        yield line(Span(view.headline, "headline"))
        if view.prompts:
            named = ", ".join(f"{name} {version}" for name, version in view.prompts)
            yield line(Span(f"  prompts: {named}", "dim"))
        if verbose and (author := view.author):
            voucher = f"verified by {author.issuer}" if author.issuer else "verified"
            vouched = voucher if author.verified else "unverified"
            yield line(Span(f"  planned by {author.name} ({vouched})", "dim"))
        yield EMPTY
        for change in view.changes:
            yield from change_lines(change, verbose)
            yield EMPTY
        yield from _drift(view, verbose)
        yield from _rest(view, verbose, excerpts)
    yield from _dangers(view)
    yield line(Span(view.last_line, "summary"))


def _drift(view: PlanView, verbose: bool) -> Iterator[Line]:
    if not view.drift:
        return
    yield line(Span("Changed at the provider since Callsheet last wrote (drift)", "section"))
    for each in view.drift:
        yield from drifted_lines(each, verbose)
    yield EMPTY


def _rest(view: PlanView, verbose: bool, excerpts: Excerpts) -> Iterator[Line]:
    yield from notice_lines(view.notices)
    yield from unmanaged_lines(view.unmanaged, verbose)
    if view.normalised:
        yield line(Span("Stored differently by the provider than sent (no change)", "section"))
        for address, path, verdict in view.normalised:
            yield line("    ", Span(address, "path"), f" {path} ({verdict})")
        yield EMPTY
    for diagnostic in view.diagnostics:
        yield from diagnostic_lines(diagnostic, excerpts)
        yield EMPTY


def _dangers(view: PlanView) -> Iterator[Line]:
    """What nobody may overlook, right above the last line."""
    if view.destroyed:
        count = len(view.destroyed)
        yield line(Span(f"! {counted(count, 'remote object')} will be deleted or replaced:", "danger"))
        for address in view.destroyed[:20]:
            yield line(Span(f"    - {address}", "danger"))
        if count > 20:
            yield line(Span(f"    … and {count - 20} more, each listed above", "danger"))
    for gate in view.passed:
        yield line(Span(f"  allowed ({gate.rule}): {gate.message}", "dim"))
    for gate in view.overridden:
        yield line(Span(f"! overridden ({gate.rule}): {gate.message}", "warning"))
    for gate in view.pending:
        yield line(Span(f"? still needed ({gate.rule}): {gate.message}", "warning"))
        yield from _to_go_on(gate)
    for gate in view.refusals:
        yield line(Span(f"! refused ({gate.rule}): {gate.message}", "danger"))
        yield from _to_go_on(gate)


def _to_go_on(gate: Gate) -> Iterator[Line]:
    if gate.satisfied_by:
        yield line("    to go on: ", Span(gate.satisfied_by, "hint"))

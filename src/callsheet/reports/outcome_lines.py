"""What an apply came to, as lines: applied, failed, not attempted and why, the summary last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from callsheet.model.diagnostics import Diagnostic, Place, Severity
from callsheet.plan.change import Action
from callsheet.reports.change_lines import SYMBOLS
from callsheet.reports.diagnostic_lines import Excerpts, diagnostic_lines, nowhere
from callsheet.reports.line import EMPTY, Line, Span, indented, line

_DONE = {
    "create": "created",
    "update": "updated",
    "delete": "deleted",
    "replace": "replaced",
    "import": "imported",
    "move": "renamed",
    "forget": "forgotten",
    "refresh": "refreshed in state",
}


def outcome_lines(
    outcome: Mapping[str, Any], *, quiet: bool = False, excerpts: Excerpts = nowhere
) -> Iterator[Line]:
    """The report of an outcome in its JSON form; with `quiet` only failures and the summary."""
    results = outcome["results"]
    if not quiet:
        for each in results:
            if each["status"] == "applied":
                yield from _applied(each)
    stopped = [each for each in results if each["status"] != "applied"]
    for each in stopped:
        yield from _stopped(each, outcome["interrupted"], excerpts)
    for each in outcome["diagnostics"]:
        yield EMPTY
        yield from diagnostic_lines(_diagnostic(each), excerpts)
    if (results and not quiet) or stopped or outcome["diagnostics"]:
        yield EMPTY
    if outcome["interrupted"]:
        yield line(Span("Interrupted: what was under way was finished, nothing new was begun.", "warning"))
    unwritten = outcome.get("unwritten")
    if stopped and not unwritten:
        yield line("State is right: what was applied is recorded. Plan again to see what is left.")
    yield line(Span(last_line(outcome), "danger" if stopped or unwritten else "summary"))


def last_line(outcome: Mapping[str, Any]) -> str:
    """`Applied 3 changes.`, or what was applied, failed and not attempted."""
    applied, failed, left = outcome["applied"], outcome["failed"], outcome["notAttempted"]
    unwritten = f" State does not know of {outcome['unwritten']}." if outcome.get("unwritten") else ""
    if failed or left:
        return f"Apply: {applied} applied, {failed} failed, {left} not attempted.{unwritten}"
    if unwritten:
        return f"Apply: {applied} applied.{unwritten}"
    release = outcome.get("release")
    if not applied:
        return f"Apply: no object changes; it runs {release} now." if release else "Apply: nothing to do."
    runs = f" It runs {release} now." if release else ""
    return f"Apply: {applied} applied, state is at serial {outcome['serial']}.{runs}"


def _applied(each: Mapping[str, Any]) -> Iterator[Line]:
    action = each["action"]
    known = f"  id {each['remoteId']}" if each.get("remoteId") else ""
    yield line(
        Span(f"{SYMBOLS[Action(action)]:>3} ", action),
        Span(each["address"], f"{action}.address"),
        Span(f"  {_DONE[action]}", action),
        Span(known, "dim"),
    )
    for diagnostic in each.get("diagnostics", ()):
        yield from indented(diagnostic_lines(_diagnostic(diagnostic)), 6)


def _stopped(each: Mapping[str, Any], interrupted: bool, excerpts: Excerpts) -> Iterator[Line]:
    failed = each["status"] == "failed"
    said = f"  {each['action']} FAILED" if failed else f"  {each['action']} not attempted"
    yield line(
        Span("  ✗ " if failed else "  · ", "danger" if failed else "dim"),
        Span(each["address"], "path"),
        Span(said, "danger" if failed else "dim"),
    )
    for diagnostic in each.get("diagnostics", ()):
        yield from indented(diagnostic_lines(_diagnostic(diagnostic), excerpts), 6)
    if not failed and not each.get("diagnostics"):
        why = "the run was interrupted" if interrupted else "something that it waits for did not get done"
        yield line("      ", Span(why, "dim"))


def _diagnostic(data: Mapping[str, Any]) -> Diagnostic:
    return Diagnostic(
        Severity(data["severity"]),
        data["code"],
        data["summary"],
        data.get("detail", ""),
        data.get("hint", ""),
        Place(data["at"]) if data.get("at") else None,
        data.get("address"),
    )

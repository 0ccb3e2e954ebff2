"""Environments side by side: a matrix, one column each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from callsheet.reports.counting import counted
from callsheet.reports.line import EMPTY, Line, Span, line
from callsheet.reports.release_lines import origin_of

NONE = "-"
_WIDEST = {"wanted": 32, "last run": 48}


def status_lines(told: Mapping[str, Any]) -> Iterator[Line]:
    """The matrix, the prompts beneath it, then what could not be read."""
    found = told["environments"]
    yield from _table(
        [(name, [_cut(cell, _WIDEST.get(name)) for cell in cells]) for name, cells in matrix(told)]
    )
    if told["prompts"]:
        yield EMPTY
        skewed = {each["name"] for each in told["prompts"] if not each["aligned"]}
        yield line(Span("Prompts", "section"))
        yield from _table(prompt_rows(told), skewed)
    for each in found:
        if each["hold"]:
            said = f"! {each['name']} is held: run {each['hold']['run']} rolled files back"
            yield line(Span(said, "danger"))
        for problem in each["problems"]:
            yield line(Span("error: ", "error"), f"{each['name']}: {problem['summary']}")
            if hint := problem.get("hint"):
                yield line("    ", Span(f"→ {hint}", "hint"))


def matrix(told: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Names of rows with a cell per environment; the first row has their names. Empty rows are left out."""
    found = told["environments"]
    rows = [
        ("", [each["name"] for each in found]),
        ("runs", [_runs(each) for each in found]),
        ("from", [origin_of(each["origin"]) if each["origin"] else NONE for each in found]),
        ("behind", [_behind(each) for each in found]),
        ("wanted", [each["wanted"] or NONE for each in found]),
        ("resources", [NONE if each["resources"] is None else str(each["resources"]) for each in found]),
        ("drift", [_drift(each) for each in found]),
        ("last run", [_last(each) for each in found]),
    ]
    return [row for row in rows if row[0] in ("", "runs") or any(cell != NONE for cell in row[1])]


def prompt_rows(told: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """The version of each prompt per environment."""
    names = [each["name"] for each in told["environments"]]
    return [(each["name"], [each["versions"][name] or NONE for name in names]) for each in told["prompts"]]


def _table(rows: Sequence[tuple[str, Sequence[str]]], skewed: Set[str] = frozenset()) -> Iterator[Line]:
    if not rows:
        return
    widths = [max(len(row[1][column]) for row in rows) for column in range(len(rows[0][1]))]
    first = max(len(name) for name, _ in rows)
    for name, cells in rows:
        padded = "   ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()
        tail = Span("   skewed", "warning") if name in skewed else ""
        style = "headline" if not name else ""
        yield line(Span(f"  {name:<{first}}   ", "dim"), Span(padded, style), tail)


def _runs(each: Mapping[str, Any]) -> str:
    if each["follows"] == "tree":
        return "the working tree"
    return f"v{each['version']}" if each["version"] else "nothing yet"


def _behind(each: Mapping[str, Any]) -> str:
    behind = each["behind"]
    if not behind:
        return NONE
    if not behind["files"]:
        return f"as {behind['of']}"
    versions = f"{counted(behind['versions'], 'version')}, " if behind["versions"] else ""
    return f"{versions}{counted(behind['files'], 'file')} behind {behind['of']}"


def _drift(each: Mapping[str, Any]) -> str:
    drift = each["drift"]
    if drift is None:
        return NONE
    return f"{drift['managed']} drifted" if drift["managed"] else "none"


def _last(each: Mapping[str, Any]) -> str:
    last = each["lastRun"]
    if not last:
        return NONE
    ended = f"{last['endedAt'] or 'killed'}"
    return f"{last['verb']} {ended}" + ("" if last["exitCode"] == 0 else f" (exit {last['exitCode']})")


def _cut(text: str, width: int | None) -> str:
    return text if width is None or len(text) <= width else f"{text[: width - 1]}…"

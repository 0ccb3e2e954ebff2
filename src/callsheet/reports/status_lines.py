"""Environments side by side: a matrix, one column each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from callsheet.reports.line import EMPTY, Line, Span, line
from callsheet.reports.release_lines import origin_of

_WIDEST = 32
_NONE = "-"


def status_lines(told: Mapping[str, Any]) -> Iterator[Line]:
    """The matrix, the prompts beneath it, then what could not be read."""
    found = told["environments"]
    rows = [
        ("", [each["name"] for each in found]),
        ("runs", [_runs(each) for each in found]),
        ("from", [origin_of(each["origin"]) if each["origin"] else _NONE for each in found]),
        ("behind", [_behind(each) for each in found]),
        ("wanted", [_cut(each["wanted"] or _NONE) for each in found]),
        ("resources", [_NONE if each["resources"] is None else str(each["resources"]) for each in found]),
        ("drift", [_drift(each) for each in found]),
        ("last run", [_last(each) for each in found]),
    ]
    rows = [row for row in rows if row[0] in ("", "runs") or any(cell != _NONE for cell in row[1])]
    yield from _table(rows, ())
    if told["prompts"]:
        yield EMPTY
        names = [each["name"] for each in found]
        prompts = [
            (each["name"], [each["versions"][name] or _NONE for name in names]) for each in told["prompts"]
        ]
        skewed = {each["name"] for each in told["prompts"] if not each["aligned"]}
        yield line(Span("Prompts", "section"))
        yield from _table(prompts, skewed)
    for each in found:
        if each["hold"]:
            said = f"! {each['name']} is held: run {each['hold']['run']} rolled files back"
            yield line(Span(said, "danger"))
        for problem in each["problems"]:
            yield line(Span("error: ", "error"), f"{each['name']}: {problem['summary']}")
            if hint := problem.get("hint"):
                yield line("    ", Span(f"→ {hint}", "hint"))


def _table(rows: Sequence[tuple[str, Sequence[str]]], marked: object) -> Iterator[Line]:
    if not rows:
        return
    widths = [max(len(row[1][column]) for row in rows) for column in range(len(rows[0][1]))]
    first = max(len(name) for name, _ in rows)
    skewed = marked if isinstance(marked, set) else set()
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
        return _NONE
    if not behind["files"]:
        return f"as {behind['of']}"
    versions = f"{behind['versions']} versions, " if behind["versions"] else ""
    return f"{versions}{behind['files']} files behind {behind['of']}"


def _drift(each: Mapping[str, Any]) -> str:
    drift = each["drift"]
    if drift is None:
        return _NONE
    return f"{drift['managed']} drifted" if drift["managed"] else "none"


def _last(each: Mapping[str, Any]) -> str:
    last = each["lastRun"]
    if not last:
        return _NONE
    ended = f"{last['endedAt'] or 'killed'}"
    return _cut(
        f"{last['verb']} {ended}" + ("" if last["exitCode"] == 0 else f" (exit {last['exitCode']})"), 48
    )


def _cut(text: str, width: int = _WIDEST) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"

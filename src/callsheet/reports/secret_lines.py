"""References to secrets for the terminal: each with ok, or why not. No values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from callsheet.reports.counting import counted
from callsheet.reports.line import Line, Span, line

_SHOWN = 3


def check_lines(told: Mapping[str, Any], quiet: bool) -> Iterator[Line]:
    """`told` is the document of `secrets check`. With `quiet`, what resolves is left out."""
    reasons: set[str] = set()
    for each in told["references"]:
        problem = each.get("problem")
        if quiet and not problem:
            continue
        status = Span("fail    ", "danger") if problem else Span("ok      ", "ok")
        yield line(status, Span(each["reference"], "path"), Span(f"  {_uses(each['uses'])}", "dim"))
        if problem:
            yield line(" " * 8, problem["summary"])
            # A Vault that is down is one reason for forty references.
            if problem["summary"] not in reasons:
                reasons.add(problem["summary"])
                if detail := problem.get("detail"):
                    yield line(" " * 8, Span(detail, "dim"))
                if hint := problem.get("hint"):
                    yield line(" " * 8, Span(f"→ {hint}", "hint"))
    number, bad = told["summary"]["references"], told["summary"]["unresolved"]
    if bad:
        do = "does" if bad == 1 else "do"
        said = f"{bad} of {counted(number, 'reference')} {do} not resolve in {told['environment']}."
    elif number:
        all_of_it = "The one reference resolves" if number == 1 else f"All {number:,} references resolve"
        said = f"{all_of_it} in {told['environment']}."
    else:
        said = f"{told['environment']} refers to no secrets."
    yield line(Span(f"Secrets: {said}", "summary"))


def _uses(uses: Sequence[Mapping[str, str]]) -> str:
    shown = [f"{use['by']} ({use['at']})" if "at" in use else use["by"] for use in uses[:_SHOWN]]
    more = f" and {len(uses) - _SHOWN} more" if len(uses) > _SHOWN else ""
    return f"{', '.join(shown)}{more}"

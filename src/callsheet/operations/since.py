"""Since: what the exports of the runs between one and now tell, and for which runs there is none any more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from callsheet.exports.export import Export
from callsheet.exports.index import listed
from callsheet.exports.moments import Moments, moments
from callsheet.model.diagnostics import Diagnostic, warning
from callsheet.operations.holds import first_since
from callsheet.operations.session import Session

_SHOWN = 5


def read_since(session: Session, export: Export, runs: Sequence[Mapping[str, Any]]) -> Moments:
    """The moments of the runs since the export was taken. Those that are gone are `lost`."""
    known = listed(session.store, export.environment)
    at = next((at for at, each in enumerate(known) if each.sha256 == export.sha256), len(known))
    found = moments(session.store, export.environment, known[at + 1 :], str(export.lineage))
    there = {each.sha256 for each in known}
    gone = {
        run["export"]
        for run in runs[first_since(runs, export) :]
        if run["export"] and run["export"] not in there
    }
    return Moments(found.found, found.lost | gone)


def untold(runs: Sequence[Mapping[str, Any]], since: Moments) -> Iterator[Diagnostic]:
    """One warning where an edit of somebody else cannot be told from what a run did."""
    names = {run["export"]: run["id"] for run in runs}
    lost = sorted(names.get(each, each[:12]) for each in since.lost)
    if lost:
        more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
        yield warning(
            "rollback.edits-untold",
            f"no export can be read any more of what was right before {', '.join(lost[:_SHOWN])}{more}",
            detail="What somebody edited before one of these runs cannot be told from what the run did, "
            "so it may go back without being a conflict.",
            hint="look through the plan for what no run of yours has set",
        )

"""`runs list|show|verify`: what every run left in the audit, and whether that is still what it left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callsheet.apply.accounting import untold
from callsheet.audit.check import Checked, check
from callsheet.audit.log import Head, Line, Log
from callsheet.audit.tape import unpacked
from callsheet.model.diagnostics import nearest
from callsheet.model.errors import DONE, ERROR, CallsheetError, StateError
from callsheet.operations.session import Session

LIST, SHOW, VERIFY = "callsheet.runs/1", "callsheet.run/1", "callsheet.runs-verify/1"
# Runs may end while they are looked at; so often it is looked again before that is called a finding.
_LOOKS = 3


def listed(session: Session, limit: int | None = None) -> dict[str, Any]:
    """Every run with what it came to, the newest first; JSON. No more than `limit`, if it is given."""
    lines = _log(session).lines()
    runs = [_brief(line.record) for line in reversed(lines) if line.record]
    return {
        "format": LIST,
        "environment": session.environment.name,
        "store": session.ledger.where,
        "total": len(runs),
        "unreadable": sum(line.record is None for line in lines),
        "unrecorded": _unrecorded(session),
        "runs": runs[:limit],
    }


def shown(session: Session, run: str, *, requests: bool) -> dict[str, Any]:
    """The whole record of one run. CallsheetError where `run` is the beginning of none, or of several."""
    log = _log(session)
    line = _named(session, [line for line in log.lines() if line.record], run)
    record = line.record or {}
    out: dict[str, Any] = {"format": SHOW, "digest": line.digest, "record": dict(record)}
    if requests:
        out["requests"] = _requests(log, record)
    return out


def verified(session: Session) -> dict[str, Any]:
    """What was checked, and everything that is wrong with it; JSON."""
    log, found = _log(session), Checked(0, 0, ())
    for _ in range(_LOOKS):
        state = session.ledger.load()
        head = Head.from_json(state.audit)
        found = check(log, state.lineage, head)
        if not found.findings or session.ledger.load().audit == state.audit:
            break
    return {
        "format": VERIFY,
        "environment": state.environment,
        "store": session.ledger.where,
        "lineage": state.lineage,
        "records": found.records,
        "requests": found.requests,
        "count": head.count,
        "head": head.digest,
        "ahead": found.ahead,
        "unrecorded": state.run["id"] if state.run and untold(state) and not found.ahead else None,
        "earlier": dict(found.earlier),
        "findings": [each.to_json() for each in found.findings],
    }


def exit_code(verified: Mapping[str, Any]) -> int:
    return ERROR if verified["findings"] else DONE


def _log(session: Session) -> Log:
    return Log(session.store, session.environment.name)


def _brief(record: Mapping[str, Any]) -> dict[str, Any]:
    outcome = record["outcome"]
    counts = {key: outcome.get(key) for key in ("ended", "exitCode", "applied", "failed", "notAttempted")}
    kept = {key: record[key] for key in ("number", "run", "verb", "startedAt", "endedAt", "who", "export")}
    return {**kept, **counts}


def _unrecorded(session: Session) -> dict[str, Any] | None:
    """The run that state knows of and the log does not; None too where state cannot be read."""
    try:
        state = session.ledger.load()
    except StateError:
        return None
    if state.run is None or not untold(state):
        return None
    run = state.run
    told = {"run": run["id"], "verb": run.get("mode"), "startedAt": run.get("at"), "by": run.get("by")}
    return {**told, "verified": bool(run.get("verified"))}


def _named(session: Session, lines: list[Line], text: str) -> Line:
    runs = {str(line.record["run"]): line for line in lines if line.record}
    if text in runs:
        return runs[text]
    # The end of an id tells runs of one day apart sooner than its beginning, which is the time.
    found = [
        run for run in runs if text and (run.startswith(text) or run.rpartition("-")[2].startswith(text))
    ]
    if len(found) == 1:
        return runs[found[0]]
    where = f"the audit of {session.environment.name}"
    if found:
        raise CallsheetError(
            f"{len(found)} runs in {where} begin with {text!r}",
            detail=f"They are {', '.join(sorted(found)[:10])}{', …' if len(found) > 10 else '.'}",
            hint="give more of the id",
            code="runs.ambiguous",
        )
    raise CallsheetError(
        f"{where} has no run {text!r}",
        hint=nearest(text, runs) or f"callsheet runs list --env {session.environment.name}",
        code="runs.unknown",
    )


def _requests(log: Log, record: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """The requests of a run, or None where they are not known: it was killed."""
    told = record["requests"]
    if told is None or told["sha256"] is None:
        return None if told is None else []
    try:
        return unpacked(log.kept(told["sha256"]))
    except ValueError:
        raise StateError(
            f"the requests of run {record['run']} are damaged",
            hint="callsheet runs verify",
            code="audit.requests",
        ) from None

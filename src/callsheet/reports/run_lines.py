"""Runs as lines: the list of them, one record, and what checking them came to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from callsheet.model.principal import marked
from callsheet.reports.change_lines import SYMBOLS
from callsheet.reports.counting import counted
from callsheet.reports.line import EMPTY, Line, Span, line

_MARGIN = 12
_FOUND = {
    "adopted": "had happened; the object was taken over",
    "confirmed": "was under way",
    "gone": "had happened",
    "not_done": "had not happened",
}


def list_lines(told: Mapping[str, Any]) -> Iterator[Line]:
    """The newest first, one line each."""
    if unrecorded := told["unrecorded"]:
        said = f"{unrecorded['run']}  has no record: it is under way, or ended without a word"
        yield line(Span(said, "warning"))
    for each in told["runs"]:
        export = f"  export {each['export'][:12]}" if each["export"] else ""
        yield line(
            each["run"],
            Span(
                f"  {each['startedAt'] or '?'}  {marked(each['who']['name'], each['who']['verified'])}", "dim"
            ),
            f"  {each['verb']}: ",
            Span(_outcome(each), "" if each["exitCode"] == 0 else "warning"),
            Span(export, "dim"),
        )
    if told["unreadable"]:
        said = f"Lines of the log that are no records: {told['unreadable']}; see callsheet runs verify."
        yield line(Span(said, "error"))
    shown, total = len(told["runs"]), told["total"]
    more = f"; {shown} shown, --limit N shows more" if shown < total else ""
    yield line(Span(f"Runs of {told['environment']}: {total} in {told['store']}{more}.", "summary"))


def record_lines(told: Mapping[str, Any]) -> Iterator[Line]:
    """One record, and its requests where they were asked for."""
    record = told["record"]
    who, what, outcome = record["who"], record["what"], record["outcome"]
    yield line(Span(f"Run {record['run']}: {record['verb']} of {record['environment']}", "message"))
    how = f"by {who['how']}, " if who["how"] else ""
    yield _field(
        "who", f"{who['name']} ({how}{'verified' if who['verified'] else 'unverified'}) on {who['host']}"
    )
    ended = record["endedAt"] or "nobody knows when"
    yield _field("when", f"{record['startedAt'] or '?'} to {ended}")
    yield _field("estate", _estate(record))
    if what["plan"]:
        yield _field("plan", what["plan"] + _counts(what["summary"] or {}))
    if what["source"]:
        yield _field("source", _source(what["source"]))
    for each in what.get("signOffs", ()):
        by = each["by"]
        mark = "" if by.get("verified") else " (unverified)"
        yield _field("signed off", f"{by['name']}{mark}, {each['at']}")
    if ticket := what.get("ticket"):
        yield _field("ticket", ticket)
    for each in what.get("overrides", ()):
        yield _field("overridden", f"{each['rule']}: {each['reason']}")
    for key, value in (what.get("subject") or {}).items():
        yield _field(key, ", ".join(map(_subject, value)) if isinstance(value, list) else str(value))
    if record["export"]:
        yield _field("export", record["export"])
    serial = record["serial"]
    yield _field("serial", f"{'?' if serial['before'] is None else serial['before']} to {serial['after']}")
    yield _field("requests", _requests(record["requests"]))
    yield _field("outcome", _outcome(outcome))
    for each in outcome.get("found", ()):
        yield _field("", f"found: the {each['call']} of {each['address']} {_FOUND[each['outcome']]}")
    for each in outcome.get("results", ()):
        codes = f": {', '.join(each['codes'])}" if each["codes"] else ""
        status = each["status"].replace("_", " ")
        identity = f"  {each['remoteId']}" if each["remoteId"] else ""
        mark = SYMBOLS.get(each["action"], "")
        yield _field("", f"{mark} {each['address']}  {status}{codes}{identity}".lstrip())
    if codes := outcome.get("codes"):
        yield _field("told", ", ".join(codes))
    if "requests" in told:
        yield EMPTY
        yield from _request_lines(told["requests"])
    yield line(Span(f"Record {record['number']}, sealed {told['digest']}.", "summary"))


def verify_lines(told: Mapping[str, Any]) -> Iterator[Line]:
    """What is wrong, and then what was checked."""
    for each in told["findings"]:
        yield line(Span("error: ", "error"), Span(each["summary"], "message"))
    if told["ahead"]:
        yield line(
            "The last record is not known to state yet: its run ended in between. The next run tells it."
        )
    if told["unrecorded"]:
        yield line(f"Run {told['unrecorded']} has no record yet: it is under way, or ended without a word.")
    for lineage, count in told["earlier"].items():
        records = f"{counted(count, 'record')} {'is' if count == 1 else 'are'}"
        said = f"{records} of the earlier estate {lineage}, of which state knows nothing."
        yield line(Span(said, "dim"))
    name = told["environment"]
    checked = f"{counted(told['records'], 'record')} and the requests of {told['requests']}"
    if told["findings"]:
        found = counted(len(told["findings"]), "finding")
        yield line(Span(f"Audit of {name}: {found} in {checked}.", "danger"))
    else:
        head = f", up to {told['head']}" if told["head"] else ""
        yield line(Span(f"Audit of {name}: {checked} are what was written{head}.", "summary"))


def _subject(value: Any) -> str:
    return " ".join(map(str, value.values())) if isinstance(value, dict) else str(value)


def _field(name: str, text: str) -> Line:
    return line("  ", Span(name.ljust(_MARGIN), "dim"), text)


def _outcome(told: Mapping[str, Any]) -> str:
    if told["ended"] == "without_a_word":
        return "ended without a word"
    counts = (
        (told["applied"], "applied"),
        (told["failed"], "failed"),
        (told["notAttempted"], "not attempted"),
    )
    said = ", ".join(f"{count} {what}" for count, what in counts if count)
    # What changes state alone, or begins with nothing to change, has no counts.
    said = said or ("nothing applied" if told["exitCode"] else "done")
    code = f" (exit {told['exitCode']})" if told["exitCode"] else ""
    return ("interrupted: " if told["ended"] == "interrupted" else "") + said + code


def _estate(record: Mapping[str, Any]) -> str:
    target = record["target"] or {}
    parts = [f"lineage {record['lineage']}"]
    if record["organisation"]:
        parts.append(f"organisation {record['organisation']}")
    if target.get("baseUrl"):
        parts.append(f"{target.get('provider')} at {target['baseUrl']}")
    return ", ".join(parts)


def _counts(summary: Mapping[str, int]) -> str:
    said = ", ".join(f"{key} {count}" for key, count in summary.items() if count)
    return f" ({said})" if said else ""


def _source(source: Mapping[str, Any]) -> str:
    git = source.get("git") or {}
    dirty = ", with changes that are not in it" if git.get("dirty") else ""
    commit = f" (commit {git['sha']}{dirty})" if git.get("sha") else ""
    return f"{source.get('kind', '')} {source.get('digest', '')}{commit}".strip()


def _requests(told: Mapping[str, Any] | None) -> str:
    return "not known" if told is None else f"{told['count']}, of which {told['writes']} write"


def _request_lines(requests: Sequence[Mapping[str, Any]] | None) -> Iterator[Line]:
    for each in requests or ():
        status = "no answer" if each["status"] is None else str(each["status"])
        why = f" ({each['why']})" if each["why"] else ""
        yield line(
            Span(f"{each['at']}  ", "dim"),
            f"{each['method']} {each['path']} → {status}{why}",
            Span(f"  {each['seconds']} s", "dim"),
        )

"""The check: what was changed, removed, reordered, repeated or cut off in a log, by number and run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from callsheet.audit.log import Head, Line, Log, follows
from callsheet.audit.tape import unpacked
from callsheet.model.errors import StateError

# A store that says one of these was reached, and does not have what was kept.
_GONE = ("state.missing", "state.damaged", "state.unreadable", "state.name")


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong with the records `number` to `last`; `run` names a single one, if known."""

    number: int
    last: int
    code: str
    said: str
    run: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "number": self.number,
            "last": self.last,
            "run": self.run,
            "summary": self.said,
        }


@dataclass(frozen=True, slots=True)
class Checked:
    """What a log came to. `requests` counts the records whose requests were read; `ahead`: the log holds
    the record of a run that ended before it told state; `earlier` counts records of earlier estates."""

    records: int
    requests: int
    findings: tuple[Finding, ...]
    ahead: bool = False
    earlier: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A line with the number that it has, or must have had."""

    number: int
    line: Line

    def was(self, digest: object) -> bool:
        """Whether it is the record of that digest, or was: the seal of changed content still says so."""
        return digest == self.line.digest or (self.line.record is None and digest == self.line.seal)

    @property
    def run(self) -> str | None:
        run = (self.line.data or {}).get("run")
        return run if isinstance(run, str) else None

    def __str__(self) -> str:
        return f"record {self.number}" + (f" (run {self.run})" if self.run else "")

    def wrong(self, code: str, said: str) -> Finding:
        return Finding(self.number, self.number, code, f"{self} {said}", self.run)


def check(log: Log, lineage: str | None, head: Head) -> Checked:
    """Everything that can be found wrong with a log, given what state knows of it."""
    lines = log.lines()
    chains = _chains(lines, lineage or "", head)
    ours = chains.pop(lineage or "", [])
    found = [*_broken(ours), *_against_state(ours, head, lineage or "")]
    for each, placed in chains.items():
        of = f", of the earlier estate {each}"
        found += [replace(finding, said=finding.said + of) for finding in _broken(placed)]
    read, missing = _requests(log, [line.record for line in lines if line.record])
    return Checked(
        len(lines),
        read,
        tuple(sorted({*found, *missing}, key=lambda each: (each.number, each.code, each.said))),
        _ahead(ours, head, lineage or ""),
        {each: len(placed) for each, placed in chains.items()},
    )


def _chains(lines: Sequence[Line], lineage: str, head: Head) -> dict[str, list[_Placed]]:
    """The lines in the log's order, by lineage; those that are not what was sealed go where they were."""
    records = [line.record for line in lines if line.record]
    named = {record["previous"]: record for record in records if isinstance(record.get("previous"), str)}
    taken = {(record["lineage"], record["number"]) for record in records}
    out: dict[str, list[_Placed]] = {}
    here, number = lineage, 0
    for line in lines:
        if line.record:
            here, number = line.record["lineage"], line.record["number"]
        elif after := named.get(line.seal):
            here, number = after["lineage"], after["number"] - 1
        elif line.seal == head.digest:
            here, number = lineage, head.count
        else:
            number += 1
            while (here, number) in taken:
                number += 1
        taken.add((here, number))
        out.setdefault(here, []).append(_Placed(number, line))
    return out


def _broken(placed: Sequence[_Placed]) -> Iterator[Finding]:
    """What is wrong with one chain in itself."""
    for each in placed:
        if not each.line.record:
            why = "is no record any more" if each.line.data is None else "was changed: its seal does not fit"
            yield each.wrong("audit.changed", why)
    by_number = {each.number: each for each in placed}
    times = Counter(each.number for each in placed)
    for number, count in times.items():
        if count > 1:
            yield by_number[number].wrong("audit.repeated", f"is there {count} times")
    present = sorted(by_number)
    for before, number in zip([0, *present], present, strict=False):
        if number > before + 1:
            yield _gone(before + 1, number - 1, "audit.removed", "removed")
    if len(present) == len(placed):
        for each, wanted in zip(placed, present, strict=True):
            if each.number != wanted:
                yield each.wrong("audit.reordered", f"stands in the place of record {wanted}")
    for number in present:
        yield from _link(by_number.get(number - 1), by_number[number])


def _link(before: _Placed | None, each: _Placed) -> Iterator[Finding]:
    """Whether a record names the one before it."""
    record = each.line.record
    if record is None or (each.number > 1 and before is None):
        return
    if before is None and record.get("previous") is not None:
        yield each.wrong("audit.changed", "names one before it, and is the first")
    elif before is not None and not before.was(record.get("previous")):
        yield before.wrong("audit.changed", f"is not the one before {each}: one of the two was changed")


def _against_state(placed: Sequence[_Placed], head: Head, lineage: str) -> Iterator[Finding]:
    """What is wrong with the chain of the estate that state is about, by what state knows of it."""
    top = max((each.number for each in placed), default=0)
    if top < head.count:
        finding = _gone(top + 1, head.count, "audit.cut-off", "cut off")
        yield replace(finding, run=head.run) if top + 1 == head.count else finding
    for each in placed:
        if each.number == head.count and not each.was(head.digest):
            yield each.wrong(
                "audit.head", "is not the last one that state knows: it, or the whole log, was written anew"
            )
    if not _ahead(placed, head, lineage):
        for each in placed:
            if each.number > head.count:
                yield each.wrong("audit.unknown", f"is unknown to state, which knows {head.count}")


def _ahead(placed: Sequence[_Placed], head: Head, lineage: str) -> bool:
    """Whether the last line is the one record that a run may have written without telling state."""
    beyond = [each for each in placed if each.number > head.count]
    if len(beyond) != 1 or beyond[0] is not placed[-1]:
        return False
    record = placed[-1].line.record
    return record is not None and follows(record, head, lineage)


def _gone(first: int, last: int, code: str, how: str) -> Finding:
    said = f"record {first} was {how}" if first == last else f"records {first} to {last} were {how}"
    return Finding(first, last, code, said)


def _requests(log: Log, records: Iterable[Mapping[str, Any]]) -> tuple[int, list[Finding]]:
    """How many records' requests are whole, and what is wrong with the others."""
    read, out = 0, []
    for record in records:
        told = record.get("requests")
        if not isinstance(told, Mapping) or told.get("sha256") is None:
            continue
        try:
            count = len(unpacked(log.kept(str(told["sha256"]))))
            wrong = "" if count == told.get("count") else f"are {count}, not {told.get('count')}"
        except StateError as cause:
            if cause.diagnostics[0].code not in _GONE:
                raise
            wrong = f"are gone: {cause.diagnostics[0].summary}"
        except ValueError:
            wrong = "are damaged"
        if wrong:
            number, run = record["number"], record["run"]
            said = f"the requests of record {number} (run {run}) {wrong}"
            out.append(Finding(number, number, "audit.requests", said, run))
        else:
            read += 1
    return read, out

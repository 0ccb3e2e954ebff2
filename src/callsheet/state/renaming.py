"""Renaming: an object gets another address in state, and what refers to it follows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from callsheet.model.address import Address, is_name
from callsheet.model.canonical import plain
from callsheet.model.errors import CallsheetError
from callsheet.model.value import Ref, Value, transform
from callsheet.state.record import Record
from callsheet.state.selecting import check_settled, referring, select
from callsheet.state.snapshot import Entry, State


@dataclass(frozen=True, slots=True)
class Renaming:
    """Old and new addresses in pairs, the other records that change with them, and all of it as one entry."""

    moved: tuple[tuple[Record, str], ...]
    following: tuple[str, ...]
    entry: Entry

    @property
    def about(self) -> dict[str, Any]:
        """What is renamed, for programs and for the audit."""
        moved = [
            {"from": record.address, "to": name, "remoteId": record.remote_id} for record, name in self.moved
        ]
        return {"moved": moved, "following": list(self.following)}


def rename(state: State, source: Address, target: Address) -> Renaming:
    """What it takes to call `source` `target`: a document with all its parts, or one part.

    CallsheetError where that cannot be; Stale while the journal is unfinished, as it knows old names too.
    """
    _check(state, source, target)
    records = select(state, source)
    names = {record.address: _renamed(record.address, source, target) for record in records}
    taken = [name for name in names.values() if name in state.records]
    if not target.part:
        taken += [key for key in state.records if Address.parse(key).document == target and key not in taken]
    if taken:
        raise CallsheetError(
            f"{', '.join(sorted(taken))} is in state already",
            detail="One address has one object. Nothing was written.",
            hint=f"take it out of state first with `callsheet state rm {target}`, or choose another name",
            code="state.taken",
        )
    if target.part is None and source.part and records[0].kind != target.kind:
        raise CallsheetError(
            f"{source} is a {records[0].kind} at the provider, and {target} would be a {target.kind}",
            detail="Nothing was written.",
            code="state.kind",
        )
    following = referring(state, frozenset(names))
    put = [_with(record, names) for record in records] + [
        _with(state.records[address], names) for address in following
    ]
    moved = tuple((record, names[record.address]) for record in records)
    return Renaming(moved, tuple(following), Entry(put=tuple(put), remove=tuple(names)))


def _check(state: State, source: Address, target: Address) -> None:
    if source.kind != target.kind:
        raise CallsheetError(
            f"{source} cannot become {target}: a {source.kind} stays a {source.kind}",
            detail="Nothing was written.",
            code="state.kind",
        )
    if source == target:
        raise CallsheetError(f"{source} has that address already", code="state.taken")
    if not is_name(target.name):
        raise CallsheetError(
            f"{target.name!r} cannot be the name of a document",
            detail="A name has 1 to 63 of a-z, 0-9 and -, and begins and ends with a letter or digit.",
            code="state.address",
        )
    check_settled(state.begun.values())


def _renamed(address: str, source: Address, target: Address) -> str:
    part = Address.parse(address).part
    return str(target if source.part or target.part else Address(target.kind, target.name, part))


def _with(record: Record, names: dict[str, str]) -> Record:
    def leaf(value: Value) -> Value:
        if isinstance(value, Ref) and value.address in names:
            return replace(value, address=names[value.address])
        return value

    return replace(
        record,
        address=names.get(record.address, record.address),
        depends_on=tuple(sorted(names.get(each, each) for each in record.depends_on)),
        applied=plain(transform(record.applied_symbols, leaf)),
    )

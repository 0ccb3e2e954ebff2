"""Selecting records by hand: what an address that a person typed means in state."""

from __future__ import annotations

from collections.abc import Iterable

from callsheet.model.address import Address
from callsheet.model.diagnostics import nearest
from callsheet.model.errors import CallsheetError, Stale
from callsheet.state.begun import Begun
from callsheet.state.record import Record
from callsheet.state.snapshot import State


def parse(text: str) -> Address:
    """The address. CallsheetError says what one looks like."""
    try:
        return Address.parse(text)
    except ValueError as cause:
        raise CallsheetError(str(cause), code="state.address") from None


def select(state: State, address: Address) -> tuple[Record, ...]:
    """The records of an address: its own, and for a document all its parts. CallsheetError where none is."""
    found = tuple(
        record
        for key, record in sorted(state.records.items())
        if key == str(address) or (address.part is None and Address.parse(key).document == address)
    )
    if not found:
        raise CallsheetError(
            f"state of {state.environment} has no {address}",
            detail="Nothing was written.",
            hint=nearest(str(address), state.records) or "`callsheet state list` shows what it has",
            code="state.address",
        )
    return found


def referring(state: State, addresses: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """The records outside of `addresses` that refer to any of them, and to which."""
    return {
        key: tuple(sorted(record.targets & addresses))
        for key, record in sorted(state.records.items())
        if key not in addresses and record.targets & addresses
    }


def check_settled(begun: Iterable[Begun]) -> None:
    """Stale where there are steps that were begun and whose end is not known."""
    found = sorted(begun, key=lambda each: each.name)
    if found:
        addresses = ", ".join(dict.fromkeys(each.address for each in found))
        raise Stale(
            f"run {found[0].run} ended without a word, and what became of {addresses} is not known",
            detail="Nothing was written.",
            hint="run apply, which finds it out first; or push that run's recovery file, if it left one",
            code="state.begun",
        )

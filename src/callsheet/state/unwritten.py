"""Unwritten entries: what a run did and could not write into state, kept in a file until it is pushed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from callsheet.state.record import Record
from callsheet.state.sealing import Broken, seal, unseal
from callsheet.state.snapshot import Entry, Growing, State

FORMAT = "callsheet.recovery/1"


@dataclass(frozen=True, slots=True)
class Unwritten:
    """The entries of one run in their order. `fence` is the token under which it wrote."""

    environment: str
    lineage: str
    run: str
    fence: int
    entries: tuple[Entry, ...]

    @property
    def addresses(self) -> tuple[str, ...]:
        """What was done and state does not know; a step that was only begun is not among it."""
        found = (
            address
            for entry in self.entries
            for address in (*(record.address for record in entry.put), *entry.remove)
        )
        return tuple(dict.fromkeys(found))

    def write(self) -> bytes:
        header = {
            "format": FORMAT,
            "environment": self.environment,
            "lineage": self.lineage,
            "run": self.run,
            "fence": self.fence,
        }
        return seal(header, (entry.to_json() for entry in self.entries))

    @classmethod
    def read(cls, data: bytes) -> Unwritten:
        """The inverse of `write`. Broken where it is not whole."""
        header, lines = unseal(data, FORMAT)
        try:
            return cls(
                header["environment"],
                header["lineage"],
                header["run"],
                header["fence"],
                tuple(Entry.from_json(line) for line in lines),
            )
        except (KeyError, TypeError, AttributeError):
            raise Broken("it holds something that is no entry") from None


@dataclass(frozen=True, slots=True)
class Missing:
    """What state lacks of unwritten entries, and what became of the others.

    `settled` are addresses of which state knows already; `left` are those for which nothing was sent, and
    which somebody else may have moved since; `strange` are records of objects that state has never heard of.
    """

    entries: tuple[Entry, ...] = ()
    written: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    strange: tuple[Record, ...] = ()


def missing(state: State, unwritten: Unwritten) -> Missing:
    """What is still to be written of what could not be.

    A step that its run began and that nobody has ended since is as the entry says. Where it was ended,
    somebody else found out what became of it, or it was written after all.
    """
    growing = Growing.of(state)
    alone = state.fence == unwritten.fence  # nobody else has written since
    entries: list[Entry] = []
    written: dict[str, None] = {}
    settled: dict[str, None] = {}
    left: dict[str, None] = {}
    strange: list[Record] = []
    for entry in unwritten.entries:
        addresses = [*(record.address for record in entry.put), *entry.remove]
        if not addresses and not entry.end:
            if alone and _moves(growing, entry):
                entries.append(entry)
                growing.add(entry)
            continue
        if entry.end:
            fits = any(_is_open(growing, name, unwritten.run) for name in entry.end)
        else:
            fits = bool(addresses) and (alone or all(each in written for each in addresses))
            fits = fits and not _known(growing, entry)
        if fits:
            entries.append(entry)
            growing.add(entry)
            written |= dict.fromkeys(addresses)
        elif entry.end or _known(growing, entry):
            now = growing.state(state, state.serial)
            unknown = [each for each in entry.put if not now.owns(each.kind, each.remote_id)]
            strange += unknown
            settled |= dict.fromkeys(
                each for each in addresses if each not in {one.address for one in unknown}
            )
        else:
            left |= dict.fromkeys(addresses)
    return Missing(
        tuple(entries),
        tuple(written),
        tuple(_without(settled, written)),
        tuple(_without(left, written)),
        tuple(strange),
    )


def _moves(growing: Growing, entry: Entry) -> bool:
    """Whether an entry without records says something that state does not: a release, an instance."""
    if entry.instance is not None:
        return entry.instance != growing.instance
    if entry.release is not None:
        return not growing.releases or growing.releases[-1]["version"] < entry.release["version"]
    return False


def _is_open(growing: Growing, name: str, run: str) -> bool:
    begun = growing.begun.get(name)
    return begun is not None and begun.run == run


def _known(growing: Growing, entry: Entry) -> bool:
    """Whether the entry would change no record."""
    return all(growing.records.get(each.address) == each for each in entry.put) and not any(
        address in growing.records for address in entry.remove
    )


def _without(addresses: dict[str, None], others: dict[str, None]) -> Iterator[str]:
    return (each for each in addresses if each not in others)

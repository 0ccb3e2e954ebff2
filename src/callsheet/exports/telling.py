"""Telling: what of the way back will not be as it was, and what nobody would expect of it, beforehand."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from callsheet.model.diagnostics import Diagnostic, error, note, warning
from callsheet.model.resource import RemoteObject
from callsheet.state.record import Record
from callsheet.state.snapshot import State


def another_object(
    state: State,
    live: Mapping[str, Mapping[str, RemoteObject]],
    record: Record,
    current: Record,
    addresses: Collection[str],
) -> Iterator[Diagnostic]:
    """A warning where an address means another object today, while its own of then is still there.

    `addresses` are those that there will be.
    """
    was = live.get(record.kind, {}).get(record.remote_id)
    if record.remote_id == current.remote_id or was is None or was.id in current.replaced:
        return
    found = live.get(current.kind, {}).get(current.remote_id)
    now = f"is {_named(found.name, found.id)} today" if found else "is made anew, for that of today is gone"
    yield warning(
        "rollback.another-object",
        f"{record.address} was {_named(was.name, was.id)} then and {now}: that gets what the other one had",
        detail=_becomes(state, record, addresses),
        hint="leave out with --exclude what is to stay as it is",
        address=record.address,
    )


def _becomes(state: State, record: Record, addresses: Collection[str]) -> str:
    """What the plan does with an object whose address has gone to another one."""
    for address, current in state.records.items():
        if (current.kind, current.remote_id) != (record.kind, record.remote_id):
            continue
        if address in addresses:
            return f"The other one is {address} today, and gets what {address} had."
        end = "state forgets it" if current.on_remove == "forget" else "it is deleted"
        return f"The other one is {address} today, which was not there then: {end}."
    return "Nobody manages the other one today: it is left alone."


def new_ids(addresses: Sequence[str]) -> Iterator[Diagnostic]:
    if addresses:
        more = f" and {len(addresses) - 5} more" if len(addresses) > 5 else ""
        yield note(
            "rollback.new-id",
            f"made again, so under a new id: {', '.join(addresses[:5])}{more}",
            detail="What is managed here is pointed at it. The provider builds indexes of files anew.",
            hint="look for the old id, which each change names, in what else calls it",
        )


def missing_contents(plan_contents: Mapping[str, str]) -> list[Diagnostic]:
    """One error per upload (by SHA-256, with the address that needs it) whose bytes nobody has kept."""
    return [
        error(
            "rollback.content-gone",
            f"the file of {address} was not kept (sha256:{sha256[:12]}), so it cannot be uploaded again",
            hint=f"leave it out with --exclude {address}, or bring its file back and apply",
            address=address,
        )
        for sha256, address in sorted(plan_contents.items())
    ]


def _named(name: str | None, remote_id: str) -> str:
    return f"{name} ({remote_id})" if name else remote_id

"""Aside: what was done, and could not be written into state, is kept on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from callsheet.apply.journal import Journal
from callsheet.model.diagnostics import Diagnostic, error
from callsheet.state.lease import Lease
from callsheet.state.unwritten import Unwritten


@dataclass(frozen=True, slots=True)
class Kept:
    """A recovery file, and the command that writes what it holds into state."""

    file: str
    command: str

    def to_json(self) -> dict[str, str]:
        return {"file": self.file, "command": self.command}


class Aside(Protocol):
    def __call__(self, unwritten: Unwritten) -> Kept:
        """Keep it. OSError where that is not possible either."""
        ...


def keep_aside(journal: Journal, lease: Lease, keep: Aside) -> tuple[int, Kept | None, list[Diagnostic]]:
    """How many changes state does not know of, where they are kept, and what to say of it."""
    state = journal.state
    unwritten = Unwritten(
        state.environment,
        state.lineage or "",
        lease.holder.run,
        lease.token,
        tuple(journal.unwritten),
    )
    count = len(unwritten.addresses)
    if not count:
        return 0, None, []
    changes = "1 change was" if count == 1 else f"{count} changes were"
    try:
        kept = keep(unwritten)
    except OSError as cause:
        return count, None, [_lost(changes, cause)]
    return count, kept, [_kept(changes, kept)]


def _kept(changes: str, kept: Kept) -> Diagnostic:
    return error(
        "state.unwritten",
        f"{changes} made at the provider that state does not know of; {kept.file} does",
        detail="A plan from this state is wrong until it is pushed, or the next apply has found it out.",
        hint=f"when the store can be written again: {kept.command}",
    )


def _lost(changes: str, cause: OSError) -> Diagnostic:
    where = f" in {cause.filename}" if cause.filename else ""
    return error(
        "state.unwritten",
        f"{changes} made at the provider that state does not know of, and could not be kept{where} either "
        f"({cause.strerror})",
        detail="The journal knows them as begun.",
        hint="when the store can be written again, run apply: it first finds out what became of them",
    )

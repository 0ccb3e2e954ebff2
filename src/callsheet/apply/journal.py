"""The journal of one run: what it begins and what came of it, made durable in state's log."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from callsheet.model.errors import CallsheetError
from callsheet.state.begun import Begun
from callsheet.state.snapshot import Entry, State


class Journal:
    """`append` makes entries durable and returns the new state; what it raises ends the run.

    `unwritten` is what was done and could not be written, with the ends of steps whose begin may have been.
    """

    def __init__(self, append: Callable[[list[Entry]], State], state: State) -> None:
        self._append = append
        self.state = state
        self.unwritten: list[Entry] = []
        self.broken: CallsheetError | None = None

    def begin(self, begun: Sequence[Begun]) -> None:
        """Make it durable that these steps are about to be made."""
        try:
            self.state = self._append([Entry(begin=tuple(begun))])
        except CallsheetError:
            # None of them is made now; whether they were written as begun is not known.
            self.unwritten.append(Entry(end=tuple(each.name for each in begun)))
            raise

    def write(self, entries: list[Entry]) -> None:
        """Make it durable what came of steps."""
        try:
            self.state = self._append(entries)
        except CallsheetError:
            self.unwritten += entries
            raise

    def finish(self, entries: list[Entry]) -> None:
        """Write what was learnt when all steps had ended; what keeps it from being written is in `broken`."""
        try:
            self.write(entries)
        except CallsheetError as cause:
            self.broken = cause

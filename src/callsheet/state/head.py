"""The head: how far state was known to be, kept apart from it so that a log whose tail was cut is noticed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from callsheet.model.canonical import canonical
from callsheet.state.sealing import Broken, parsed
from callsheet.state.snapshot import State
from callsheet.state.store import Moved, Store


@dataclass(frozen=True, slots=True)
class Head:
    """`version` is that of the document, None where there is none; `lineage` None: no estate was begun.

    `coming` (lineage, serial) announces the snapshot that is about to take the place of another lineage's.
    """

    version: str | None = None
    lineage: str | None = None
    serial: int = 0
    coming: tuple[str, int] | None = None

    readable: bool = True

    @classmethod
    def read(cls, store: Store, name: str) -> Head:
        """The head as it lies there; of one that is damaged, only the version is known."""
        found = store.read(name)
        if found is None:
            return cls()
        try:
            said = parsed(found.data, "the head")
            coming = said.get("coming")
            announced = (str(coming["lineage"]), int(coming["serial"])) if coming else None
            return cls(found.version, said.get("lineage"), int(said.get("serial", 0)), announced)
        except (Broken, KeyError, TypeError, ValueError):
            return cls(found.version, readable=False)

    def arrived(self, snapshot: State) -> Head:
        """The head as it is to be read beside this snapshot: what was announced may be there by now."""
        if self.coming is not None and self.coming == (snapshot.lineage, snapshot.serial):
            return Head(self.version, snapshot.lineage, snapshot.serial)
        return self

    def written(self, store: Store, name: str) -> Head:
        """Write this in the place of the version that it was read as. Moved where somebody is further."""
        said: dict[str, Any] = {"lineage": self.lineage, "serial": self.serial}
        if self.coming is not None:
            said["coming"] = {"lineage": self.coming[0], "serial": self.coming[1]}
        data = canonical(said)
        try:
            return replace(self, version=store.write(name, data, expected=self.version))
        except Moved:
            theirs = Head.read(store, name)
            if theirs.lineage != self.lineage or theirs.coming or theirs.serial > self.serial:
                raise
            # A former holder's last word on the same estate takes nothing from ours.
            return replace(self, version=store.write(name, data, expected=theirs.version))

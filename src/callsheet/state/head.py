"""The head: how far state was known to be, kept apart from it so that a log whose tail was cut is noticed.

It is also where a migration says how far it is, since everybody reads the head before anything else.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from callsheet.model.canonical import canonical
from callsheet.model.errors import StateError
from callsheet.state.sealing import Broken, parsed
from callsheet.state.snapshot import State
from callsheet.state.store import Moved, Store


@dataclass(frozen=True, slots=True)
class Gone:
    """State was moved to another store, and what is still here must not be gone on from."""

    to: str
    at: str


@dataclass(frozen=True, slots=True)
class Copied:
    """What is here was, or while not `whole` is being, copied from another store. The first run on it
    writes a head without this."""

    origin: str
    at: str
    whole: bool


@dataclass(frozen=True, slots=True)
class Head:
    """`version` is that of the document, None where there is none; `lineage` None: no estate was begun.

    `coming` (lineage, serial) announces the snapshot that is about to take the place of another lineage's.
    `leaving` is the run that is about to take state elsewhere; whoever goes on here takes that back.
    """

    version: str | None = None
    lineage: str | None = None
    serial: int = 0
    coming: tuple[str, int] | None = None
    leaving: str | None = None
    gone: Gone | None = None
    copied: Copied | None = None

    readable: bool = True

    @property
    def here(self) -> bool:
        """Whether there is state that may be gone on from: neither gone, nor half copied."""
        return self.lineage is not None and not self.gone and not (self.copied and not self.copied.whole)

    def why_not_here(self, environment: str, store: str) -> StateError | None:
        """What to say to whoever reads where a migration took state away, or is bringing it."""
        section = f"`state:` of {environment} in environments.yaml"
        if self.gone is not None:
            return StateError(
                f"the state of {environment} was moved to {self.gone.to} at {self.gone.at}",
                detail=f"What {store} still has is of that time: to go on from it would forget the rest.",
                hint=f"name the new store under {section}",
                code="state.elsewhere",
            )
        if self.copied is not None and not self.copied.whole:
            return StateError(
                f"the state of {environment} in {store} is a copy that was not finished",
                detail=f"It was begun at {self.copied.at}; {self.copied.origin} is whole, and to be used.",
                hint=f"have that store under {section}, and run `callsheet state migrate` again",
                code="state.unfinished",
            )
        return None

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
            return cls(
                found.version,
                said.get("lineage"),
                int(said.get("serial", 0)),
                announced,
                said.get("leaving"),
                Gone(**said["gone"]) if "gone" in said else None,
                Copied(**said["copied"]) if "copied" in said else None,
            )
        except (Broken, KeyError, TypeError, ValueError):
            return cls(found.version, readable=False)

    def arrived(self, snapshot: State) -> Head:
        """The head as it is to be read beside this snapshot: what was announced may be there by now."""
        if self.coming is not None and self.coming == (snapshot.lineage, snapshot.serial):
            return Head(self.version, snapshot.lineage, snapshot.serial)
        return self

    def written(self, store: Store, name: str) -> Head:
        """Write this in the place of the version that it was read as. Moved where somebody is further."""
        try:
            return self.put(store, name)
        except Moved:
            theirs = Head.read(store, name)
            further = theirs.lineage != self.lineage or theirs.serial > self.serial
            if further or theirs.coming or theirs.leaving or theirs.gone or theirs.copied:
                raise
            # A former holder's last word on the same estate takes nothing from ours.
            return replace(self, version=theirs.version).put(store, name)

    def put(self, store: Store, name: str) -> Head:
        """Write this in the place of the version that it was read as, and of no other. Moved."""
        said: dict[str, Any] = {"lineage": self.lineage, "serial": self.serial}
        if self.coming is not None:
            said["coming"] = {"lineage": self.coming[0], "serial": self.coming[1]}
        if self.leaving is not None:
            said["leaving"] = self.leaving
        if self.gone is not None:
            said["gone"] = asdict(self.gone)
        if self.copied is not None:
            said["copied"] = asdict(self.copied)
        return replace(self, version=store.write(name, canonical(said), expected=self.version))

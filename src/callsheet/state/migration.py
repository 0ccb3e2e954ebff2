"""Migration: everything of one environment goes from one store to another, and is read back there.

What is copied is frozen first (`Ledger.freeze`). The head at the destination says from the first write on
that the copy is not whole, and is the last thing to be made right; only then does the head at the source say
that state has gone. So at every moment one of the two is whole and says so, or both are, and are equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from callsheet.model.errors import StateError
from callsheet.state.head import Copied, Head
from callsheet.state.ledger import Ledger
from callsheet.state.names import named
from callsheet.state.snapshot import State
from callsheet.state.store import Moved, Store, Stored, Versioned

# Bytes of blobs that are on their way at once.
_PARCEL = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a store holds of one environment, without its lock and its head; blobs by their names alone."""

    documents: Mapping[str, Versioned]
    logs: Mapping[str, tuple[bytes, ...]]
    blobs: Mapping[str, frozenset[str]]  # by space

    @classmethod
    def read(cls, store: Store, environment: str) -> Holdings:
        documents: dict[str, Versioned] = {}
        logs: dict[str, tuple[bytes, ...]] = {}
        blobs: dict[str, set[str]] = {}
        for each in _of(store, environment):
            if each.kind == "blob":
                blobs.setdefault(each.name, set()).add(str(each.sha256))
            elif each.kind == "log":
                # A log without an entry is as good as none.
                if entries := store.read_log(each.name)[0]:
                    logs[each.name] = tuple(entries)
            elif (found := store.read(each.name)) is not None:
                documents[each.name] = found
        return cls(documents, logs, {space: frozenset(names) for space, names in blobs.items()})

    def __bool__(self) -> bool:
        return bool(self.documents or self.logs or self.blobs)

    @property
    def bytes_of_documents(self) -> dict[str, bytes]:
        """For comparing: the same document has another version in another store."""
        return {name: found.data for name, found in self.documents.items()}

    def same_as(self, other: Holdings) -> bool:
        return (self.bytes_of_documents, self.logs, self.blobs) == (
            other.bytes_of_documents,
            other.logs,
            other.blobs,
        )


class Migration:
    """One environment's way from a source to a destination. The caller holds the locks of both.

    `check` raises when one of them was lost; it is asked before every write.
    """

    def __init__(
        self, source: Store, destination: Store, environment: str, check: Callable[[], None], now: str
    ) -> None:
        self._source = source
        self._destination = destination
        self._environment = environment
        self._check = check
        self._now = now
        self._head_name = f"state/{environment}/head"

    def copy(self, state: State) -> Holdings:
        """Copy and verify what the source holds, with `state`, which was read from it after it was frozen.

        Nothing is copied where an earlier copy is whole, and equal. StateError where something else is there.
        """
        wanted = Holdings.read(self._source, self._environment)
        there = Holdings.read(self._destination, self._environment)
        head = Head.read(self._destination, self._head_name)
        if head.here and wanted.same_as(there):
            self._verify_blobs(wanted)
            self._verify_state(state)
            return wanted
        self._must_give_way(head, there, state)
        copied = Copied(self._source.describe(), self._now, whole=False)
        self._check()
        head = Head(head.version, state.lineage, copied=copied).put(self._destination, self._head_name)
        self._copy_blobs(wanted, there)
        self._copy_documents(wanted, there)
        self._copy_logs(wanted, there)
        self._verify(wanted)
        self._check()
        whole = replace(head, serial=state.serial, copied=replace(copied, whole=True))
        whole.put(self._destination, self._head_name)
        self._verify_state(state)
        return wanted

    def check_unchanged(self, copied: Holdings) -> None:
        """Moved where something was written at the source meanwhile by somebody who needs no lock."""
        if not copied.same_as(Holdings.read(self._source, self._environment)):
            raise Moved(
                f"something was written to {self._source.describe()} while it was copied",
                detail="State stays where it is.",
                hint="migrate again: what is new is copied then",
            )

    # what is there already

    def _must_give_way(self, head: Head, there: Holdings, state: State) -> None:
        """What is there may go if it is an earlier copy of this estate that nobody has written on."""
        if head.version is None and not there:
            return
        ours = head.lineage == state.lineage
        # The log of a copy is closed, so that whoever writes on it writes a head of their own first.
        if ours and (not head.here or head.copied):
            return
        what = "state of this estate that went on by itself" if ours else "something of another estate"
        raise StateError(
            f"{self._destination.describe()} holds {what} for {self._environment}",
            detail="It would be lost. Nothing was copied.",
            hint="name another branch, prefix, schema or path; or, if what is there is of no use, remove it",
            code="state.occupied",
        )

    def _load(self) -> State:
        return Ledger(self._destination, self._environment).load()

    # copying

    def _copy_blobs(self, wanted: Holdings, there: Holdings) -> None:
        for space, names in wanted.blobs.items():
            for parcel in self._parcels(space, names - there.blobs.get(space, frozenset())):
                self._check()
                self._destination.put_blobs(parcel, space=space)
        for space, names in there.blobs.items():
            if surplus := names - wanted.blobs.get(space, frozenset()):
                self._check()
                self._destination.remove_blobs(surplus, space=space)

    def _parcels(self, space: str, names: Iterable[str]) -> Iterator[list[bytes]]:
        parcel: list[bytes] = []
        for name in sorted(names):
            parcel.append(self._source.get_blob(name, space=space))
            if sum(map(len, parcel)) >= _PARCEL:
                yield parcel
                parcel = []
        if parcel:
            yield parcel

    def _copy_documents(self, wanted: Holdings, there: Holdings) -> None:
        for name, found in wanted.documents.items():
            old = there.documents.get(name)
            if old is None or old.data != found.data:
                self._check()
                self._destination.write(name, found.data, expected=old.version if old else None)
        for name in there.documents.keys() - wanted.documents.keys():
            self._check()
            self._destination.remove(name, expected=there.documents[name].version)

    def _copy_logs(self, wanted: Holdings, there: Holdings) -> None:
        for name in there.logs:
            if wanted.logs.get(name) != there.logs[name]:
                self._check()
                self._destination.remove_log(name)
        for name, entries in wanted.logs.items():
            if there.logs.get(name) != entries:
                self._check()
                self._destination.append(name, entries, expected=0)

    # reading back

    def _verify(self, wanted: Holdings) -> None:
        there = Holdings.read(self._destination, self._environment)
        for what, mine, theirs in (
            ("documents", wanted.bytes_of_documents, there.bytes_of_documents),
            ("logs", wanted.logs, there.logs),
            ("blobs", wanted.blobs, there.blobs),
        ):
            if mine != theirs:
                names = sorted({name for name in {*mine, *theirs} if mine.get(name) != theirs.get(name)})
                raise self._unverified(f"the {what} {', '.join(names)}")
        self._verify_blobs(wanted)

    def _verify_blobs(self, wanted: Holdings) -> None:
        for space, names in wanted.blobs.items():
            for name in names:
                if named(self._destination.get_blob(name, space=space)) != name:
                    raise self._unverified(f"the blob {name} of {space}")

    def _verify_state(self, state: State) -> None:
        if self._load() != state:
            raise self._unverified("state")

    def _unverified(self, what: str) -> StateError:
        return StateError(
            f"{what} in {self._destination.describe()}: what is read back is not what was written",
            detail="The store that state comes from is whole, and still the one to use.",
            hint="look for who else writes there, then migrate again, or to another store",
            code="state.unverified",
        )


def _of(store: Store, environment: str) -> list[Stored]:
    """What is of this environment: the second part of every name says whose it is."""
    mine = [each for each in store.contents() if each.name.split("/")[1:2] == [environment]]
    left_out = (f"locks/{environment}", f"state/{environment}/head")
    return [each for each in mine if each.name not in left_out]

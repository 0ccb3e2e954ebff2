"""State on a branch of the project's own repository: pushes that compare and swap, and no infrastructure.

The branch holds `documents/NAME@`, `blobs/SPACE/AB/SHA256` and `logs/NAME/@/BLOCK`; `@` is in no name, so
that one name can continue another. A log is blocks of about 32 KB, so that an append writes the last block
and not the whole.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Sequence

from callsheet.model.errors import StateError
from callsheet.state.branch import Branch, Edit
from callsheet.state.names import checked, checked_sha256, joined, lies_in, named, parted
from callsheet.state.permissions import writers
from callsheet.state.repository import Leaf
from callsheet.state.store import Moved, Stored, Versioned, Writers

BRANCH = "callsheet-state"
# Whoever is on the way can answer in the remote's name.
_UNPROTECTED = re.compile(r"(?:git|http)://(?!localhost\b|127\.|\[::1\])")
_BLOCK = 32 * 1024


class GitStore:
    """Thread-safe, as its branch is."""

    def __init__(self, branch: Branch) -> None:
        self._branch = branch
        self._repository = branch.repository

    def describe(self) -> str:
        return self._branch.describe()

    def read(self, name: str) -> Versioned | None:
        leaf = self._leaf(self._branch.current(), _document(name))
        return Versioned(self._repository.contents([leaf])[0], leaf.object_id) if leaf else None

    def write(self, name: str, data: bytes, *, expected: str | None) -> str:
        path = _document(name)

        def edit(tip: str | None) -> Edit:
            self._compare(tip, name, expected)
            return Edit({path: data})

        leaf = self._leaf(self._branch.change(f"write {name}", edit), path)
        assert leaf is not None, "a commit holds what was put into it"
        return leaf.object_id

    def remove(self, name: str, *, expected: str) -> None:
        def edit(tip: str | None) -> Edit:
            self._compare(tip, name, expected)
            return Edit({}, (_document(name),))

        self._branch.change(f"remove {name}", edit)

    def put_blobs(self, blobs: Sequence[bytes], *, space: str) -> list[str]:
        wanted = {_blob(space, named(data)): data for data in blobs}

        def edit(tip: str | None) -> Edit | None:
            there = self._paths(tip, _space(space))
            missing = {path: data for path, data in wanted.items() if path not in there}
            return Edit(missing) if missing else None

        if wanted:
            self._branch.change(f"keep {len(wanted)} of {space}", edit)
        return [named(data) for data in blobs]

    def get_blob(self, sha256: str, *, space: str) -> bytes:
        path = _blob(space, sha256)
        # Blobs never change: one that was there when the branch was last seen needs no look at the remote.
        leaf = self._leaf(self._branch.last_seen(), path) or self._leaf(self._branch.current(), path)
        if leaf is None:
            raise StateError(
                f"the blob {sha256} is not in {self.describe()}",
                hint="the branch was rewritten, or another one is configured than when it was kept",
                code="state.missing",
            )
        data = self._repository.contents([leaf])[0]
        if hashlib.sha256(data).hexdigest() != sha256:
            raise self._damaged(f"the blob {sha256} does not hold what its name says")
        return data

    def remove_blobs(self, names: Collection[str], *, space: str) -> None:
        unwanted = {_blob(space, name) for name in names}

        def edit(tip: str | None) -> Edit | None:
            there = sorted(unwanted & self._paths(tip, _space(space)))
            return Edit({}, tuple(there)) if there else None

        if unwanted:
            self._branch.change(f"remove {len(unwanted)} of {space}", edit)

    def append(self, log: str, entries: Sequence[bytes], *, expected: int) -> int:
        block = joined(entries)

        def edit(tip: str | None) -> Edit:
            leaves = self._blocks(tip, log)
            length = sum(leaf.size for leaf in leaves)
            if length != expected:
                raise Moved(
                    f"state moved: {log} in {self.describe()} has {length} bytes, not {expected}",
                    detail="Another run wrote state meanwhile.",
                    hint="plan again",
                )
            if leaves and leaves[-1].size < _BLOCK:
                return Edit({leaves[-1].path: self._repository.contents(leaves[-1:])[0] + block})
            return Edit({f"{_log(log)}/{len(leaves):08}": block})

        self._branch.change(f"append to {log}", edit)
        return expected + len(block)

    def read_log(self, log: str) -> tuple[list[bytes], int]:
        leaves = self._blocks(self._branch.current(), log)
        data = b"".join(self._repository.contents(leaves)) if leaves else b""
        if data and not data.endswith(b"\n"):
            raise self._damaged(f"the log {log} ends in the middle of an entry")
        return parted(data), len(data)

    def remove_log(self, log: str) -> None:
        def edit(tip: str | None) -> Edit | None:
            return Edit({}, (_log(log),)) if self._blocks(tip, log) else None

        self._branch.change(f"remove {log}", edit)

    def contents(self, prefix: str = "") -> Iterator[Stored]:
        tip = self._branch.current()
        found = {_stored(path) for path in self._paths(tip, "documents", "logs", "blobs")}
        return (each for each in found if lies_in(each.name, prefix))

    def writers(self) -> Writers:
        name = self._branch.name
        if self._branch.local:
            return writers(self._repository.common_folder())
        remote, address = self._branch.address()
        open_way = _UNPROTECTED.match(address)
        alarm = f"{open_way[0]} is not encrypted: whoever is on the way can change it" if open_way else ""
        return Writers(
            f"everybody and every job that may push to the branch {name} of the remote {remote} ({address})",
            (alarm,) if alarm else (),
            ("the rules for that branch, which only its host knows",),
            f"have a rule for {name} that lets nobody but the job's identity push, and blocks deletions and "
            "pushes with force: then nothing can be rewritten unseen",
        )

    # reading

    def _leaf(self, tip: str | None, path: str) -> Leaf | None:
        found = self._repository.entries(tip, path) if tip else []
        return next((leaf for leaf in found if leaf.path == path), None)

    def _paths(self, tip: str | None, *folders: str) -> set[str]:
        return {leaf.path for leaf in self._repository.entries(tip, *folders)} if tip else set()

    def _blocks(self, tip: str | None, log: str) -> list[Leaf]:
        path = _log(log)
        leaves = self._repository.entries(tip, path) if tip else []
        if [leaf.path for leaf in leaves] != [f"{path}/{number:08}" for number in range(len(leaves))]:
            raise self._damaged(f"the log {log} lacks a part")
        return leaves

    def _compare(self, tip: str | None, name: str, expected: str | None) -> None:
        leaf = self._leaf(tip, _document(name))
        if (leaf.object_id if leaf else None) != expected:
            raise Moved(
                f"{name} in {self.describe()} was written by somebody else meanwhile", hint="plan again"
            )

    def _damaged(self, what: str) -> StateError:
        return StateError(
            f"{self.describe()}: {what}",
            detail="Damaged state is never taken for an empty estate.",
            hint=f"`git log {self._branch.seen}` has the branch as it was before",
            code="state.damaged",
        )


def _document(name: str) -> str:
    return f"documents/{checked(name)}@"


def _space(name: str) -> str:
    return f"blobs/{checked(name)}"


def _blob(space: str, sha256: str) -> str:
    return f"{_space(space)}/{checked_sha256(sha256)[:2]}/{sha256}"


def _log(name: str) -> str:
    return f"logs/{checked(name)}/@"


def _stored(path: str) -> Stored:
    family, _, rest = path.partition("/")
    if family == "documents":
        return Stored("document", rest.removesuffix("@"))
    if family == "logs":
        return Stored("log", rest.rpartition("/@/")[0])
    space, _, sha256 = rest.rsplit("/", 2)
    return Stored("blob", space, sha256)

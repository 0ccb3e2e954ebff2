"""State on a branch of the project's own repository: pushes that compare and swap, and no infrastructure.

The branch holds `documents/NAME@`, `blobs/SPACE/AB/SHA256` and `logs/NAME/@/BLOCK`; `@` is in no name, so
that one name can continue another. A log is blocks of about 32 KB, so that an append writes the last block
and not the whole. Each write is a commit on top of the branch as it is at the remote, pushed with a lease on
that very commit: nobody's write can be overwritten. Where somebody else was faster, the branch is fetched and
the write tried again, unless it was the same document or log that they wrote.
"""

from __future__ import annotations

import hashlib
import random
import re
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from callsheet.model.errors import StateError
from callsheet.state.names import checked, checked_sha256, joined, lies_in, named, parted
from callsheet.state.repository import Answer, Leaf, Repository
from callsheet.state.store import Moved, Stored, Versioned

BRANCH = "callsheet-state"
LOCAL = "none"
_BLOCK = 32 * 1024
_ATTEMPTS = 40
_LOCK_SECONDS = 300.0
# What a server says where another push came first; everything else it refuses for good.
_RACED = re.compile(
    r"stale info|fetch first|non-fast-forward|cannot lock ref|failed to update ref|incorrect old value"
    r"|reference already exists|failed to lock|unable to create .*\.lock",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Edit:
    """What one write does to the branch; `put` and `remove` by path."""

    put: Mapping[str, bytes]
    remove: tuple[str, ...] = ()


class GitStore:
    """Thread-safe; the processes of one clone take turns, those of many clones race at the remote.

    `remote` None: `origin`, or the only one. `LOCAL`: the branch of this repository alone, never pushed.
    """

    def __init__(
        self,
        folder: Path,
        *,
        branch: str = BRANCH,
        remote: str | None = None,
        variables: Mapping[str, str],
        pause: Callable[[float], None] = time.sleep,
        nonce: Callable[[], str] = lambda: uuid.uuid4().hex,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._repository = Repository(folder, variables)
        self._branch = branch
        self._remote = remote
        self._pause = pause
        self._nonce = nonce
        self._jitter = jitter
        self._local = remote == LOCAL
        # Our own view of the branch: not the remote-tracking ref, which is the user's and may not be kept.
        self._seen = f"refs/heads/{branch}" if self._local else f"refs/callsheet/seen/{branch}"
        self._next = f"refs/callsheet/next/{branch}"

    def describe(self) -> str:
        where = (
            "this repository alone" if self._local else f"the remote {self._remote or 'of this repository'}"
        )
        return f"git store: branch {self._branch} of {where}"

    def read(self, name: str) -> Versioned | None:
        leaf = self._leaf(self._current(), _document(name))
        return Versioned(self._repository.contents([leaf])[0], leaf.object_id) if leaf else None

    def write(self, name: str, data: bytes, *, expected: str | None) -> str:
        path = _document(name)

        def edit(tip: str | None) -> Edit:
            self._compare(tip, name, expected)
            return Edit({path: data})

        leaf = self._leaf(self._change(f"write {name}", edit), path)
        assert leaf is not None, "a commit holds what was put into it"
        return leaf.object_id

    def remove(self, name: str, *, expected: str) -> None:
        def edit(tip: str | None) -> Edit:
            self._compare(tip, name, expected)
            return Edit({}, (_document(name),))

        self._change(f"remove {name}", edit)

    def put_blobs(self, blobs: Sequence[bytes], *, space: str) -> list[str]:
        wanted = {_blob(space, named(data)): data for data in blobs}

        def edit(tip: str | None) -> Edit | None:
            there = self._paths(tip, _space(space))
            missing = {path: data for path, data in wanted.items() if path not in there}
            return Edit(missing) if missing else None

        if wanted:
            self._change(f"keep {len(wanted)} of {space}", edit)
        return [named(data) for data in blobs]

    def get_blob(self, sha256: str, *, space: str) -> bytes:
        path = _blob(space, sha256)
        # Blobs never change: one that was there when the branch was last seen needs no look at the remote.
        leaf = self._leaf(self._repository.resolve(self._seen), path) or self._leaf(self._current(), path)
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
            self._change(f"remove {len(unwanted)} of {space}", edit)

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

        self._change(f"append to {log}", edit)
        return expected + len(block)

    def read_log(self, log: str) -> tuple[list[bytes], int]:
        leaves = self._blocks(self._current(), log)
        data = b"".join(self._repository.contents(leaves)) if leaves else b""
        if data and not data.endswith(b"\n"):
            raise self._damaged(f"the log {log} ends in the middle of an entry")
        return parted(data), len(data)

    def remove_log(self, log: str) -> None:
        def edit(tip: str | None) -> Edit | None:
            return Edit({}, (_log(log),)) if self._blocks(tip, log) else None

        self._change(f"remove {log}", edit)

    def contents(self, prefix: str = "") -> Iterator[Stored]:
        tip = self._current()
        found = {_stored(path) for path in self._paths(tip, "documents", "logs", "blobs")}
        return (each for each in found if lies_in(each.name, prefix))

    # reading

    def _current(self) -> str | None:
        """The branch's commit as it is now."""
        if self._local:
            return self._repository.resolve(self._seen)
        with self._locked():
            return self._fetch()

    def _fetch(self) -> str | None:
        if self._local:
            return self._repository.resolve(self._seen)
        return self._repository.fetch(self._remote_name(), self._branch, self._seen)

    def _remote_name(self) -> str:
        return self._repository.remote(self._remote)

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
            hint=f"`git log {self._seen}` has the branch as it was before",
            code="state.damaged",
        )

    # writing

    def _change(self, what: str, edit: Callable[[str | None], Edit | None]) -> str | None:
        """Bring an edit onto the branch; the branch's commit with it. `edit` raises Moved to give up."""
        with self._locked():
            # What was seen last is a good guess: where it is not current any more, the lease says so.
            tip = self._repository.resolve(self._seen)
            current = self._local
            if tip is None and not self._local:
                tip, current = self._fetch(), True
            for attempt in range(_ATTEMPTS):
                try:
                    wanted = edit(tip)
                except Moved:
                    if current:
                        raise
                    wanted = None
                if wanted is None:
                    if current:
                        return tip
                    tip, current = self._fetch(), True
                    continue
                message = f"callsheet: {what} [skip ci]\n\nWrite: {self._nonce()}\n"
                commit = self._repository.commit(self._next, tip, message, wanted.put, wanted.remove)
                after = self._publish(commit, tip)
                if after == commit:
                    return commit
                self._pause(self._jitter() * min(0.05 * 2**attempt, 1.0))
                tip, current = after, True
        raise StateError(
            f"{self.describe()} is busy: {_ATTEMPTS} pushes lost against those of others",
            detail="Nothing was written.",
            hint="try again when fewer runs write to this branch",
            code="state.busy",
        )

    def _publish(self, commit: str, tip: str | None) -> str | None:
        """Point the branch from `tip` at the commit. What it is at then: the commit, if that worked."""
        if self._local:
            return commit if self._repository.move(self._seen, commit, tip) else self._fetch()
        answer = self._repository.push(self._remote_name(), self._branch, commit, tip)
        if answer.code == 0:
            self._repository.run("update-ref", self._seen, commit)
            return commit
        # A push can arrive without its answer coming back; the branch itself says whether it did.
        try:
            now = self._fetch()
        except StateError:
            raise self._refused(answer, "It is not known whether it was written.") from None
        if now is not None and self._repository.contains(now, commit):
            return commit
        if now == tip and not _RACED.search(f"{answer.said}\n{answer.out.decode(errors='replace')}"):
            raise self._refused(answer, "It was not written.")
        return now

    def _refused(self, answer: Answer, outcome: str) -> StateError:
        reason = " ".join(
            line.split("\t")[-1]
            for line in answer.out.decode(errors="replace").splitlines()
            if line[:1] == "!"
        )
        said = " ".join(line for line in answer.said.splitlines() if line and not line.startswith("hint:"))
        return StateError(
            f"state cannot be pushed to the branch {self._branch}: {reason or 'git push failed'}",
            detail=f"{outcome} Git says: {said}",
            hint="the checkout's credentials need the right to push to the branch, which no rule may protect "
            "(GitHub Actions: `permissions: {contents: write}`)",
            code="state.refused",
        )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One process of this clone at a time: git's own locks on refs and on `shallow` do not wait."""
        try:
            with FileLock(
                self._repository.common_folder() / "callsheet.lock", timeout=_LOCK_SECONDS, mode=0o600
            ):
                yield
        except Timeout:
            raise StateError(
                f"{self.describe()} is busy: a process of this clone has held it for {_LOCK_SECONDS:.0f} s",
                code="state.busy",
            ) from None
        except OSError as cause:
            raise StateError(
                f"{self._repository.folder} cannot be written ({cause.strerror})",
                detail="The state backend `git` makes its commits in this clone.",
                hint="check the owner and permissions of the folder `.git`",
                code="state.unwritable",
            ) from None


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

"""A branch at a remote: read as it is there, and changed by commits that are pushed with a lease.

Each change is a commit on top of the branch as it is at the remote, pushed with a lease on that very commit:
nobody's write can be overwritten. Where somebody else was faster, the branch is fetched and the change tried
again, unless whoever wants it gives up.
"""

from __future__ import annotations

import random
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from callsheet.model.errors import StateError
from callsheet.state.repository import Answer, Repository
from callsheet.state.store import Moved

LOCAL = "none"
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


class Branch:
    """Thread-safe; the processes of one clone take turns, those of many clones race at the remote.

    `remote` None: `origin`, or the only one. `LOCAL`: the branch of this repository alone, never pushed.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        remote: str | None = None,
        variables: Mapping[str, str],
        pause: Callable[[float], None] = time.sleep,
        nonce: Callable[[], str] = lambda: uuid.uuid4().hex,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.repository = Repository(folder, variables)
        self.name = name
        self.local = remote == LOCAL
        # Our own view of the branch: not the remote-tracking ref, which is the user's and may not be kept.
        self.seen = f"refs/heads/{name}" if self.local else f"refs/callsheet/seen/{name}"
        self._next = f"refs/callsheet/next/{name}"
        self._remote = remote
        self._pause = pause
        self._nonce = nonce
        self._jitter = jitter

    def describe(self) -> str:
        where = (
            "this repository alone" if self.local else f"the remote {self._remote or 'of this repository'}"
        )
        return f"git store: branch {self.name} of {where}"

    def last_seen(self) -> str | None:
        """The branch's commit as it was when it was last looked at."""
        return self.repository.resolve(self.seen)

    def current(self) -> str | None:
        """The branch's commit as it is now."""
        if self.local:
            return self.repository.resolve(self.seen)
        with self._locked():
            return self._fetch()

    def change(self, what: str, edit: Callable[[str | None], Edit | None]) -> str | None:
        """Bring an edit onto the branch; the branch's commit with it. `edit` raises Moved to give up."""
        with self._locked():
            # What was seen last is a good guess: where it is not current any more, the lease says so.
            tip = self.repository.resolve(self.seen)
            current = self.local
            if tip is None and not self.local:
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
                commit = self.repository.commit(self._next, tip, message, wanted.put, wanted.remove)
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

    def address(self) -> tuple[str, str]:
        """The remote's name and where it is, without credentials."""
        name = self._remote_name()
        return name, self.repository.address(name)

    def _remote_name(self) -> str:
        return self.repository.remote(self._remote)

    def _fetch(self) -> str | None:
        if self.local:
            return self.repository.resolve(self.seen)
        return self.repository.fetch(self._remote_name(), self.name, self.seen)

    def _publish(self, commit: str, tip: str | None) -> str | None:
        """Point the branch from `tip` at the commit. What it is at then: the commit, if that worked."""
        if self.local:
            return commit if self.repository.move(self.seen, commit, tip) else self._fetch()
        answer = self.repository.push(self._remote_name(), self.name, commit, tip)
        if answer.code == 0:
            self.repository.run("update-ref", self.seen, commit)
            return commit
        # A push can arrive without its answer coming back; the branch itself says whether it did.
        try:
            now = self._fetch()
        except StateError:
            raise self._refused(answer, "It is not known whether it was written.") from None
        if now is not None and self.repository.contains(now, commit):
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
            f"state cannot be pushed to the branch {self.name}: {reason or 'git push failed'}",
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
                self.repository.common_folder() / "callsheet.lock", timeout=_LOCK_SECONDS, mode=0o600
            ):
                yield
        except Timeout:
            raise StateError(
                f"{self.describe()} is busy: a process of this clone has held it for {_LOCK_SECONDS:.0f} s",
                code="state.busy",
            ) from None
        except OSError as cause:
            raise StateError(
                f"{self.repository.folder} cannot be written ({cause.strerror})",
                detail="The state backend `git` makes its commits in this clone.",
                hint="check the owner and permissions of the folder `.git`",
                code="state.unwritable",
            ) from None

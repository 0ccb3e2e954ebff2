"""Traces: finding what a create left behind when its answer was lost.

Providers have no idempotency, so a create whose answer is missing may have happened. It did when there
is an object that was not there before the run, belongs to no address, and carries our mark with the
change's key; or, where the kind has no room for a mark, holds everything that was sent. Of such a kind all
lost creates are looked for at once, and while nothing of it is being made: what was sent for one may be
held by another's object as well.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from callsheet.diff.classes import Verdict
from callsheet.diff.compare import compare_unknown, owned_paths
from callsheet.diff.view import masked_at, secret_patterns
from callsheet.model.kinds import Kind
from callsheet.model.paths import pattern
from callsheet.model.resource import RemoteObject
from callsheet.model.value import Payload
from callsheet.providers.base import Ambiguous, Reader

KEY_MARK = "key"


@dataclass(frozen=True, slots=True)
class Sought:
    """A create whose answer is missing, and what its object would be told by."""

    address: str
    key: str
    sent: Payload


class Traces:
    """Looks for made objects. `before` tells what the run's export held, `bound` what state owns; `key` is
    the estate's, for secrets that are known by their digests. Safe for threads."""

    def __init__(
        self,
        reader: Reader,
        kinds: Mapping[str, Kind],
        before: Callable[[str, str], bool],
        bound: Callable[[str, str], bool],
        key: bytes,
    ) -> None:
        self._reader = reader
        self._kinds = kinds
        self._before = before
        self._bound = bound
        self._key = key
        self._claimed: set[tuple[str, str]] = set()
        self._lost: dict[str, dict[str, Sought]] = {}
        self._making: Counter[str] = Counter()
        self._looking: set[str] = set()
        self._turn = threading.Condition()

    @contextmanager
    def making(self, kind: str) -> Iterator[None]:
        """Around a create, `claim` and `lose` included."""
        marked = self._kinds[kind].label_path is not None
        with self._turn:
            self._turn.wait_for(lambda: marked or kind not in self._looking)
            self._making[kind] += 1
        try:
            yield
        finally:
            with self._turn:
                self._making[kind] -= 1
                self._turn.notify_all()

    def claim(self, kind: str, remote_id: str) -> None:
        """Tell that an object was made by a request whose answer arrived."""
        with self._turn:
            self._claimed.add((kind, remote_id))

    def lose(self, kind: str, sought: Sought) -> None:
        """Tell that the answer to a create was lost."""
        with self._turn:
            self._lost.setdefault(kind, {})[sought.address] = sought

    def find(self, kind: str, address: str) -> RemoteObject | None:
        """The object that a lost create made, or None when there surely is none; it is not lost any more.
        Ambiguous for several."""
        with self._turn:
            self._turn.wait_for(lambda: kind not in self._looking)
            self._looking.add(kind)
            if self._kinds[kind].label_path is None:
                self._turn.wait_for(lambda: not self._making[kind])
        try:
            listed = list(self._reader.list_all(kind))
            with self._turn:
                found = self._told_apart(kind, listed)[address]
                if len(found) < 2:
                    del self._lost[kind][address]
                self._claimed.update((kind, remote.id) for remote in found[:1])
        finally:
            with self._turn:
                self._looking.discard(kind)
                self._turn.notify_all()
        if len(found) < 2:
            return found[0] if found else None
        ids = ", ".join(sorted(remote.id for remote in found))
        raise Ambiguous(
            f"the answer to the creation of {address} was lost, and {len(found)} objects could be it: {ids}",
            detail="Taking the wrong one would give a foreign object to this address.",
            hint="delete the ones that are not wanted at the provider, then apply again",
            address=address,
        )

    def _told_apart(self, kind: str, listed: Sequence[RemoteObject]) -> dict[str, list[RemoteObject]]:
        """The object of each lost create of a kind; several where it cannot be told which.

        What was sent in full goes first, for its object fits what was sent in part. Among objects that are
        the same to as many creates, any serves.
        """
        free = [
            remote
            for remote in sorted(listed, key=lambda each: each.id)
            if (kind, remote.id) not in self._claimed
            and not self._before(kind, remote.id)
            and not self._bound(kind, remote.id)
        ]
        lost = sorted(
            self._lost[kind].values(), key=lambda each: (-len(owned_paths(each.sent, {})), each.address)
        )
        out = {}
        for number, sought in enumerate(lost):
            found = [remote for remote in free if self._fits(self._kinds[kind], remote, sought)]
            rivals = [
                each
                for each in lost[number:]
                if all(self._fits(self._kinds[kind], remote, each) for remote in found)
            ]
            out[sought.address] = found if len(found) > len(rivals) else found[:1]
            if len(out[sought.address]) == 1:
                free.remove(found[0])
        return out

    def _fits(self, kind: Kind, remote: RemoteObject, sought: Sought) -> bool:
        if kind.label_path is not None:
            label = remote.label or {}
            return label.get(KEY_MARK) == sought.key and label.get("address") == sought.address
        shapes = [field.at for field in kind.secrets]
        shapes += [pattern(text) for text in secret_patterns(sought.sent)]
        both = (masked_at(sought.sent, shapes, self._key), masked_at(remote.payload, shapes, self._key))
        return not compare_unknown(kind, *both).with_verdict(Verdict.SET)

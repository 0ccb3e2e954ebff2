"""Traces: finding what a create left behind when its answer was lost.

Providers have no idempotency, so a create whose answer is missing may have happened. It did when there
is an object that was not there before the run, belongs to no address, and carries our mark with the
change's key; or, where the kind has no room for a mark, holds everything that was sent.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping

from callsheet.diff.classes import Verdict
from callsheet.diff.compare import compare_unknown
from callsheet.diff.view import mask, secret_patterns
from callsheet.model.kinds import Kind
from callsheet.model.paths import Pattern, find, pattern, put
from callsheet.model.resource import RemoteObject
from callsheet.model.value import Payload
from callsheet.providers.base import Ambiguous, Reader

KEY_MARK = "key"


class Traces:
    """Looks for made objects. `before` tells what the run's export held, `bound` what state owns; `key` is
    the estate's, for secrets that are known by their digests."""

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
        self._lock = threading.Lock()

    def claim(self, kind: str, remote_id: str) -> None:
        """Tell that an object was made by a request whose answer arrived."""
        with self._lock:
            self._claimed.add((kind, remote_id))

    def find(self, kind: str, address: str, key: str, sent: Payload) -> RemoteObject | None:
        """The object that a create made, or None when there surely is none. Ambiguous for several."""
        listed = list(self._reader.list_all(kind))
        with self._lock:
            found = [
                remote
                for remote in listed
                if (kind, remote.id) not in self._claimed
                and not self._before(kind, remote.id)
                and not self._bound(kind, remote.id)
                and self._fits(self._kinds[kind], remote, address, key, sent)
            ]
            if len(found) == 1:
                self._claimed.add((kind, found[0].id))
                return found[0]
        if not found:
            return None
        ids = ", ".join(sorted(remote.id for remote in found))
        raise Ambiguous(
            f"the answer to the creation of {address} was lost, and {len(found)} objects could be it: {ids}",
            detail="Taking the wrong one would give a foreign object to this address.",
            hint="delete the ones that are not wanted at the provider, then apply again",
            address=address,
        )

    def _fits(self, kind: Kind, remote: RemoteObject, address: str, key: str, sent: Payload) -> bool:
        if kind.label_path is not None:
            label = remote.label or {}
            return label.get(KEY_MARK) == key and label.get("address") == address
        shapes = [field.at for field in kind.secrets] + [pattern(text) for text in secret_patterns(sent)]
        both = (_masked(sent, shapes, self._key), _masked(remote.payload, shapes, self._key))
        return not compare_unknown(kind, *both).with_verdict(Verdict.SET)


def _masked(payload: Payload, shapes: Iterable[Pattern], key: bytes) -> Payload:
    """Secrets as digests, whether they came as values or as digests."""
    for shape in shapes:
        for path, value in list(find(payload, shape)):
            payload = put(payload, path, mask(value, key))
    return payload

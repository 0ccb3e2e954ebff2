"""State in an S3 bucket, or in anything that speaks S3 with conditional writes.

`PREFIX/documents/NAME` and `PREFIX/logs/NAME` are replaced with `If-Match`, or made with `If-None-Match`;
their ETags are the versions. `PREFIX/blobs/SPACE/SHA256` and `PREFIX/segments/NAME/GENERATION/NUMBER` never
change. A removed document stays as a small object that says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from callsheet.model.errors import StateError
from callsheet.state.block_log import Damaged, Head
from callsheet.state.bucket import Bucket, Lost
from callsheet.state.names import checked, checked_sha256, joined, lies_in, named
from callsheet.state.s3_writers import writers
from callsheet.state.store import Moved, Stored, Versioned, Writers

_ATTEMPTS = 6
_PARALLEL = 8


class S3Store:
    """Thread-safe."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        # The logs' heads as this object left them, so that appending needs no reading first.
        self._heads: dict[str, tuple[str, Head]] = {}

    def describe(self) -> str:
        return self._bucket.describe()

    def read(self, name: str) -> Versioned | None:
        found = self._bucket.get(_document(name))
        return None if found is None or found.removed else Versioned(found.data, found.etag)

    def write(self, name: str, data: bytes, *, expected: str | None) -> str:
        key = _document(name)
        try:
            if expected is not None:
                return self._bucket.put(key, data, expected)
            return self._bucket.begin(key, data)
        except Lost:
            raise self._moved(name) from None

    def remove(self, name: str, *, expected: str) -> None:
        key = _document(name)
        found = self._bucket.get(key)
        if found is None or found.removed or found.etag != expected:
            raise self._moved(name)
        try:
            self._bucket.leave_mark(key, expected)
        except Lost:
            raise self._moved(name) from None

    def put_blobs(self, blobs: Sequence[bytes], *, space: str) -> list[str]:
        wanted = {_blob(space, named(data)): data for data in blobs}
        with ThreadPoolExecutor(_PARALLEL) as pool:
            list(pool.map(self._keep, wanted, wanted.values()))
        return [named(data) for data in blobs]

    def get_blob(self, sha256: str, *, space: str) -> bytes:
        found = self._bucket.get(_blob(space, sha256))
        if found is None:
            raise StateError(
                f"the blob {sha256} is not in {self.describe()}",
                hint="check bucket and prefix, and whether a lifecycle rule removes objects",
                code="state.missing",
            )
        if hashlib.sha256(found.data).hexdigest() != sha256:
            raise self._bucket.damaged(f"the blob {sha256} does not hold what its name says")
        return found.data

    def remove_blobs(self, names: Collection[str], *, space: str) -> None:
        with ThreadPoolExecutor(_PARALLEL) as pool:
            list(pool.map(self._bucket.delete, {_blob(space, name) for name in names}))

    def append(self, log: str, entries: Sequence[bytes], *, expected: int) -> int:
        lines = joined(entries)
        known = self._heads.pop(log, None)
        if known is None or known[1].length != expected:
            known = self._log_head(log)
        for _ in range(_ATTEMPTS):
            etag, head = known or (None, Head(self._bucket.nonce()))
            if head.length != expected:
                raise Moved(
                    f"state moved: {log} in {self.describe()} has {head.length} bytes, not {expected}",
                    detail="Another run wrote state meanwhile.",
                    hint="plan again",
                )
            try:
                if head.must_seal:
                    self._bucket.put(_segment(log, head, head.blocks), head.tail, None, whatever=True)
                    head = head.sealing()
                head = head.extended(lines)
                self._heads[log] = (self._bucket.put(_log(log), head.to_bytes(), etag), head)
            except Lost:
                known = self._log_head(log)
            else:
                return head.length
        raise self._moved(log)

    def read_log(self, log: str) -> tuple[list[bytes], int]:
        known = self._log_head(log)
        if known is None:
            return [], 0
        head = known[1]
        with ThreadPoolExecutor(_PARALLEL) as pool:
            blocks = list(pool.map(lambda number: self._block(log, head, number), range(head.blocks)))
        try:
            entries = head.entries(blocks.__getitem__)
        except Damaged as cause:
            raise self._bucket.damaged(f"the log {log}: {cause}") from None
        self._heads[log] = known
        return entries, head.length

    def remove_log(self, log: str) -> None:
        self._heads.pop(log, None)
        known = self._log_head(log)
        if known is None:
            return
        # The head first: without it the blocks are nobody's, and an append that holds it fails.
        self._bucket.delete(_log(log))
        for number in range(known[1].blocks):
            self._bucket.delete(_segment(log, known[1], number))

    def contents(self, prefix: str = "") -> Iterator[Stored]:
        for name in self._listed("documents", prefix):
            # What is left of a removed document is an object as well.
            if self._bucket.has(_document(name)):
                yield Stored("document", name)
        for name in self._listed("logs", prefix):
            yield Stored("log", name)
        for name in self._listed("blobs", prefix):
            space, _, sha256 = name.rpartition("/")
            yield Stored("blob", space, sha256)

    def writers(self) -> Writers:
        return writers(self._bucket)

    def _keep(self, key: str, data: bytes) -> None:
        if not self._bucket.has(key):
            try:
                self._bucket.put(key, data, None)
            except Lost:
                return  # somebody else has just kept the same bytes

    def _listed(self, folder: str, prefix: str) -> Iterator[str]:
        return (name for name in self._bucket.names(folder, prefix) if lies_in(name, prefix))

    # logs

    def _log_head(self, log: str) -> tuple[str, Head] | None:
        found = self._bucket.get(_log(log))
        if found is None:
            return None
        try:
            return found.etag, Head.from_bytes(found.data)
        except Damaged as cause:
            raise self._bucket.damaged(f"the log {log}: {cause}") from None

    def _block(self, log: str, head: Head, number: int) -> bytes:
        found = self._bucket.get(_segment(log, head, number))
        if found is None:
            raise self._bucket.damaged(f"the log {log} lacks its block {number}")
        return found.data

    def _moved(self, name: str) -> Moved:
        return Moved(f"{name} in {self.describe()} was written by somebody else meanwhile", hint="plan again")


def _document(name: str) -> str:
    return f"documents/{checked(name)}"


def _blob(space: str, sha256: str) -> str:
    return f"blobs/{checked(space)}/{checked_sha256(sha256)}"


def _log(name: str) -> str:
    return f"logs/{checked(name)}"


def _segment(name: str, head: Head, number: int) -> str:
    return f"segments/{checked(name)}/{head.generation}/{number:08}"

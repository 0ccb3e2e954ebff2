"""State in an S3 bucket, or in anything that speaks S3 with conditional writes.

`PREFIX/documents/NAME` and `PREFIX/logs/NAME` are replaced with `If-Match`, or made with `If-None-Match`;
their ETags are the versions. `PREFIX/blobs/SPACE/SHA256` and `PREFIX/segments/NAME/GENERATION/NUMBER` never
change. Conditional deletes are not to be had everywhere, so a removed document stays as a small object that
says so. Each write carries a mark of its own: where an answer got lost and the retry is told that somebody
was faster, the mark tells whether that was this very write.
"""

from __future__ import annotations

import base64
import hashlib
import random
import threading
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from callsheet.model.errors import StateError
from callsheet.state.block_log import Damaged, Head
from callsheet.state.names import checked, checked_sha256, joined, lies_in, named
from callsheet.state.s3_errors import failed, no_boto3
from callsheet.state.store import Moved, Stored, Versioned

_ATTEMPTS = 6
_PARALLEL = 8
_MARK = "callsheet-write"
_SHA256 = "callsheet-sha256"
_REMOVED = "callsheet-removed"
_ABSENT = frozenset({"NoSuchKey", "404", "NotFound"})
_PROBE = "conditions"


@dataclass(frozen=True, slots=True)
class _Object:
    data: bytes
    etag: str
    removed: bool


class _Lost(Exception):
    """The condition of a conditional write did not hold."""


class S3Store:
    """Thread-safe; `boto3` is imported when the bucket is first asked for something."""

    def __init__(
        self,
        bucket: str,
        *,
        prefix: str = "",
        region: str | None = None,
        endpoint_url: str | None = None,
        pause: Callable[[float], None] = time.sleep,
        nonce: Callable[[], str] = lambda: uuid.uuid4().hex,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._region = region
        self._endpoint_url = endpoint_url
        self._pause = pause
        self._nonce = nonce
        self._jitter = jitter
        self._lock = threading.Lock()
        self._made: Any = None
        self._proven = endpoint_url is None
        # The logs' heads as this object left them, so that appending needs no reading first.
        self._heads: dict[str, tuple[str, Head]] = {}

    def describe(self) -> str:
        return f"s3 store s3://{self._bucket}/{self._prefix}"

    def read(self, name: str) -> Versioned | None:
        found = self._get(_document(name))
        return None if found is None or found.removed else Versioned(found.data, found.etag)

    def write(self, name: str, data: bytes, *, expected: str | None) -> str:
        key = _document(name)
        try:
            if expected is not None:
                return self._put(key, data, expected)
            return self._begin(key, data)
        except _Lost:
            raise self._moved(name) from None

    def remove(self, name: str, *, expected: str) -> None:
        key = _document(name)
        found = self._get(key)
        if found is None or found.removed or found.etag != expected:
            raise self._moved(name)
        try:
            # Not empty: an empty document that was removed has another ETag than what is left of it.
            self._put(key, self._nonce().encode(), expected, {_REMOVED: "true"})
        except _Lost:
            raise self._moved(name) from None

    def put_blobs(self, blobs: Sequence[bytes], *, space: str) -> list[str]:
        wanted = {_blob(space, named(data)): data for data in blobs}
        with ThreadPoolExecutor(_PARALLEL) as pool:
            list(pool.map(self._keep, wanted, wanted.values()))
        return [named(data) for data in blobs]

    def get_blob(self, sha256: str, *, space: str) -> bytes:
        found = self._get(_blob(space, sha256))
        if found is None:
            raise StateError(
                f"the blob {sha256} is not in {self.describe()}",
                hint="check bucket and prefix, and whether a lifecycle rule removes objects",
                code="state.missing",
            )
        if hashlib.sha256(found.data).hexdigest() != sha256:
            raise self._damaged(f"the blob {sha256} does not hold what its name says")
        return found.data

    def remove_blobs(self, names: Collection[str], *, space: str) -> None:
        with ThreadPoolExecutor(_PARALLEL) as pool:
            list(pool.map(self._delete, {_blob(space, name) for name in names}))

    def append(self, log: str, entries: Sequence[bytes], *, expected: int) -> int:
        lines = joined(entries)
        known = self._heads.pop(log, None)
        if known is None or known[1].length != expected:
            known = self._log_head(log)
        for _ in range(_ATTEMPTS):
            etag, head = known or (None, Head(self._nonce()))
            if head.length != expected:
                raise Moved(
                    f"state moved: {log} in {self.describe()} has {head.length} bytes, not {expected}",
                    detail="Another run wrote state meanwhile.",
                    hint="plan again",
                )
            try:
                if head.must_seal:
                    self._put(_segment(log, head, head.blocks), head.tail, None, whatever=True)
                    head = head.sealing()
                head = head.extended(lines)
                self._heads[log] = (self._put(_log(log), head.to_bytes(), etag), head)
            except _Lost:
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
            raise self._damaged(f"the log {log}: {cause}") from None
        self._heads[log] = known
        return entries, head.length

    def remove_log(self, log: str) -> None:
        self._heads.pop(log, None)
        known = self._log_head(log)
        if known is None:
            return
        # The head first: without it the blocks are nobody's, and an append that holds it fails.
        self._delete(_log(log))
        for number in range(known[1].blocks):
            self._delete(_segment(log, known[1], number))

    def contents(self, prefix: str = "") -> Iterator[Stored]:
        for name in self._names("documents", prefix):
            # What is left of a removed document is an object as well.
            about = self._head(_document(name))
            if about is not None and _REMOVED not in about["Metadata"]:
                yield Stored("document", name)
        for name in self._names("logs", prefix):
            yield Stored("log", name)
        for name in self._names("blobs", prefix):
            space, _, sha256 = name.rpartition("/")
            yield Stored("blob", space, sha256)

    def _keep(self, key: str, data: bytes) -> None:
        if self._head(key) is None:
            try:
                self._put(key, data, None)
            except _Lost:
                return  # somebody else has just kept the same bytes

    def _names(self, family: str, prefix: str) -> Iterator[str]:
        """The names of objects of a family that lie in the prefix; of blobs with their space before them."""
        start = f"{self._prefix}{family}/"
        request = {"Bucket": self._bucket, "Prefix": start + prefix}
        while True:
            _, answer = self._ask("list_objects_v2", request, ("read", family))
            for each in answer.get("Contents", ()):
                if lies_in(name := each["Key"].removeprefix(start), prefix):
                    yield name
            if not answer.get("IsTruncated"):
                return
            request["ContinuationToken"] = answer["NextContinuationToken"]

    # logs

    def _log_head(self, log: str) -> tuple[str, Head] | None:
        found = self._get(_log(log))
        if found is None:
            return None
        try:
            return found.etag, Head.from_bytes(found.data)
        except Damaged as cause:
            raise self._damaged(f"the log {log}: {cause}") from None

    def _block(self, log: str, head: Head, number: int) -> bytes:
        found = self._get(_segment(log, head, number))
        if found is None:
            raise self._damaged(f"the log {log} lacks its block {number}")
        return found.data

    # requests

    def _begin(self, key: str, data: bytes) -> str:
        """Make an object that must not exist, or take the place of one that was removed."""
        try:
            return self._put(key, data, None)
        except _Lost:
            found = self._get(key)
            if found is None or not found.removed:
                raise
            return self._put(key, data, found.etag)

    def _put(
        self,
        key: str,
        data: bytes,
        expected: str | None,
        more: Mapping[str, str] | None = None,
        *,
        whatever: bool = False,
    ) -> str:
        """Write if the object is `expected` (None: is not there; `whatever`: always); _Lost if it is not."""
        self._prove()
        mark = self._nonce()
        digest = hashlib.sha256(data)
        condition = {"IfNoneMatch": "*"} if expected is None else {"IfMatch": expected}
        request: dict[str, Any] = {
            "Bucket": self._bucket,
            "Key": self._prefix + key,
            "Body": data,
            "ContentType": "application/octet-stream",
            "ChecksumSHA256": base64.b64encode(digest.digest()).decode(),
            "Metadata": {_MARK: mark, _SHA256: digest.hexdigest(), **(more or {})},
            **({} if whatever else condition),
        }
        for attempt in range(_ATTEMPTS):
            status, answer = self._ask("put_object", request, ("write", key))
            if answer is not None:
                return str(answer["ETag"])
            if status != 409:
                break
            # 409: another conditional write of this object is on its way; how it ends is not known yet.
            self._pause(self._jitter() * 0.05 * 2**attempt)
        found = self._head(key)
        if found is not None and found["Metadata"].get(_MARK) == mark:
            return str(found["ETag"])
        raise _Lost

    def _get(self, key: str) -> _Object | None:
        request = {"Bucket": self._bucket, "Key": self._prefix + key}
        _, answer = self._ask("get_object", request, ("read", key))
        if answer is None:
            return None
        data, metadata = answer["Body"], answer["Metadata"]
        seal = metadata.get(_SHA256)
        # Without a seal it was put there by hand, from a backup; what reads it has seals of its own.
        if seal is not None and hashlib.sha256(data).hexdigest() != seal:
            raise self._damaged(f"the object {self._prefix}{key} is not what was written")
        return _Object(data, str(answer["ETag"]), _REMOVED in metadata)

    def _head(self, key: str) -> dict[str, Any] | None:
        request = {"Bucket": self._bucket, "Key": self._prefix + key}
        found: dict[str, Any] | None = self._ask("head_object", request, ("read", key))[1]
        return found

    def _delete(self, key: str) -> None:
        self._ask("delete_object", {"Bucket": self._bucket, "Key": self._prefix + key}, ("delete", key))

    def _prove(self) -> None:
        """Make sure, once, that a service other than AWS heeds conditions: those that do not, lose state."""
        if self._proven:
            return
        request = {"Bucket": self._bucket, "Key": self._prefix + _PROBE, "Body": b""}
        where = ("write", _PROBE)
        self._ask("put_object", request, where)
        heeded = [
            self._ask("put_object", {**request, **condition}, where)[1] is None
            for condition in ({"IfNoneMatch": "*"}, {"IfMatch": f'"{"0" * 32}"'})
        ]
        if not all(heeded):
            raise StateError(
                f"{self.describe()}: the service overlooks If-Match or If-None-Match",
                detail="Without conditional writes two runs at once would lose each other's state.",
                hint="use a service that has them (AWS, MinIO, Ceph, R2 in their present versions)",
                code="state.unconditional",
            )
        self._proven = True

    def _ask(self, verb: str, request: dict[str, Any], where: tuple[str, str]) -> tuple[int, Any]:
        """The answer, or None with the status where the object is not there or a condition does not hold."""
        client = self._client()
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer = getattr(client, verb)(**request)
            if verb == "get_object":
                answer["Body"] = answer["Body"].read()
            return 200, answer
        except ClientError as cause:
            status = int(cause.response["ResponseMetadata"]["HTTPStatusCode"])
            code = str(cause.response["Error"].get("Code"))
            if status in (409, 412) or (status == 404 and code in _ABSENT):
                return status, None
            problem: Exception = cause
        except (BotoCoreError, OSError) as cause:
            problem = cause
        raise failed(problem, self.describe(), where)

    def _client(self) -> Any:
        with self._lock:
            if self._made is None:
                try:
                    import boto3
                    from botocore.config import Config
                    from botocore.exceptions import BotoCoreError
                except ImportError:
                    raise no_boto3() from None
                path = {"addressing_style": "path"} if self._endpoint_url else {}
                try:
                    self._made = boto3.session.Session().client(
                        "s3",
                        region_name=self._region,
                        endpoint_url=self._endpoint_url,
                        config=Config(
                            connect_timeout=10,
                            read_timeout=60,
                            max_pool_connections=32,
                            retries={"mode": "standard", "total_max_attempts": 4},
                            request_checksum_calculation="when_required",
                            response_checksum_validation="when_required",
                            s3=path,
                        ),
                    )
                except (BotoCoreError, ValueError) as cause:
                    raise failed(cause, self.describe(), ("read", "")) from None
            return self._made

    def _moved(self, name: str) -> Moved:
        return Moved(f"{name} in {self.describe()} was written by somebody else meanwhile", hint="plan again")

    def _damaged(self, what: str) -> StateError:
        return StateError(
            f"{self.describe()}: {what}",
            detail="Damaged state is never taken for an empty estate.",
            hint="restore the object from an earlier version, if the bucket keeps them, or from a backup",
            code="state.damaged",
        )


def _document(name: str) -> str:
    return f"documents/{checked(name)}"


def _blob(space: str, sha256: str) -> str:
    return f"blobs/{checked(space)}/{checked_sha256(sha256)}"


def _log(name: str) -> str:
    return f"logs/{checked(name)}"


def _segment(name: str, head: Head, number: int) -> str:
    return f"segments/{checked(name)}/{head.generation}/{number:08}"

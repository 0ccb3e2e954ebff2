"""A bucket of S3, or of anything that speaks S3 with conditional writes: objects by key, under a prefix.

Each write carries a mark of its own: where an answer got lost and the retry is told that somebody was faster,
the mark tells whether that was this very write.
"""

from __future__ import annotations

import base64
import hashlib
import random
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from callsheet.model.errors import StateError
from callsheet.state.s3_errors import failed, no_boto3

_ATTEMPTS = 6
_MARK = "callsheet-write"
_SHA256 = "callsheet-sha256"
_REMOVED = "callsheet-removed"
_ABSENT = frozenset({"NoSuchKey", "404", "NotFound"})
_PROBE = "conditions"


@dataclass(frozen=True, slots=True)
class Object:
    """An object's bytes; `removed`: what is left where there was one."""

    data: bytes
    etag: str
    removed: bool


class Lost(Exception):
    """The condition of a conditional write did not hold."""


class Bucket:
    """Thread-safe; `boto3` is imported when the bucket is first asked for something."""

    def __init__(
        self,
        name: str,
        *,
        prefix: str = "",
        region: str | None = None,
        endpoint_url: str | None = None,
        pause: Callable[[float], None] = time.sleep,
        nonce: Callable[[], str] = lambda: uuid.uuid4().hex,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.name = name
        self.prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self.nonce = nonce
        self._region = region
        self._endpoint_url = endpoint_url
        self._pause = pause
        self._jitter = jitter
        self._lock = threading.Lock()
        self._made: Any = None
        self._proven = endpoint_url is None

    def describe(self) -> str:
        return f"s3 store s3://{self.name}/{self.prefix}"

    def begin(self, key: str, data: bytes) -> str:
        """Make an object that must not exist, or take the place of one that was removed."""
        try:
            return self.put(key, data, None)
        except Lost:
            found = self.get(key)
            if found is None or not found.removed:
                raise
            return self.put(key, data, found.etag)

    def put(
        self,
        key: str,
        data: bytes,
        expected: str | None,
        more: Mapping[str, str] | None = None,
        *,
        whatever: bool = False,
    ) -> str:
        """Write if the object is `expected` (None: is not there; `whatever`: always); Lost if it is not."""
        self._prove()
        mark = self.nonce()
        digest = hashlib.sha256(data)
        condition = {"IfNoneMatch": "*"} if expected is None else {"IfMatch": expected}
        request: dict[str, Any] = {
            "Bucket": self.name,
            "Key": self.prefix + key,
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
        raise Lost

    def leave_mark(self, key: str, expected: str) -> None:
        """Write, where an object was, that it is there no longer; Lost if it is not `expected`.

        Conditional deletes are not to be had everywhere.
        """
        # Not empty: an empty object that was removed has another ETag than what is left of it.
        self.put(key, self.nonce().encode(), expected, {_REMOVED: "true"})

    def get(self, key: str) -> Object | None:
        request = {"Bucket": self.name, "Key": self.prefix + key}
        _, answer = self._ask("get_object", request, ("read", key))
        if answer is None:
            return None
        data, metadata = answer["Body"], answer["Metadata"]
        seal = metadata.get(_SHA256)
        # Without a seal it was put there by hand, from a backup; what reads it has seals of its own.
        if seal is not None and hashlib.sha256(data).hexdigest() != seal:
            raise self.damaged(f"the object {self.prefix}{key} is not what was written")
        return Object(data, str(answer["ETag"]), _REMOVED in metadata)

    def has(self, key: str) -> bool:
        """Whether the object is there, and is not what is left of one."""
        found = self._head(key)
        return found is not None and _REMOVED not in found["Metadata"]

    def delete(self, key: str) -> None:
        self._ask("delete_object", {"Bucket": self.name, "Key": self.prefix + key}, ("delete", key))

    def names(self, folder: str, prefix: str) -> Iterator[str]:
        """What follows `folder/` in the keys that begin with `folder/prefix`."""
        start = f"{self.prefix}{folder}/"
        request = {"Bucket": self.name, "Prefix": start + prefix}
        while True:
            _, answer = self._ask("list_objects_v2", request, ("read", folder))
            for each in answer.get("Contents", ()):
                yield each["Key"].removeprefix(start)
            if not answer.get("IsTruncated"):
                return
            request["ContinuationToken"] = answer["NextContinuationToken"]

    def setting(self, name: str) -> tuple[dict[str, Any], str]:
        """A setting of the bucket (`versioning`, …), or an empty one and the code that S3 refused it with."""
        client = self._client()
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            return getattr(client, f"get_{name}")(Bucket=self.name), ""
        except ClientError as cause:
            return {}, str(cause.response["Error"].get("Code"))
        except (BotoCoreError, OSError) as cause:
            raise failed(cause, self.describe(), ("read", name)) from None

    def _prove(self) -> None:
        """Make sure, once, that a service other than AWS heeds conditions: those that do not, lose state."""
        if self._proven:
            return
        request = {"Bucket": self.name, "Key": self.prefix + _PROBE, "Body": b""}
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

    def _head(self, key: str) -> dict[str, Any] | None:
        request = {"Bucket": self.name, "Key": self.prefix + key}
        found: dict[str, Any] | None = self._ask("head_object", request, ("read", key))[1]
        return found

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

    def damaged(self, what: str) -> StateError:
        return StateError(
            f"{self.describe()}: {what}",
            detail="Damaged state is never taken for an empty estate.",
            hint="restore the object from an earlier version, if the bucket keeps them, or from a backup",
            code="state.damaged",
        )

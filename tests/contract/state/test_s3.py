"""What holds of the S3 store alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from callsheet.model.errors import StateError
from callsheet.state.bucket import Bucket
from callsheet.state.s3 import S3Store
from callsheet.state.s3_errors import failed
from callsheet.state.store import Moved
from support.between import Between, between
from support.stores import BUCKET, Moto


@pytest.fixture
def proxy(moto: Moto) -> Iterator[Between]:
    with between(moto.url) as proxy:
        yield proxy


@pytest.fixture
def prefix(tmp_path: Path) -> str:
    return tmp_path.name


def opened(url: str, prefix: str = "p", bucket: str = BUCKET) -> S3Store:
    return S3Store(Bucket(bucket, prefix=prefix, region="us-east-1", endpoint_url=url, pause=lambda _: None))


def failure(store: S3Store) -> Any:
    with pytest.raises(StateError) as caught:
        store.write("a", b"x", expected=None)
    return caught.value.diagnostics[0]


def test_an_append_is_one_request(proxy: Between, prefix: str) -> None:
    store = opened(proxy.url, prefix)
    length = store.append("l", [b"x"], expected=0)
    proxy.requests.clear()
    for _ in range(5):
        length = store.append("l", [b"x"], expected=length)
    assert proxy.requests == [f"PUT /{BUCKET}/{prefix}/logs/l"] * 5


def test_a_conflict_is_tried_again_and_then_somebody_elses(proxy: Between, prefix: str) -> None:
    store = opened(proxy.url, prefix)
    version = store.write("a", b"1", expected=None)
    proxy.faults = [(409, "ConditionalRequestConflict")] * 3
    version = store.write("a", b"2", expected=version)
    proxy.faults = [(409, "ConditionalRequestConflict")] * 100
    with pytest.raises(Moved):
        store.write("a", b"3", expected=version)
    assert len(proxy.faults) > 80
    proxy.faults = [(409, "ConditionalRequestConflict")] * 100
    with pytest.raises(Moved):
        store.append("l", [b"x"], expected=0)


def test_a_write_whose_answer_was_lost_counts_as_ours(proxy: Between, prefix: str) -> None:
    store = opened(proxy.url, prefix)
    proxy.faults = [None, None, None, "lost"]  # after the probe's three
    version = store.write("a", b"1", expected=None)
    proxy.faults = ["lost"]
    store.write("a", b"2", expected=version)
    proxy.faults = ["lost"]
    length = store.append("l", [b"x"], expected=0)
    proxy.faults = ["lost"]
    store.append("l", [b"y"], expected=length)
    assert store.read_log("l")[0] == [b"x", b"y"]


def test_the_same_bytes_by_somebody_else_do_not_count_as_ours(moto: Moto, prefix: str) -> None:
    one, two = opened(moto.url, prefix), opened(moto.url, prefix)
    one.write("a", b"same", expected=None)
    with pytest.raises(Moved):
        two.write("a", b"same", expected=None)


def test_a_service_that_overlooks_conditions_is_refused(proxy: Between, prefix: str) -> None:
    proxy.heedless = True
    assert failure(opened(proxy.url, prefix)).code == "state.unconditional"
    assert not any(f"{prefix}/documents" in request for request in proxy.requests)


def test_a_missing_bucket_is_no_empty_estate(moto: Moto) -> None:
    store = opened(moto.url, bucket="not-there")
    with pytest.raises(StateError) as caught:
        store.read("a")
    assert caught.value.diagnostics[0].code == "state.no-bucket"
    assert failure(store).code == "state.no-bucket"


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (403, "AccessDenied", "state.denied"),
        (403, "SignatureDoesNotMatch", "state.no-credentials"),
        (400, "ExpiredToken", "state.no-credentials"),
        (400, "InvalidRequest", "state.s3"),
    ],
)
def test_a_refusal_says_what_is_needed(
    proxy: Between, prefix: str, status: int, code: str, expected: str
) -> None:
    proxy.faults = [(status, code)] * 20
    told = failure(opened(proxy.url, prefix))
    assert told.code == expected
    assert told.hint


def test_a_service_that_does_not_answer_in_time_is_one() -> None:
    from botocore.exceptions import ReadTimeoutError

    cause = ReadTimeoutError(endpoint_url="http://user:canary@s3.example", error=TimeoutError())
    told = failed(cause, "s3 store", ("write", "documents/a")).diagnostics[0]
    assert (told.code, told.summary) == ("state.unreachable", "s3 store cannot be reached")
    assert "canary" not in told.detail


def test_no_credentials_no_service_and_no_boto3_are_clear(
    moto: Moto, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert failure(opened("http://user:canary@127.0.0.1:1")).code == "state.unreachable"
    assert "canary" not in str(failure(opened("http://user:canary@127.0.0.1:1")).to_json())
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    assert failure(opened(moto.url)).code == "state.no-credentials"
    monkeypatch.setitem(sys.modules, "boto3", None)
    told = failure(opened(moto.url))
    assert (told.code, told.hint) == ("state.no-boto3", "pip install 'callsheet[s3]'")


def replace(moto: Moto, key: str, change: Any) -> None:
    """Change an object's bytes and leave its metadata, as damage does."""
    client = moto.client()
    found = client.get_object(Bucket=BUCKET, Key=key)
    client.put_object(Bucket=BUCKET, Key=key, Body=change(found["Body"].read()), Metadata=found["Metadata"])


def test_a_changed_or_cut_document_is_found(moto: Moto, prefix: str) -> None:
    store = opened(moto.url, prefix)
    store.write("a", b"bytes", expected=None)
    replace(moto, f"{prefix}/documents/a", lambda data: data[:-1])
    with pytest.raises(StateError, match="not what was written"):
        store.read("a")


def test_a_document_put_back_by_hand_is_read(moto: Moto, prefix: str) -> None:
    store = opened(moto.url, prefix)
    store.write("a", b"bytes", expected=None)
    moto.client().put_object(Bucket=BUCKET, Key=f"{prefix}/documents/a", Body=b"from a backup")
    found = store.read("a")
    assert found is not None
    store.write("a", b"on", expected=found.version)


@pytest.mark.parametrize(
    "damage", ["head cut", "head emptied", "block lost", "block cut", "blocks exchanged"]
)
def test_a_damaged_log_is_found(moto: Moto, prefix: str, damage: str) -> None:
    store = opened(moto.url, prefix)
    length = 0
    for number in range(4):
        length = store.append("l", [b"%d" % number * 40_000], expected=length)
    client = moto.client()
    listed = client.list_objects_v2(Bucket=BUCKET, Prefix=f"{prefix}/segments/")["Contents"]
    keys = [each["Key"] for each in listed]
    assert len(keys) == 3
    head = f"{prefix}/logs/l"
    # By hand and without metadata: the log's own seals have to find it.
    bodies = {key: client.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in [head, *keys]}
    put = {
        "head cut": {head: bodies[head][:-100]},
        "head emptied": {head: b""},
        "block lost": {},
        "block cut": {keys[1]: bodies[keys[1]][: len(bodies[keys[1]]) // 2]},
        "blocks exchanged": {keys[0]: bodies[keys[1]], keys[1]: bodies[keys[0]]},
    }[damage]
    if damage == "block lost":
        client.delete_object(Bucket=BUCKET, Key=keys[1])
    for key, data in put.items():
        client.put_object(Bucket=BUCKET, Key=key, Body=data)
    with pytest.raises(StateError, match="the log l"):
        opened(moto.url, prefix).read_log("l")


def test_a_removed_log_leaves_nothing_behind(moto: Moto, prefix: str) -> None:
    store = opened(moto.url, prefix)
    length = 0
    for _ in range(3):
        length = store.append("l", [b"x" * 40_000], expected=length)
    store.remove_log("l")
    listed = moto.client().list_objects_v2(Bucket=BUCKET, Prefix=f"{prefix}/")["Contents"]
    assert [each["Key"] for each in listed] == [f"{prefix}/conditions"]


def test_a_damaged_blob_is_found(moto: Moto, prefix: str) -> None:
    store = opened(moto.url, prefix)
    [name] = store.put_blobs([b"bytes"], space="exports/dev")
    moto.client().put_object(Bucket=BUCKET, Key=f"{prefix}/blobs/exports/dev/{name}", Body=b"bytez")
    with pytest.raises(StateError, match="does not hold what its name says"):
        store.get_blob(name, space="exports/dev")

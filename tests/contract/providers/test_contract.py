"""What every provider must do with every kind that it has: create, read, list, update, look up, delete."""

from __future__ import annotations

import pytest

from callsheet.model.canonical import fingerprint
from callsheet.model.paths import drop_all
from callsheet.model.resource import RemoteObject
from contract.providers.conftest import Subject
from contract.providers.samples import SAMPLES, contents


def make(subject: Subject, kind: str) -> dict[str, RemoteObject]:
    """The kind's sample with everything that it needs, created in order."""
    made: dict[str, RemoteObject] = {}
    for each in (*SAMPLES[kind].needs, kind):
        payload = SAMPLES[each].payload(made)
        made[each] = subject.writer.create(each, payload, key=f"key-{each}", content=contents)
    return made


def same(subject: Subject, one: RemoteObject, other: RemoteObject | None) -> bool:
    assert other is not None
    owned = subject.provider.catalogue.kinds[one.kind].server_owned
    return fingerprint(drop_all(one.payload, owned)) == fingerprint(drop_all(other.payload, owned))


def test_every_kind_has_a_sample(vapi: Subject) -> None:
    assert SAMPLES.keys() == vapi.provider.catalogue.kinds.keys()


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_created_object_is_read_and_listed_as_it_was_answered(vapi: Subject, kind: str) -> None:
    made = make(vapi, kind)[kind]
    assert same(vapi, made, vapi.provider.read(kind, made.id))
    listed = list(vapi.provider.list_all(kind))
    assert [item.id for item in listed] == [made.id]
    assert same(vapi, made, listed[0])


@pytest.mark.parametrize("kind", SAMPLES)
def test_an_update_changes_what_it_names_and_nothing_else(vapi: Subject, kind: str) -> None:
    made = make(vapi, kind)
    before, change = made[kind], dict(SAMPLES[kind].change(made))
    after = vapi.writer.update(kind, before, change, (), key="key-update")
    assert after.id == before.id
    for name, value in change.items():
        assert after.payload[name] == value or name == "model"
    owned = vapi.provider.catalogue.kinds[kind].server_owned
    rest = [
        {name: value for name, value in drop_all(each.payload, owned).items() if name not in change}
        for each in (before, after)
    ]
    assert rest[0] == rest[1]
    assert same(vapi, after, vapi.provider.read(kind, before.id))


@pytest.mark.parametrize("kind", SAMPLES)
def test_what_is_deleted_is_gone_and_may_be_deleted_again(vapi: Subject, kind: str) -> None:
    made = make(vapi, kind)[kind]
    vapi.writer.delete(kind, made, key="k")
    assert vapi.provider.read(kind, made.id) is None
    assert list(vapi.provider.list_all(kind)) == []
    vapi.writer.delete(kind, made, key="k")


@pytest.mark.parametrize("kind", SAMPLES)
def test_look_up_finds_by_name_and_reads_the_kind_once(vapi: Subject, kind: str) -> None:
    made = make(vapi, kind)[kind]
    assert made.name
    vapi.judge.requests.clear()
    assert [item.id for item in vapi.provider.look_up(kind, made.name)] == [made.id]
    asked = len(vapi.judge.requests)
    assert list(vapi.provider.look_up(kind, "nobody")) == []
    assert len(vapi.judge.requests) == asked


@pytest.mark.parametrize("kind", SAMPLES)
def test_reading_what_never_was_gives_nothing(vapi: Subject, kind: str) -> None:
    assert vapi.provider.read(kind, "00000000-0000-4000-8000-00000000abcd") is None


@pytest.mark.parametrize("kind", SAMPLES)
def test_reading_writes_nothing(vapi: Subject, kind: str) -> None:
    made = make(vapi, kind)[kind]
    vapi.judge.requests.clear()
    list(vapi.provider.list_all(kind))
    vapi.provider.read(kind, made.id)
    vapi.provider.look_up(kind, "x")
    assert {method for method, _, _ in vapi.judge.requests} == {"GET"}

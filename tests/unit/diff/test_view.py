"""What may leave the process of a provider's answer."""

from __future__ import annotations

from callsheet.diff.view import leaked, provider_masked, secret_patterns, view
from callsheet.model.kinds import Kind, SecretField
from callsheet.model.paths import pattern, patterns
from callsheet.model.resource import RemoteObject
from callsheet.model.value import Digest, Secret, Text

KIND = Kind(
    "Assistant",
    "test",
    label_path=("metadata", "callsheet"),
    server_owned=patterns("id", "orgId", "nested.*.serverSide"),
    secrets=(SecretField(pattern("server.headers.*")), SecretField(pattern("tools[*].server.secret"))),
)


def seen(payload: dict[str, object], **more: object) -> dict[str, object]:
    return view(KIND, RemoteObject("Assistant", "1", payload), b"key", **more)  # type: ignore[arg-type]


def test_server_owned_fields_and_our_mark_are_left_out() -> None:
    assert seen(
        {
            "id": "1",
            "orgId": "o",
            "name": "a",
            "metadata": {"callsheet": {"address": "x"}},
            "nested": {"a": {"serverSide": 1, "mine": 2}},
        }
    ) == {"name": "a", "nested": {"a": {"mine": 2}}}


def test_what_is_write_only_is_left_out_of_the_answer_to_a_write() -> None:
    kind = Kind("Dictionary", "test", write_only=patterns("rules"))
    answer = RemoteObject("Dictionary", "1", {"name": "brands", "rules": [{"text": "Acme"}]})
    assert view(kind, answer, b"key") == {"name": "brands"}


def test_a_container_that_holds_more_than_our_mark_stays() -> None:
    assert seen({"metadata": {"callsheet": {}, "team": "x"}}) == {"metadata": {"callsheet": {}, "team": "x"}}
    assert seen({"metadata": {"callsheet": {"address": "x"}, "team": "x"}}) == {"metadata": {"team": "x"}}


def test_secrets_become_keyed_digests() -> None:
    out = seen(
        {
            "server": {"url": "u", "headers": {"Authorization": "Bearer canary", "X": "canary-2"}},
            "tools": [{"server": {"secret": "canary-3"}}],
        }
    )
    assert "canary" not in repr(out)
    assert isinstance(out["server"]["headers"]["Authorization"], Digest)  # type: ignore[index]
    other = view(KIND, RemoteObject("Assistant", "1", {"server": {"headers": {"X": "canary-2"}}}), b"other")
    assert other["server"]["headers"]["X"] != out["server"]["headers"]["X"]  # type: ignore[index]


def test_a_secret_that_looks_like_a_mask_is_masked_all_the_same() -> None:
    assert "***" not in repr(seen({"server": {"headers": {"X": "p***word"}}}))


def test_masks_of_the_provider_are_told_from_values() -> None:
    assert provider_masked("****")
    assert provider_masked("sk-•••••abc")
    assert not provider_masked("a*b")
    assert not provider_masked("**bold**")


def test_a_secret_that_is_said_to_be_never_returned_is_masked_when_it_is() -> None:
    kind = Kind("Number", "test", secrets=(SecretField(pattern("token"), "never"),))
    assert "canary" not in repr(view(kind, RemoteObject("Number", "1", {"token": "canary"}), b"k"))


def test_places_where_the_files_hold_secrets_are_masked_too() -> None:
    patterns_of = secret_patterns(
        {"a": [{"key": Secret("secrets://env/A")}], "b": Text(("x ", Secret("secrets://env/B")))}
    )
    assert patterns_of == ("a.*.key", "b")
    out = seen({"a": [{"key": "canary"}], "b": "x canary", "c": "plain"}, masked=patterns_of)
    assert "canary" not in repr(out)
    assert out["c"] == "plain"


def test_an_echo_of_a_secret_is_found_wherever_it_turns_up() -> None:
    assert leaked({"log": ["sent canary!"], "n": 1, "ok": "x"}, ["canary"]) == [("log", 0)]

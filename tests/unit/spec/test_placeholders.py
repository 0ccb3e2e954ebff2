"""Placeholders: text goes through unharmed, what is inserted is not looked at again."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, example, given
from hypothesis import strategies as st

from callsheet.model.value import Secret, Text
from callsheet.spec.placeholders import Expander, Scope, look_up

PIECES = st.lists(
    st.sampled_from(["$", "{", "}", "${", "$${", "{{x}}", "params.x", "a", "\n", "env", "."])
).map("".join)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | PIECES,
    lambda inner: st.lists(inner) | st.dictionaries(PIECES, inner),
)


def expander(**params: Any) -> Expander:
    return Expander(Scope("environment dev", {"params": params}))


@given(PIECES)
@example("$${x}")
@example("$$${x}")
def test_escaped_text_comes_out_as_it_was(text: str) -> None:
    expanding = expander()
    assert expanding.expand(text.replace("${", "$${")) == text
    assert expanding.faults == []


@given(PIECES | st.text())
def test_text_without_placeholders_is_the_same_object(text: str) -> None:
    assume("${" not in text)
    tree = {"a": [text, {"b": text}]}
    assert expander().expand(tree) is tree


@given(VALUES)
def test_a_lone_placeholder_keeps_its_type_and_is_not_expanded_again(value: Any) -> None:
    expanding = expander(x=value)
    assert expanding.expand(["${params.x}"]) == [value]
    assert expanding.faults == []
    assert expanding.used == {"params.x": value}


@given(PIECES, PIECES, PIECES)
def test_inserted_text_is_not_expanded_again(before: str, value: str, after: str) -> None:
    escape = (part.replace("${", "$${") for part in (before + "|", "|" + after))
    expanding = expander(x=value)
    assert expanding.expand("${params.x}".join(escape)) == f"{before}|{value}|{after}"
    assert expanding.faults == []


def test_a_file_is_inserted_as_it_is() -> None:
    scope = Scope("environment dev", {}, read=lambda path: f"{path}: ${{params.x}} $${{")
    expanding = Expander(scope)
    assert expanding.expand("<${file:a/b c.js}>") == "<a/b c.js: ${params.x} $${>"
    assert expanding.files == {"a/b c.js": "a/b c.js: ${params.x} $${"}


def test_parts_of_texts_with_secrets_grow_together() -> None:
    secret = Secret("secrets://env/X")
    expanding = expander(t=Text(("a", secret, "b")), s=secret, n=1, e="")
    assert expanding.expand("${params.n}${params.t}${params.n}") == Text(("1a", secret, "b1"))
    assert expanding.expand("${params.e}${params.s}") == Text((secret,))
    assert expanding.expand("${params.s}") == secret


def test_secret_references_are_judged() -> None:
    for good in ("secrets://env/X", "secrets://vault/kv/a/b#c", "secrets://aws-sm/x?version=1"):
        expanding = expander()
        assert expanding.expand(good) == Secret(good)
        assert expanding.expand(f"${{{good}}}") == Secret(good)
        assert expanding.faults == []
    for bad in (
        "secrets://",
        "secrets://x",
        "secrets:///x",
        "secrets://env/",
        "secrets://env/a b",
        "secrets://E/x",
    ):
        expanding = expander()
        expanding.expand(bad)
        assert [fault.code for fault in expanding.faults] == ["spec.secret"]


def test_dotted_keys_prefer_the_whole_key() -> None:
    tree = {"a.b": 1, "a": {"b": 2, "c.d": 3, "e": {"f": 4}}, "g": 5}
    assert [look_up(tree, key) for key in ("a.b", "a.c.d", "a.e.f", "g")] == [1, 3, 4, 5]
    assert [bool(look_up(tree, key)) for key in ("a.x", "g.h", "", ".", "a.")] == [False] * 5

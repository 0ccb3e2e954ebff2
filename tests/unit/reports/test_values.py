"""Values for show: symbols as words, secrets as nothing, composites as blocks."""

from __future__ import annotations

from typing import Any

import pytest

from callsheet.model.paths import ABSENT
from callsheet.model.value import After, Content, Digest, External, Ref, Secret, Text
from callsheet.reports.values import block, inline, is_text, redacted


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (1.5, "1.5"),
        ("a\n\x1b", '"a\\n\\u001b"'),
        (ABSENT, "(not set)"),
        ({}, "{}"),
        ([], "[]"),
        ({"b": 1, "a key": [1, "x"]}, '{b: 1, "a key": [1, "x"]}'),
        (Ref("Tool/jira", id="1"), "→ Tool/jira"),
        (Ref("KnowledgeBase/faq", "toolId"), "→ KnowledgeBase/faq.toolId"),
        (After("Tool/jira"), "→ Tool/jira (known after apply)"),
        (External("Credential", "x"), "→ Credential/x (external)"),
        (Secret("secrets://env/X", "digest"), "(secret secrets://env/X)"),
        (Text(("Bearer ", Secret("secrets://env/X"))), "Bearer (secret secrets://env/X)"),
        (Digest("abc"), "(secret)"),
        (Content("ab" * 32, "f.md", 1234), "file f.md (1,234 bytes, sha256:abababababab…)"),
    ],
)
def test_inline(value: Any, text: str) -> None:
    assert inline(redacted(value)) == text


def test_symbols_in_their_json_form_are_recognised() -> None:
    assert inline(redacted({"x": {"$digest": ""}, "y": {"$after": "Tool/t"}})) == (
        "{x: (secret), y: → Tool/t (known after apply)}"
    )


@pytest.mark.parametrize("value", ["canary", 4711, ["canary"], {"a": "canary"}])
def test_a_sensitive_value_without_symbols_is_hidden_whole(value: Any) -> None:
    assert inline(redacted(value, sensitive=True)) == "(secret)"


def test_beside_a_symbol_telling_keys_are_hidden_too() -> None:
    value = {
        "apiKey": "canary",
        "url": "https://x",
        "inner": [{"token": "canary", "s": Secret("secrets://env/A")}],
    }
    text = inline(redacted(value, sensitive=True))
    assert "canary" not in text
    assert "https://x" in text


def test_absent_stays_absent_and_null_stays_null() -> None:
    assert redacted(ABSENT, sensitive=True) is ABSENT
    assert redacted(None, sensitive=True) is None


def test_block() -> None:
    value = {"role": "system", "content": "one\ntwo\n", "items": [{"a": 1, "b": [2]}, 3], "none": {}}
    assert block(value) == [
        "none: {}",
        'role: "system"',
        "content: |",
        "  one",
        "  two",
        "items:",
        "  - a: 1",
        "    b:",
        "      - 2",
        "  - 3",
    ]


def test_what_reads_as_text() -> None:
    assert is_text("a\nb")
    assert not is_text("a\n")
    assert not is_text(["a\nb"])

"""Plain scalars against the rules of YAML 1.2's core schema, written down here a second time."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from callsheet.model.value import Value
from callsheet.spec.composers import PureComposer, fast_composer
from callsheet.spec.reader import parse
from callsheet.spec.scalars import ScalarError, plain

COMPOSERS = [pytest.param(fast_composer(), id="fast"), pytest.param(PureComposer, id="pure")]


def core(text: str) -> Value:
    """YAML 1.2.2, 10.3.2, rule by rule."""
    if re.fullmatch(r"null|Null|NULL|~|", text):
        return None
    if re.fullmatch(r"true|True|TRUE|false|False|FALSE", text):
        return text.lower() == "true"
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text)
    if re.fullmatch(r"0o[0-7]+", text):
        return int(text[2:], 8)
    if re.fullmatch(r"0x[0-9a-fA-F]+", text):
        return int(text[2:], 16)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", text):
        return float(text)
    return text


@given(st.text(alphabet="+-.0123456789eExoabfnultrTNF~_:", max_size=12))
@example("+15551234567")
@example("0123")
@example("-0")
@example("0x1F")
@example("0o17")
@example("1_000")
@example("1:30")
@example("2026-11-20")
@example("1e3")
@example("+.5")
def test_plain_scalars_follow_the_core_schema_but_for_phone_numbers(text: str) -> None:
    if re.fullmatch(r"\+[0-9]+|-?0[0-9]+", text):
        assert plain(text) == text
        return
    value, wanted = plain(text), core(text)
    assert value == wanted
    assert type(value) is type(wanted)


@pytest.mark.parametrize(
    "text",
    ["no", "No", "on", "off", "yes", "y",
     "1_000", "1:30", "0123", "+15551234567", "+1", "2026-11-20",
     "2026-11-20T10:00:00Z", "0b11", "1.2.3", "12e", "=", "<<", "nan", "inf", ".",
     "-", "+", "--1", "0o8", "0xg"],
)  # fmt: skip
@pytest.mark.parametrize("composer", COMPOSERS)
def test_these_are_text(text: str, composer: type[PureComposer]) -> None:
    assert parse(f"- {text}\n" if text != "-" else "['-']", composer).values == [[text]]


@pytest.mark.parametrize(
    "text", [".nan", ".NaN", ".inf", "-.INF", "+.inf", "1e400", "9" * 30, "-9999999999999999999"]
)
def test_numbers_that_json_cannot_carry_are_refused(text: str) -> None:
    with pytest.raises(ScalarError):
        plain(text)


@pytest.mark.parametrize("composer", COMPOSERS)
def test_core_tags_and_nothing_else(composer: type[PureComposer]) -> None:
    text = "[!!str 5, !!int '7', !!int '+0123', !!float 1, !!bool 'true', !!null '', !!map {a: 1}, !!seq [2]]"
    parsed = parse(text, composer)
    assert parsed.findings == []
    assert parsed.values == [["5", 7, 123, 1.0, True, None, {"a": 1}, [2]]]
    for bad in (
        "!!int x",
        "!!float x",
        "!!bool 1",
        "!!null x",
        "!!set {a}",
        "!x y",
        "!!timestamp 2026-11-20",
    ):
        assert [item.code for item in parse(f"a: {bad}", composer).findings] == ["spec.yaml-scalar"]

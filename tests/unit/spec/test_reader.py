"""YAML text to values: equal to JSON where it is JSON, equal with and without libyaml, bounded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.model.canonical import plain
from callsheet.model.value import from_json, has_marker
from callsheet.spec.composers import PureComposer, fast_composer
from callsheet.spec.limits import MAX_ALIASED
from callsheet.spec.reader import parse
from unit.spec import test_bad_yaml
from unit.spec.test_scalars import COMPOSERS

TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufffe\uffff\ufeff")
)
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | TEXT
SCALARS |= st.floats(allow_nan=False, allow_infinity=False)
KEYS = TEXT | st.sampled_from(["$ref", "$secret", "$text", "$content", "id", "name", "size", "$digest"])
TREES = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=20)


@pytest.mark.parametrize("composer", COMPOSERS)
@given(tree=TREES)
def test_json_is_read_as_json(tree: Any, composer: type[PureComposer]) -> None:
    parsed = parse(json.dumps(tree, ensure_ascii=False), composer)
    if has_marker(tree) is None:
        assert parsed.findings == []
        assert parsed.values == [tree]
    else:
        assert {item.code for item in parsed.findings} == {"spec.marker"}


@given(TREES)
def test_what_may_stand_in_files_is_never_taken_for_a_symbol(tree: Any) -> None:
    if has_marker(tree) is None:
        assert from_json(tree) == tree
    else:
        assert plain(from_json(tree)) == plain(tree)


@pytest.mark.parametrize("case", test_bad_yaml.CASES, ids=lambda case: case.name)
def test_both_composers_find_the_same(case: test_bad_yaml.Case) -> None:
    content = case.files["a.yaml"]
    if isinstance(content, bytes):
        return
    fast, pure = (
        [(item.code, item.line) for item in parse(content, composer).findings]
        for composer in (fast_composer(), PureComposer)
    )
    assert fast == pure


@pytest.mark.parametrize("composer", COMPOSERS)
def test_several_documents_and_shared_values(composer: type[PureComposer]) -> None:
    parsed = parse("a: &x [1, {b: 2}]\nc: *x\n---\n---\n- 1\n...\n", composer)
    assert parsed.values == [{"a": [1, {"b": 2}], "c": [1, {"b": 2}]}, None, [1]]


@pytest.mark.parametrize("composer", COMPOSERS)
def test_aliases_are_counted_by_what_they_stand_for(composer: type[PureComposer]) -> None:
    items = "[" + ",".join(["x"] * 99) + "]"
    few = MAX_ALIASED // 100
    text = f"a: &a {items}\nb: [{','.join(['*a'] * (few - 1))}]\n"
    assert parse(text, composer).findings == []
    text = f"a: &a {items}\nb: [{','.join(['*a'] * (few + 3))}]\n"
    assert [item.code for item in parse(text, composer).findings] == ["spec.yaml-limit"]


@pytest.mark.parametrize(
    "text", ["[" * 5000, "{a: " * 5000, "- " * 5000, "a:\n" + "".join(" " * n + "- \n" for n in range(500))]
)
@pytest.mark.parametrize("composer", COMPOSERS)
def test_depth_is_bounded_before_the_stack_is(text: str, composer: type[PureComposer]) -> None:
    assert [item.code for item in parse(text, composer).findings] == ["spec.yaml-limit"]


@pytest.mark.parametrize("composer", COMPOSERS)
@pytest.mark.parametrize("character", ["\x85", "\u2028", "\u2029"])
def test_line_breaks_of_yaml_1_1_are_refused_where_readers_differ(
    character: str, composer: type[PureComposer]
) -> None:
    assert [str(item.line) for item in parse(f"a: 1\nb: x{character}y\n", composer).findings] == ["2"]
    assert parse(f'b: "x\\u{ord(character):04x}y"\n', composer).values == [{"b": f"x{character}y"}]


def test_lone_surrogates_are_refused() -> None:
    for composer in (fast_composer(), PureComposer):
        assert parse('a: "\\ud800"', composer).findings != []

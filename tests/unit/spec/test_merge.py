"""Layers: JSON merge patch by its RFC, and every value's place."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from callsheet.model.document import Origin
from callsheet.model.paths import leaves
from callsheet.model.value import Path
from callsheet.spec.merge import Layered
from callsheet.spec.source import FileSource

KEYS = st.sampled_from("abc")
TREES = st.dictionaries(
    KEYS,
    st.recursive(st.none() | st.integers(0, 3) | st.lists(st.integers()), lambda x: st.dictionaries(KEYS, x)),
)
BASE, PATCH = FileSource("base.yaml"), FileSource("patch.yaml")


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7386, section 2, word for word."""
    if not isinstance(patch, dict):
        return patch
    target = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            target.pop(name, None)
        else:
            target[name] = merge_patch(target.get(name), value)
    return target


def of_patch(path: Path) -> Origin:
    return Origin(PATCH, 0, path)


@given(TREES, TREES)
def test_a_patch_is_a_merge_patch_and_leaves_its_inputs_alone(
    base: dict[str, Any], patch: dict[str, Any]
) -> None:
    before = repr((base, patch))
    layered = Layered(base, Origin(BASE))
    layered.patch((), patch, of_patch)
    assert layered.value == merge_patch(base, patch)
    assert repr((base, patch)) == before


@given(TREES, TREES)
def test_every_leaf_of_a_patch_has_its_place_there(base: dict[str, Any], patch: dict[str, Any]) -> None:
    layered = Layered(base, Origin(BASE))
    layered.patch((), patch, of_patch)
    for path, value in leaves(patch):
        if path and value is not None and value != {}:
            assert layered.origin(path) == of_patch(path)
    patched = [path for path, _ in leaves(patch)]
    for path, value in leaves(base):
        if path and value != {} and not any(path[: len(other)] == other[: len(path)] for other in patched):
            assert layered.origin(path) == Origin(BASE, 0, path)


@given(TREES, TREES)
def test_filling_sets_only_what_is_unset(base: dict[str, Any], fills: dict[str, Any]) -> None:
    layered = Layered(base, Origin(BASE))
    used = layered.fill((), fills, of_patch)
    for path, value in leaves(base):
        if path and value != {}:
            assert dict(leaves(layered.value))[path] == value
    assert all(layered.origin(path).source is PATCH for path in used)


def test_putting_and_removing() -> None:
    layered = Layered({"a": {"b": 1, "c": [1, 2]}}, Origin(BASE))
    layered.put(("a", "c"), [3], Origin(PATCH, 0, ("x",)))
    assert layered.origin(("a", "c", 0)) == Origin(PATCH, 0, ("x", 0))
    layered.put(("d", "e"), 5)
    layered.remove(("a", "c"))
    layered.remove(("no", "where"))
    assert layered.value == {"a": {"b": 1}, "d": {"e": 5}}
    assert layered.origin(("a", "c", 0)) == Origin(BASE, 0, ("a", "c", 0))

"""Every row of the table of desired, applied, seen and live (design §4), and the rules beneath it."""

from __future__ import annotations

import pytest

from callsheet.diff.classes import Class, Verdict
from callsheet.diff.compare import compare, compare_unknown
from callsheet.model.kinds import Kind, SecretField
from callsheet.model.paths import ABSENT, pattern, patterns
from callsheet.model.value import Digest, Ref, Secret

KIND = Kind("Thing", "test", id_sets=patterns("ids"), write_only=patterns("content"))


def tree(value: object) -> dict[str, object]:
    return {} if value is ABSENT else {"p": value}


# desired, applied, seen, live → the verdict of the path and the class of the resource
ROWS = {
    "nothing moved": (1, 1, 1, 1, Verdict.IN_SYNC, Class.IN_SYNC),
    "nothing moved, and the provider stores something else": (1, 1, 2, 2, Verdict.NORMALISED, Class.IN_SYNC),
    "the files moved": (2, 1, 1, 1, Verdict.SET, Class.PENDING),
    "the files moved, where the provider stores something else": (3, 1, 2, 2, Verdict.SET, Class.PENDING),
    "the files moved to what is there": (2, 1, 2, 2, Verdict.CONVERGED, Class.CONVERGED),
    "live moved": (1, 1, 1, 2, Verdict.RESTORE, Class.DRIFTED),
    "live moved back to what the files say": (1, 1, 2, 1, Verdict.RESTORE, Class.DRIFTED),
    "live was removed": (1, 1, 1, ABSENT, Verdict.RESTORE, Class.DRIFTED),
    "both moved to the same": (2, 1, 1, 2, Verdict.CONVERGED, Class.CONVERGED),
    "both moved apart": (2, 1, 1, 3, Verdict.CONFLICT, Class.CONFLICT),
    "the files moved and live was removed": (2, 1, 1, ABSENT, Verdict.CONFLICT, Class.CONFLICT),
    "new in the files": (1, ABSENT, ABSENT, ABSENT, Verdict.SET, Class.PENDING),
    "new in the files, a default was there": (1, ABSENT, 5, 5, Verdict.SET, Class.PENDING),
    "new in the files, somebody had set it so": (1, ABSENT, ABSENT, 1, Verdict.CONVERGED, Class.CONVERGED),
    "new in the files, somebody had set it otherwise": (
        1, ABSENT, ABSENT, 2, Verdict.CONFLICT, Class.CONFLICT,
    ),
    "left the files": (ABSENT, 1, 1, 1, Verdict.CLEAR, Class.PENDING),
    "left the files after live moved": (ABSENT, 1, 1, 2, Verdict.RELEASE, Class.PENDING),
    "left the files and live": (ABSENT, 1, 1, ABSENT, Verdict.CONVERGED, Class.CONVERGED),
    "left the files, the provider never kept it": (
        ABSENT, 1, ABSENT, ABSENT, Verdict.CONVERGED, Class.CONVERGED,
    ),
    "null where nothing is": (None, ABSENT, ABSENT, ABSENT, Verdict.IN_SYNC, Class.IN_SYNC),
    "null asks for a clear": (None, ABSENT, 4, 4, Verdict.SET, Class.PENDING),
    "null and absent are one": (None, None, ABSENT, None, Verdict.IN_SYNC, Class.IN_SYNC),
    "1 and 1.0 are one": (1, 1.0, 1.0, 1, Verdict.IN_SYNC, Class.IN_SYNC),
    "1 and true are two": (True, 1, 1, 1, Verdict.SET, Class.PENDING),
    "a list is owned whole: an element more is drift": (
        ["a"], ["a"], ["a"], ["a", "b"], Verdict.RESTORE, Class.DRIFTED,
    ),
    "a list is owned whole: order counts": (
        ["a", "b"], ["a", "b"], ["a", "b"], ["b", "a"], Verdict.RESTORE, Class.DRIFTED,
    ),
    "defaults inside of elements are no difference": (
        [{"n": 1}], [{"n": 1}], [{"n": 1, "d": 9}], [{"n": 1, "d": 9}], Verdict.IN_SYNC, Class.IN_SYNC,
    ),
    "a key that left an element is sent away": (
        [{"n": 1}], [{"n": 1, "x": 2}], [{"n": 1, "x": 2}], [{"n": 1, "x": 2}], Verdict.SET, Class.PENDING,
    ),
    "a secret by reference and digest": (
        Secret("secrets://env/A", "d1"), Secret("secrets://env/A", "d1"), Digest("d1"), Digest("d1"),
        Verdict.IN_SYNC, Class.IN_SYNC,
    ),
    "a rotated secret": (
        Secret("secrets://env/A", "d2"), Secret("secrets://env/A", "d1"), Digest("d1"), Digest("d1"),
        Verdict.SET, Class.PENDING,
    ),
    "a secret that cannot be resolved here is not compared": (
        Secret("secrets://env/A"), Secret("secrets://env/A", "d1"), Digest("d1"), Digest("d1"),
        Verdict.NORMALISED, Class.IN_SYNC,
    ),
    "a secret changed at the provider": (
        Secret("secrets://env/A", "d1"), Secret("secrets://env/A", "d1"), Digest("d1"), Digest("d2"),
        Verdict.RESTORE, Class.DRIFTED,
    ),
    "a reference to the same object under a new address": (
        Ref("Tool/b", id="7"), Ref("Tool/a", id="7"), "7", "7", Verdict.IN_SYNC, Class.IN_SYNC,
    ),
    "a reference to another object": (
        Ref("Tool/a", id="8"), Ref("Tool/a", id="7"), "7", "7", Verdict.SET, Class.PENDING,
    ),
    "a reference to what will be made": (
        Ref("Tool/a"), Ref("Tool/a", id="7"), "7", "7", Verdict.SET, Class.PENDING,
    ),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_every_row(row: tuple[object, ...]) -> None:
    desired, applied, seen, live, verdict, classification = row
    comparison = compare(KIND, tree(desired), tree(applied), tree(seen), tree(live))
    assert [state.verdict for state in comparison.paths] == [verdict]
    assert comparison.classification == classification
    assert not comparison.unowned


def test_the_gravest_path_decides_the_class() -> None:
    sides = [
        {"a": 2, "b": 1, "c": 1},
        {"a": 1, "b": 1, "c": 1},
        {"a": 1, "b": 1, "c": 1},
    ]
    assert compare(KIND, *sides, {"a": 1, "b": 1, "c": 1}).classification is Class.PENDING
    assert compare(KIND, *sides, {"a": 1, "b": 2, "c": 1}).classification is Class.DRIFTED
    assert compare(KIND, *sides, {"a": 3, "b": 2, "c": 1}).classification is Class.CONFLICT


def test_what_nobody_declared_is_told_apart_and_owned_neighbours_are_not_in_it() -> None:
    comparison = compare(
        KIND,
        {"model": {"name": "x"}},
        {"model": {"name": "x"}},
        {"model": {"name": "x", "seed": 1}, "voice": {"id": "a"}},
        {"model": {"name": "y", "seed": 2}, "voice": {"id": "b"}, "new": True},
    )
    assert [(each.path, each.seen, each.live) for each in comparison.unowned] == [
        (("model", "seed"), 1, 2),
        (("new",), ABSENT, True),
        (("voice", "id"), "a", "b"),
    ]
    assert [state.verdict for state in comparison.paths] == [Verdict.RESTORE]


def test_the_order_of_an_id_set_means_nothing() -> None:
    both = {"ids": ["a", "b"]}
    comparison = compare(KIND, both, both, both, {"ids": ["b", "a"]})
    assert comparison.classification is Class.IN_SYNC


def test_ignored_paths_are_not_compared_on_any_side() -> None:
    comparison = compare(
        KIND, {"a": 1, "b": 1}, {"a": 1, "b": 1}, {"a": 1, "b": 1}, {"a": 1, "b": 9}, ignore=[pattern("b")]
    )
    assert [state.path for state in comparison.paths] == [("a",)]
    assert not comparison.unowned


def test_a_residual_is_told_apart_and_never_drifts() -> None:
    comparison = compare(KIND, {}, {}, {"old": 1}, {"old": 1}, residual=[("old",)])
    assert [state.verdict for state in comparison.paths] == [Verdict.RESIDUAL]
    assert comparison.classification is Class.IN_SYNC


def test_where_one_side_has_a_value_and_the_other_an_object_desired_decides_the_grain() -> None:
    deeper = compare(KIND, {"v": {"id": "a"}}, {"v": "a"}, {"v": "a"}, {"v": "a"})
    assert [(state.path, state.verdict) for state in deeper.paths] == [(("v", "id"), Verdict.SET)]
    flatter = compare(KIND, {"v": "a"}, {"v": {"id": "a"}}, {"v": {"id": "a"}}, {"v": {"id": "a"}})
    assert [(state.path, state.verdict) for state in flatter.paths] == [(("v",), Verdict.SET)]


def test_without_state_only_what_is_declared_is_compared() -> None:
    kind = Kind(
        "Thing", "test", write_only=patterns("content"), secrets=(SecretField(pattern("token"), "never"),)
    )
    comparison = compare_unknown(
        kind,
        {"name": "a", "size": 2, "content": "bytes", "token": Secret("secrets://env/T")},
        {"name": "a", "size": 1, "extra": True},
    )
    assert [(state.path, state.verdict) for state in comparison.with_verdict(Verdict.SET)] == [
        (("size",), Verdict.SET)
    ]
    assert not comparison.unowned


def test_only_inner_keys_of_list_elements_moved() -> None:
    declared = {"members": [{"id": "a"}]}
    comparison = compare(
        KIND, declared, declared, {"members": [{"id": "a"}]}, {"members": [{"id": "a", "new": 1}]}
    )
    assert [(state.verdict, state.inner_only) for state in comparison.paths] == [(Verdict.RESTORE, True)]
    comparison = compare(KIND, declared, declared, declared, {"members": [{"id": "b"}]})
    assert [(state.verdict, state.inner_only) for state in comparison.paths] == [(Verdict.RESTORE, False)]

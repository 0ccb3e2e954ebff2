"""Changes of the provider's own making are one notice and no drift."""

from __future__ import annotations

from callsheet.diff.compare import compare
from callsheet.diff.vendor import Finding, findings, notices
from callsheet.model.kinds import Kind
from callsheet.model.paths import ABSENT, patterns
from callsheet.model.resource import RemoteObject

KIND = Kind("Thing", "test", server_owned=patterns("updatedAt"))


def finding(address: str, live: object = True, quiet: bool = False) -> Finding:
    return Finding(address, "Thing", ("beta",), ABSENT, live, quiet)


def test_the_same_on_three_objects_is_one_notice() -> None:
    [notice] = notices([finding("Thing/a"), finding("Thing/b"), finding("Thing/c")])
    assert notice.addresses == ("Thing/a", "Thing/b", "Thing/c")
    assert notice.to_json() == {
        "kind": "Thing",
        "path": "beta",
        "addresses": ["Thing/a", "Thing/b", "Thing/c"],
        "places": {"Thing/a": [["beta"]], "Thing/b": [["beta"]], "Thing/c": [["beta"]]},
        "live": True,
    }


def test_on_two_objects_or_with_different_values_it_is_not() -> None:
    assert notices([finding("Thing/a"), finding("Thing/b")]) == []
    assert notices([finding("Thing/a", 1), finding("Thing/b", 2), finding("Thing/c", 3)]) == []


def test_a_change_that_left_no_trace_is_one_alone() -> None:
    [notice] = notices([finding("Thing/a", quiet=True), finding("Thing/b")])
    assert notice.addresses == ("Thing/a",)


def test_whether_a_trace_moved_is_read_from_version_and_time() -> None:
    comparison = compare(KIND, {}, {}, {}, {"beta": True})

    def quiet(before: str | None, now: str) -> bool:
        attributes = {"updatedAt": before} if before else {}
        remote = RemoteObject("Thing", "1", {"beta": True, "updatedAt": now})
        [found] = findings("Thing/a", KIND, comparison, attributes, remote)
        return found.quiet

    assert quiet("2026-01-01", "2026-01-01")
    assert not quiet("2026-01-01", "2026-01-02")
    assert not quiet(None, "2026-01-02")


def test_inner_keys_of_declared_lists_count_as_the_providers_when_they_are_the_same_on_many() -> None:
    declared = {"members": [{"id": "a"}]}
    found = []
    for address in ("Thing/a", "Thing/b", "Thing/c"):
        comparison = compare(KIND, declared, declared, declared, {"members": [{"id": "a", "beta": 1}]})
        found += findings(address, KIND, comparison, {}, RemoteObject("Thing", "1", {}))
    [notice] = notices(found)
    assert notice.path == "members.*.beta"

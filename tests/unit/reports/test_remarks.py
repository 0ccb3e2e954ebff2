"""Findings that say the same are said once; what is wrong, or asks for something, is said every time."""

from __future__ import annotations

from typing import Any

from callsheet.model.diagnostics import Diagnostic, Place, error, note, warning
from callsheet.reports.markdown import plan_markdown
from callsheet.reports.plan_view import plan_view
from callsheet.reports.remarks import Remark, remarks_of
from cases.plans.table import plan
from unit.reports.judges import acts

SAID = "secrets://env/X cannot be resolved here, so its value was not compared"


def found(address: str | None, line: int = 4, summary: str = SAID, **more: Any) -> Diagnostic:
    place = Place("specs/a.yaml", line, 2)
    return warning("plan.secret-not-compared", summary, address=address, place=place, **more)


def own(*findings: Diagnostic) -> list[Remark]:
    shared, [left] = remarks_of([("dev", findings)])
    assert shared == []
    return left


def markdown(**environments: list[Diagnostic]) -> str:
    views = [
        plan_view(plan(environment=name, diagnostics=tuple(each))) for name, each in environments.items()
    ]
    text = plan_markdown(views)
    assert acts(text) == []
    return text


def test_equal_findings_of_several_addresses_are_one() -> None:
    [remark, other] = own(found("Tool/a"), found("Tool/b", 9), found("Tool/c", summary="something else"))
    assert (remark.addresses, remark.place) == (("Tool/a", "Tool/b"), None)
    assert (other.addresses, other.place) == (("Tool/c",), Place("specs/a.yaml", 4, 2))
    assert f"- warning for 2 resources (`Tool/a`, `Tool/b`): {SAID.split()[0]}" in markdown(
        dev=[found("Tool/a"), found("Tool/b", 9)]
    ).replace("`secrets://env/X`", "secrets://env/X")


def test_errors_and_what_asks_for_something_are_said_each_time() -> None:
    for each in (
        lambda address: error("x", "broken", address=address),
        lambda address: found(address, hint="decide"),
    ):
        assert len(own(each("Tool/a"), each("Tool/b"))) == 2
        shared, left = remarks_of([("dev", [each("Tool/a")]), ("prod", [each("Tool/a")])])
        assert (shared, [len(some) for some in left]) == ([], [1, 1])


def test_one_address_with_two_places_keeps_both() -> None:
    remarks = own(found("Tool/a", 4), found("Tool/a", 9), found("Tool/b", 9))
    assert [(each.addresses, each.place and each.place.line) for each in remarks] == [
        (("Tool/a", "Tool/b"), None),
        (("Tool/a",), 9),
    ]


def test_what_no_address_has_stays_as_it_is() -> None:
    assert len(own(note("a", "b"), note("a", "b"))) == 2


def test_several_environments_say_once_what_they_have_in_common() -> None:
    shared, left = remarks_of(
        [
            ("dev", [found("Tool/a"), found("Tool/b"), found("Tool/c")]),
            ("uat", [found("Tool/a"), found("Tool/b", 7)]),
            ("prod", [found("Tool/a")]),
        ]
    )
    assert [(each.addresses, each.environments) for each in shared] == [
        (("Tool/a",), ("dev", "uat", "prod")),
        (("Tool/b",), ("dev", "uat")),
    ]
    # Where it stands is said where it stands there everywhere.
    assert [each.place and each.place.line for each in shared] == [4, None]
    assert [[each.addresses for each in some] for some in left] == [[("Tool/c",)], [], []]


def test_a_comment_says_it_at_its_end_and_names_the_environments() -> None:
    text = markdown(
        dev=[found("Tool/a", detail="Apply needs it.")], prod=[found("Tool/a", detail="Apply needs it.")]
    )
    assert text.count("was not compared") == 1
    assert text.endswith(
        "\n\n## In several environments\n\n### Worth knowing\n\n"
        "- warning `Tool/a` `specs/a.yaml:4:2` in `dev`, `prod`: `secrets://env/X` cannot be resolved here, "
        "so its value was not compared\n  Apply needs it.\n"
    )


def test_many_addresses_are_counted() -> None:
    text = markdown(dev=[found(f"Tool/t{number:02}") for number in range(30)])
    assert "warning for 30 resources (`Tool/t00`, " in text
    assert "`Tool/t19` and 10 more) " in text
    assert "Tool/t20" not in text


def test_where_there_is_little_room_they_are_counted_sooner() -> None:
    findings = tuple(found(f"Tool/{'t' * 60}{number:02}") for number in range(30))
    view = plan_view(plan(diagnostics=findings))
    assert "and 27 more)" in plan_markdown([view], limit=1_200)
    assert "- warning for 30 resources `specs/a.yaml:4:2`: " in plan_markdown([view], limit=750)

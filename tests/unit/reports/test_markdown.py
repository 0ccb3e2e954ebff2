"""What a comment says: order, reach, other people's changes, gates, and how it gives way to a limit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callsheet.plan.change import Action, Cause
from callsheet.plan.plan import Gate, Plan
from callsheet.reports.counting import counted
from callsheet.reports.drift_view import drift_view
from callsheet.reports.explaining import paths_of, unexplained
from callsheet.reports.markdown import LIMIT, drift_markdown, plan_markdown
from callsheet.reports.plan_view import plan_view
from callsheet.reports.reach import reach_of, words_of
from callsheet.reports.text_diff import DiffLine, diff_lines
from cases.plans.table import EDITED, PLANS, PROMPT, change, changed, drifted, large, plan
from unit.reports.judges import acts, codes
from unit.reports.test_drift_report import report

SHORTENED = "_Shortened to fit here."


def told(*plans: Plan, limit: int = LIMIT, changed_files: Sequence[str] | None = None) -> str:
    views = [plan_view(each) for each in plans]
    return plan_markdown(views, limit=limit, changed_files=changed_files)


def test_dangers_come_first_and_the_command_last() -> None:
    gone = change("Assistant/gone", Action.DELETE, changed("name", "Gone"))
    refused = Gate("preventDestroy", "refused", "no", "yes")
    text = told(plan(change("Assistant/a", Action.UPDATE, changed("x", 1, 2)), gone, gates=(refused,)))
    parts = ["## Callsheet: plan for `dev`", "**Plan: 0 to create, 1", "Refused:", "gone</code>", "a</code>"]
    at = [text.index(part) for part in [*parts, "digest `sha256:", "Nothing applies this plan"]]
    assert at == sorted(at)


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (
            {},
            "To apply: `callsheet apply FILE` with the plan file of this run, or `callsheet apply --env dev`",
        ),
        ({"mode": "promote"}, "To apply: `callsheet apply FILE` with the plan file of this run."),
        ({"gates": (Gate("a", "pending", "b"),)}, "Once what is waited for is there: `callsheet apply FILE`"),
        ({"gates": (Gate("a", "refused", "b"),)}, "Nothing applies this plan before what refuses it"),
    ],
)
def test_the_last_line_is_how_it_is_applied(more: dict[str, object], line: str) -> None:
    made = plan(change("Assistant/a", Action.UPDATE, changed("x", 1, 2)), **more)
    assert told(made).rstrip().rpartition("\n")[2].startswith(line)


def test_a_plan_without_changes_has_nothing_to_apply() -> None:
    assert "callsheet apply" not in told(plan())


def test_a_reach_counts_documents_by_kind() -> None:
    holders = [
        "Assistant/a",
        "Assistant/b",
        "Squad/s",
        "PhoneNumber/x",
        "KnowledgeBase/k[a]",
        "KnowledgeBase/k[b]",
    ]
    assert reach_of("Tool/jira", holders) == "2 assistants, 1 knowledge base, 1 phone number, 1 squad"
    assert reach_of("KnowledgeBase/k[c]", ["KnowledgeBase/k"]) == ""
    assert counted(2, words_of("PronunciationDictionary")) == "2 pronunciation dictionaries"
    assert counted(1_200, "survey") == "1,200 surveys"


def test_a_reach_goes_through_those_in_between() -> None:
    view = plan_view(PLANS["reaches"])
    assert view.changes[0].reaches == (
        "Assistant/a", "Assistant/b", "Assistant/c", "PhoneNumber/at", "PhoneNumber/de", "Squad/front",
    )  # fmt: skip
    assert view.changes[1].reaches == ()


def test_a_circle_of_holders_does_not_reach_itself() -> None:
    view = plan_view(
        plan(change("Tool/a"), reaches={"Tool/a": ("Assistant/b",), "Assistant/b": ("Tool/a", "Assistant/b")})
    )
    assert view.changes[0].reaches == ("Assistant/b",)


def explained(*changes: object, files: Sequence[str] | None) -> set[str]:
    """The addresses that are explained."""
    view = plan_view(plan(*changes))  # type: ignore[arg-type]
    return {each.address for each in view.changes} - unexplained(view, files)


def test_without_files_only_drift_and_another_renderer_explain_nothing() -> None:
    one = change("Assistant/a", Action.UPDATE, changed("x", 1, 2, cause=Cause.DRIFT))
    two = change(
        "Assistant/b",
        Action.UPDATE,
        changed("x", 1, 2, cause=Cause.DRIFT),
        changed("y", 1, 2, cause=Cause.RENDERER),
    )
    three = change("Assistant/c", Action.UPDATE, changed("x", 1, 2, cause=Cause.DRIFT), changed("y", 1, 2))
    assert explained(one, two, three, change("Tool/new", Action.CREATE), files=None) == {
        "Assistant/c", "Tool/new",
    }  # fmt: skip


def test_files_explain_what_names_them() -> None:
    by_place = change(
        "Assistant/a", Action.UPDATE, changed("x", 1, 2, at="prompts/a.md:3:1"), at="a.yaml:1:1"
    )
    other = change("Assistant/b", Action.UPDATE, changed("x", 1, 2, at="b.yaml:3:1"), at="b.yaml:1:1")
    drift = change(
        "Assistant/c", Action.UPDATE, changed("x", 1, 2, cause=Cause.DRIFT, at="c.yaml:2:1"), at="c.yaml:1:1"
    )
    all_of_it = (by_place, other, drift)
    assert explained(*all_of_it, files=["prompts/a.md"]) == {"Assistant/a"}
    assert explained(*all_of_it, files=["specs/a.yaml", "./c.yaml"]) == {"Assistant/a"}
    assert explained(*all_of_it, files=["xa.yaml", "b.yaml.bak", "a.yaml/b"]) == set()
    assert explained(*all_of_it, files=[]) == set()


def test_what_refers_to_an_explained_change_is_explained_with_it() -> None:
    tool = change("Tool/t", Action.REPLACE, changed("type", 1, 2, at="t.yaml:1:1"), at="t.yaml:1:1")
    chain = [
        change(
            f"Squad/{number}",
            Action.UPDATE,
            changed("x", 1, 2, cause=Cause.REFERENCE, at=f"{number}.yaml:1:1"),
            depends_on=("Tool/t" if number == 0 else f"Squad/{number - 1}",),
            at=f"{number}.yaml:1:1",
        )
        for number in (2, 1, 0)
    ]
    spec = change(
        "Squad/x", Action.UPDATE, changed("x", 1, 2, at="x.yaml:1:1"), depends_on=("Tool/t",), at=None
    )
    assert explained(tool, *chain, spec, files=["t.yaml"]) == {"Tool/t", "Squad/0", "Squad/1", "Squad/2"}


def test_a_release_that_is_new_is_explained_by_the_settings_that_say_so() -> None:
    drift = change("Assistant/d", Action.UPDATE, changed("x", 1, 2, cause=Cause.DRIFT))
    spec = change("Assistant/s", Action.UPDATE, changed("x", 1, 2), at=None)
    for name, files, apart in (
        ("promote", ["specs/environments.yaml"], {"Assistant/d"}),
        ("promote", ["specs/other.yaml"], {"Assistant/d", "Assistant/s"}),
        ("pinned", ["specs/environments.yaml"], {"Assistant/d", "Assistant/s"}),
    ):
        assert unexplained(plan_view(plan(drift, spec, source=PLANS[name].source)), files) == apart


@pytest.mark.parametrize(
    ("listed", "paths"),
    [
        (b"", set()),
        (b"a.yaml\nb c.md\r\n", {"a.yaml", "b c.md"}),
        (b'a\nb.yaml\0"c".md\0', {"a\nb.yaml", '"c".md'}),
        (rb'"gr\303\274n.md"', {"grün.md"}),
        (rb'"a\"b\\\tc.md"', {'a"b\\\tc.md'}),
        (b'"', {'"'}),
    ],
)
def test_paths_are_read_as_git_writes_them(listed: bytes, paths: set[str]) -> None:
    assert paths_of(listed) == paths


def test_what_is_removed_is_explained_by_a_file_of_its_name() -> None:
    gone = change("Assistant/order-agent", Action.DELETE, changed("x", 1, at=None), at=None)
    for file in ("specs/order-agent.yaml", "order-agent.prompt.md", "order-agent/main.md", "a/order-agent"):
        assert explained(gone, files=[file]) == {"Assistant/order-agent"}
    others = (
        "specs/other.yaml",
        "reorder-agent.yaml",
        "order-agent-2.yaml",
        "old-order-agent/a.md",
        "a.order-agent",
    )
    assert explained(gone, files=others) == set()
    faq, short = (change(each, Action.DELETE, at=None) for each in ("Assistant/faq", "Assistant/a"))
    assert explained(faq, short, files=["docs/product-faqs.md", "README.md", "package.json"]) == set()


def test_a_large_plan_becomes_lines_and_then_counts() -> None:
    view = large(1_000)
    gone = [change(f"PhoneNumber/line-{number}", Action.DELETE, at=None) for number in range(300)]
    view = replace(view, changes=(*view.changes, *gone))
    whole = told(view, limit=10_000_000)
    assert SHORTENED not in whole
    assert all(f"<code>Assistant/new-{number}</code>" in whole for number in range(1_000))
    short = told(view)
    assert len(short.encode()) <= LIMIT
    assert SHORTENED in short
    assert "- `-` **delete** `PhoneNumber/line-299`: the files changed" in short
    shorter = told(view, limit=10_000)
    assert "- create 1,000: 1,000 assistants" in shorter
    assert re.search(
        r"(?m)^- … and \d+ more, of 300:\n- \*\*delete\*\* `PhoneNumber/line-\d+`, `Phone", shorter
    )
    assert all(f"`PhoneNumber/line-{number}`" in shorter for number in range(300))
    some = told(view, limit=3_000)
    listed = some.count("`PhoneNumber/line-")
    assert f"- … and {300 - listed} more, of 300:\n- delete {300 - listed}: {300 - listed} phone" in some
    assert "- delete 300: 300 phone numbers" in told(view, limit=350)
    assert told(view, limit=300).startswith("## Callsheet: plan for `dev`\n\n**Plan: 1000 to create")
    assert all(acts(told(view, limit=limit)) == [] for limit in (65_000, 10_000, 3_000, 700, 350, 300))


def deleting(count: int, environment: str = "dev", kind: str = "Assistant") -> Plan:
    gone = [change(f"{kind}/{environment}-{number:04}", Action.DELETE, at=None) for number in range(count)]
    return plan(*gone, environment=environment, seal=False)


@pytest.mark.parametrize("turned", [False, True])
def test_a_large_environment_takes_no_deletion_from_a_small_one(turned: bool) -> None:
    made = [deleting(3_000), deleting(1, "prod", "PhoneNumber"), deleting(200, "uat")]
    text = told(*(reversed(made) if turned else made), limit=30_000)
    assert "`PhoneNumber/prod-0000`" in text
    assert all(f"`Assistant/uat-{number:04}`" in text for number in range(200))
    assert text.count("`Assistant/dev-") > 1_000
    assert text.count(" more, of ") == 1


def test_what_is_gone_already_is_counted_before_what_is_to_be_deleted() -> None:
    gone = tuple(drifted(f"Tool/t{number}", classification="missing") for number in range(60))
    made = replace(deleting(400), drift=gone)
    seen = set()
    for limit in range(8_000, 13_000, 100):
        text = told(made, limit=limit)
        whole = all(f"`Assistant/dev-{number:04}`" in text for number in range(400))
        assert whole or "`Tool/t" not in text
        seen.add((whole, "more, of 60:" in text))
    assert (True, True) in seen


def test_conflicts_of_a_small_environment_are_counted_before_deletions_of_a_large_one() -> None:
    torn = [change(f"Tool/torn-{number:04}", Action.UPDATE, conflict=True) for number in range(300)]
    small = plan(*torn, environment="uat", seal=False)
    seen = set()
    for limit in range(8_000, 17_000, 300):
        text = told(small, deleting(400), limit=limit)
        gone, conflicts = text.count("`Assistant/dev-"), text.count("`Tool/torn-")
        assert gone == 400 or not conflicts
        seen.add((gone == 400, conflicts == 300))
    assert seen == {(False, False), (True, False), (True, True)}


def test_conflicts_are_counted_before_what_is_replaced() -> None:
    torn = [change(f"Assistant/torn-{number}", Action.UPDATE, conflict=True) for number in range(300)]
    made = plan(*torn, change("Tool/last", Action.REPLACE), seal=False)
    text = told(made, limit=3_000)
    assert "**replace** `Tool/last`" in text
    assert re.search(r"- update, in conflict \d+: \d+ assistants", text)


def test_other_sections_go_whole_before_an_address_does() -> None:
    others = [change(f"Squad/s{number}", Action.UPDATE, changed("x", 1, 2)) for number in range(40)]
    made = replace(deleting(300), gates=(Gate("signOffs", "pending", "one is missing", "sign"),))
    made = replace(made, changes=(*made.changes, *others))
    gone = [f"`Assistant/dev-{number:04}`" for number in range(300)]
    sections = ("### Sign-offs and gates", "### Changes")
    seen = set()
    for limit in range(6_600, 8_400, 20):
        text = told(made, limit=limit)
        there = tuple(title in text for title in sections)
        assert not any(there) or all(each in text for each in gone)
        seen.add((all(each in text for each in gone), there))
    # The room is used again for what they leave, the first ones first.
    assert {(False, (False, False)), (True, (False, False)), (True, (True, True))} <= seen


def test_where_there_is_no_room_for_counts_the_foot_goes() -> None:
    text = told(deleting(9), limit=500)
    assert all(f"`Assistant/dev-{number:04}`" in text for number in range(9))
    assert "digest" not in text


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 260), st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=4),
    st.integers(2_500, 20_000),
)
def test_no_address_of_a_deletion_is_missing_while_there_is_room(
    sizes: list[tuple[int, int, int]], limit: int
) -> None:
    made = []
    for index, (gone, torn, other) in enumerate(sizes):
        one = deleting(gone, f"e{index}")
        more = [change(f"Tool/t{number}", Action.UPDATE, conflict=True) for number in range(torn)]
        more += [change(f"Squad/s{number}", Action.UPDATE, changed("x", 1, 2)) for number in range(other)]
        made.append(replace(one, changes=(*more, *one.changes)))
    text = told(*made, limit=limit)
    assert len(text.encode()) <= limit
    shown = set(codes(text))
    missing = [each.address for one in made for each in one.changes if each.destructive]
    missing = [each for each in missing if each not in shown]
    assert not missing or len(text.encode()) > limit - 400
    counted_ = [int(each.replace(",", "")) for each in re.findall(r"(?m)^- delete ([\d,]+): ", text)]
    assert sum(counted_) == len(missing)


def destructive_shown(made: Sequence[Plan], limits: range) -> list[int]:
    """How many addresses of what is deleted or replaced are there at each limit."""
    views = [plan_view(each) for each in made]
    gone = [each.address for one in views for each in one.changes if each.destructive]
    shown = [set(codes(plan_markdown(views, limit=limit))) for limit in limits]
    return [len([each for each in gone if each in some]) for some in shown]


@pytest.mark.parametrize(("count", "environments"), [(60, 3), (120, 1), (16, 1)])
def test_overview_and_feet_give_way_before_an_address_does(count: int, environments: int) -> None:
    made = [deleting(count, f"e{number}") for number in range(environments)]
    shown = destructive_shown(made, range(300, 7_000, 40))
    assert shown == sorted(shown)
    assert (shown[0], shown[-1]) == (0, count * environments)


def test_room_that_an_address_leaves_is_not_lent_to_shorter_ones() -> None:
    long = [change(f"Tool/{str(number) * 60}", Action.DELETE) for number in range(4)]
    short = [change(f"Tool/s{number}", Action.DELETE) for number in range(60)]
    made = [plan(*each, environment=f"e{len(each)}", seal=False) for each in (long, short)]
    shown = destructive_shown(made, range(500, 1_400))
    assert shown == sorted(shown)
    assert len(set(shown)) > 10


NAMES_OF_ALL_LENGTHS = st.lists(st.from_regex(r"[a-z0-9]{1,60}", fullmatch=True), unique=True, max_size=40)


@settings(max_examples=15, deadline=None)
@given(
    st.lists(st.tuples(NAMES_OF_ALL_LENGTHS, st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=4),
    st.integers(40, 400),
)
def test_more_room_never_shows_fewer_addresses_that_are_deleted(
    sizes: list[tuple[list[str], int, int]], step: int
) -> None:
    made = []
    for index, (names, torn, refused) in enumerate(sizes):
        gone = [
            change(f"{'Tool' if len(name) % 2 else 'Squad'}/e{index}{name}", Action.DELETE) for name in names
        ]
        more = [change(f"Assistant/t{number}", Action.UPDATE, conflict=True) for number in range(torn)]
        gates = [Gate("preventDestroy", "refused", "no " * 40, "yes")] * refused
        made.append(plan(*gone, *more, gates=tuple(gates), environment=f"e{index}", seal=False))
    shown = destructive_shown(made, range(200, 8_000, step))
    assert shown == sorted(shown)


@pytest.mark.parametrize("count", [10, 11, 20, 21, 900])
def test_what_is_missing_takes_no_room_from_the_plans_that_there_are(count: int) -> None:
    names = [f"{'m' * 50}-{number:03}" for number in range(count)]
    text = plan_markdown([plan_view(deleting(200))], missing=names, limit=16_000)
    assert all(f"`Assistant/dev-{number:04}`" in text for number in range(200))
    assert f"{count + 1} environments, {count} could not be planned" in text
    named = [name for name in names if name in text]
    assert named == names[: min(count, 20)]
    assert (f" and {count - 20} more) could not be planned" in text) == (count > 20)
    assert acts(text) == []


def test_texts_give_way_to_their_first_lines_and_then_to_names() -> None:
    prompts = [
        change(
            f"Assistant/a{number}",
            Action.UPDATE,
            changed("prompt", PROMPT * 9, "".join(f"{line}!\n" for line in (EDITED * 9).splitlines())),
        )
        for number in range(9)
    ]
    whole = len(told(plan(*prompts)).encode())
    for limit, expected in (
        (whole // 2, "more lines of this difference"),
        (4_500, "| | attribute | cause | place |"),
        (2_500, "- `~` update `Assistant/a8`"),
    ):
        text = told(plan(*prompts), limit=limit)
        assert expected in text
        assert len(text.encode()) <= limit
        assert acts(text) == []


def test_a_difference_is_found_once_whatever_it_is_shortened_to(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counting(old: str, new: str) -> list[DiffLine]:
        asked.append(old)
        return diff_lines(old, new)

    monkeypatch.setattr("callsheet.reports.markdown_change.diff_lines", counting)
    old = "".join(f"Once and no more {number}.\n" for number in range(40))
    made = plan(change("Assistant/a", Action.UPDATE, changed("p", old, old.replace("no", "not any"))))
    for limit in (65_000, 2_500, 1_500, 900):
        told(made, limit=limit)
    assert len(asked) == 1


def test_room_that_is_left_is_used_for_the_first_ones() -> None:
    changes = [
        change(f"Assistant/a{number}", Action.UPDATE, changed("x", "y" * 100, "z" * 100))
        for number in range(40)
    ]
    text = told(plan(*changes), limit=8_000)
    folds, lines = text.count("<details>"), text.count("- `~` update")
    assert folds > 3
    assert folds + lines == 40
    assert text.index("Assistant/a0</code>") < text.index("`Assistant/a39`")


def test_the_foot_gives_way_before_an_address_that_is_deleted() -> None:
    made = plan(change("Tool/t0", Action.DELETE), author={"name": "a" * 90, "how": "USER", "verified": False})
    whole = told(made)
    text = told(made, limit=len(whole.encode()) - 350)
    assert "**delete** `Tool/t0`" in text
    assert "digest" in whole
    assert "digest" not in text
    assert "_Shortened to fit here." in text


def test_no_limit_between_two_steps_leaves_less_than_the_smaller_one() -> None:
    changes = [change(f"Assistant/a{number}", Action.UPDATE, changed("x", 1, 2)) for number in range(60)]
    for limit in range(1_000, 1_400):
        text = told(plan(*changes), limit=limit)
        assert "digest `" in text
        assert len(text.encode()) <= limit


def test_refusals_give_way_to_their_rules() -> None:
    gates = tuple(Gate("preventDestroy", "refused", f"Tool/t{number} " + "x " * 200) for number in range(200))
    text = told(plan(change("Tool/t0", Action.DELETE), gates=gates), limit=3_000)
    assert re.search(r"(?m)^- … and (\d+) more, of 200:\n- `preventDestroy` refuses \1 times$", text)
    assert "`Tool/t0`" in text


ADDRESSES = st.from_regex(
    r"(Assistant|Tool|Squad)/[a-z0-9][a-z0-9-]{0,40}(\[[a-zA-Z.` |é]{1,12}\])?", fullmatch=True
)
TEXTS = st.text(max_size=400)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    addresses = draw(st.lists(ADDRESSES, unique=True, max_size=25))
    changes = [
        change(
            address,
            draw(st.sampled_from(list(Action))),
            *(changed("model.content", draw(TEXTS), draw(TEXTS)) for _ in range(draw(st.integers(0, 3)))),
            reason=draw(TEXTS),
            conflict=draw(st.booleans()),
        )
        for address in addresses
    ]
    statuses = st.sampled_from(["passed", "refused", "pending", "overridden"])
    gates = draw(st.lists(st.builds(Gate, st.sampled_from(["a", "b"]), statuses, TEXTS, TEXTS), max_size=8))
    return plan(*changes, gates=tuple(gates), seal=False)


@settings(max_examples=60, deadline=None)
@given(st.lists(plans(), min_size=1, max_size=3), st.integers(8_000, 60_000))
def test_whatever_the_limit_it_is_kept_and_no_destructive_address_is_lost(
    made: list[Plan], limit: int
) -> None:
    text = told(*made, limit=limit)
    assert len(text.encode()) <= limit
    assert acts(text) == []
    shown = set(codes(text))
    for each in made:
        for change_ in each.changes:
            if change_.destructive or change_.conflict:
                assert change_.address in shown
        for gate in each.refusals:
            assert gate.rule in shown


@settings(max_examples=40, deadline=None)
@given(plans(), st.integers(0, 8_000))
def test_the_smallest_limits_are_kept_too(made: Plan, limit: int) -> None:
    assert len(told(made, limit=limit).encode()) <= max(limit, 200)


def test_drift_gives_way_too_and_what_is_gone_keeps_its_address() -> None:
    moved = [
        drifted(f"Assistant/a{number}", {"path": ["x"], "op": "change", "managed": True, "seen": "s" * 90,
                                         "live": "l" * 90, "sensitive": False})
        for number in range(300)
    ]  # fmt: skip
    gone = [drifted(f"Tool/t{number}", classification="missing") for number in range(90)]
    view = drift_view(report({"managed": 390}, drift=[*moved, *gone]))
    for limit in (65_000, 20_000, 4_000):
        text = drift_markdown([view], limit=limit)
        assert len(text.encode()) <= limit
        assert all(f"`Tool/t{number}`" in text for number in range(90))
        assert acts(text) == []
    assert "- 300 assistants" in drift_markdown([view], limit=4_000)

"""What decides which bytes run is recorded beside the protection, and does not move unsigned."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from callsheet.model.errors import DONE, REFUSED, Refused
from callsheet.operations.approve import prepared, sign
from callsheet.operations.identification import Identification
from callsheet.operations.plan import Planned
from callsheet.operations.plan import plan as make
from callsheet.plan.inputs import Options
from callsheet.policy.case import Given
from callsheet.policy.route import Route, rerouted
from callsheet.state.document import read_state, write_state
from callsheet.state.snapshot import Entry, State
from support.chain import Chain
from support.protected import codes, person

GUARD = "protection: {maxDeletes: 9}\n"
UNPINNED, FROM_DEV, DEFAULT, FROM_ANY = "pinned: false", "from dev", "default: true", "from any"


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    """prod runs a release, protected, and the working tree has moved on."""
    made = Chain(tmp_path)
    made.variables["USER"] = "anna"
    made.apply("dev")
    made.environments(prod=GUARD)
    assert made.promote("dev", "uat").exit_code == DONE
    assert made.promote("uat", "prod").exit_code == DONE
    made.assistant("desk", "Be rude.")
    made.commit()
    yield made
    made.close()


def rewritten(chain: Chain, how: str, name: str = "prod", before: str = "uat") -> None:
    """environments.yaml with another route to prod."""
    path = chain.root / "environments.yaml"
    text = path.read_text()
    old = f"  {name}:\n    promotesFrom: {before}\n"
    assert old in text
    new = {
        UNPINNED: f"{old}    pinned: false\n",
        FROM_DEV: f"  {name}:\n    promotesFrom: dev\n",
        FROM_ANY: f"  {name}:\n",
        DEFAULT: f"  {name}:\n    default: true\n",
    }[how]
    if how == DEFAULT:
        text = text.replace("    default: true\n", "")
    path.write_text(text.replace(old, new))
    chain.commit()


def planned(chain: Chain, how: str) -> Planned:
    return chain.promotion("dev", "prod") if how in (FROM_DEV, FROM_ANY) else chain.plan("prod")


def state(chain: Chain, name: str = "prod") -> State:
    with chain.session(name) as session:
        return session.ledger.load()


def record(chain: Chain, entry: Entry) -> None:
    with chain.session("prod") as session:
        session.ledger.load()
        session.ledger.begin()
        session.ledger.append([entry])
        session.ledger.close()


def refused(chain: Chain, plan: Planned) -> Refused:
    writes = chain.writes("prod")
    with pytest.raises(Refused) as caught:
        chain.apply("prod", plan.archive)
    assert chain.writes("prod") == writes
    return caught.value


def signed(chain: Chain, plan: Planned, by: str) -> None:
    with chain.session("prod", files=False) as session:
        session.__dict__["identification"] = Identification(person(by))
        sign(session, prepared(session, plan.plan))


def test_the_route_is_recorded_with_the_release(chain: Chain) -> None:
    recorded = {"pinned": True, "default": False, "promotesFrom": "uat", "fromTree": False}
    assert state(chain).route == recorded
    # So is that of one that nothing protects, once it runs a release; and nothing of what follows the tree.
    assert state(chain, "uat").route == {**recorded, "promotesFrom": "dev", "fromTree": True}
    assert state(chain, "dev").route is None
    assert read_state(write_state(state(chain))).route == recorded


@pytest.mark.parametrize(
    ("how", "told"),
    [
        (UNPINNED, "pinned: true → false"),
        (FROM_DEV, "promotesFrom: uat → dev"),
        (FROM_ANY, "promotesFrom: uat → any"),
        (DEFAULT, "default: it would be"),
    ],
)
def test_another_route_is_refused_until_it_is_signed_off(chain: Chain, how: str, told: str) -> None:
    recorded = state(chain)
    rewritten(chain, how)
    plan = planned(chain, how)
    assert plan.exit_code(detailed=False) == REFUSED
    [gate] = plan.plan.refusals
    assert gate.rule == "route"
    assert told in gate.message
    assert "put the line back" in gate.satisfied_by
    assert "callsheet approve FILE" in gate.satisfied_by
    assert codes(refused(chain, plan)) == ["refused.route"]
    with pytest.raises(Refused, match="made the plan"):
        signed(chain, plan, "anna")
    assert (state(chain).route, state(chain).serial) == (recorded.route, recorded.serial)
    signed(chain, plan, "carl")
    assert chain.apply("prod", plan.archive).exit_code == DONE
    assert chain.prompt("prod") == "Be rude."
    assert state(chain).route != recorded.route
    assert planned(chain, UNPINNED).plan.refusals == ()


def test_a_sign_off_of_one_route_covers_no_other(chain: Chain) -> None:
    rewritten(chain, FROM_DEV)
    signed(chain, planned(chain, FROM_DEV), "carl")
    chain.environments()
    rewritten(chain, UNPINNED)
    assert codes(refused(chain, planned(chain, UNPINNED))) == ["refused.route"]


def test_a_plan_of_the_tree_is_refused_too_once_the_line_is_back(chain: Chain) -> None:
    rewritten(chain, UNPINNED)
    plan = planned(chain, UNPINNED)
    chain.environments()
    assert codes(refused(chain, plan)) == ["refused.route"]


def test_what_promotes_from_what_would_follow_the_tree_is_refused(chain: Chain) -> None:
    rewritten(chain, DEFAULT, "uat", "dev")
    [gate] = chain.promotion("uat", "prod").plan.refusals
    assert "promotesFrom: uat would follow the working tree" in gate.message


def test_another_route_cannot_be_overridden(chain: Chain) -> None:
    chain.environments(prod="protection: {maxDeletes: 9, override: {allowed: true}}\n")
    record(chain, Entry(protection={"maxDeletes": 9, "override": {"allowed": True}}))
    rewritten(chain, UNPINNED)
    given = Given(overrides=("route",), reason="it burns")
    with chain.session("prod", given=given) as session:  # noqa: SIM117
        with pytest.raises(Refused, match="route cannot be overridden"):
            make(session, Options())


@pytest.mark.parametrize("how", [UNPINNED, FROM_DEV])
def test_the_way_back_and_a_destroy_bring_no_other_files(chain: Chain, how: str) -> None:
    recorded = state(chain).route
    assert chain.promote("dev", "uat").exit_code == DONE
    assert chain.promote("uat", "prod").exit_code == DONE
    rewritten(chain, how)
    if how == FROM_DEV:
        assert chain.back("prod", "v1").exit_code == DONE
        assert state(chain).route == recorded
    assert chain.apply("prod", destroy=True).exit_code == DONE


@pytest.mark.parametrize("how", [UNPINNED, FROM_DEV])
def test_where_nothing_is_protected_it_is_told_and_holds(chain: Chain, how: str) -> None:
    chain.environments(prod="")
    record(chain, Entry(protection={}))
    rewritten(chain, how)
    plan = planned(chain, how)
    assert plan.plan.refusals == ()
    assert "route.changed" in [each.code for each in plan.plan.diagnostics]
    assert chain.apply("prod", plan.archive).exit_code == DONE
    again = chain.plan("prod")
    assert "route.changed" not in [each.code for each in again.plan.diagnostics]


def test_a_state_of_before_takes_the_route_over(chain: Chain) -> None:
    record(chain, Entry(route={}))
    assert state(chain).route is None
    assert chain.apply("prod").exit_code == DONE
    assert state(chain).route is not None
    serial = state(chain).serial
    assert chain.apply("prod").exit_code == DONE
    assert state(chain).serial == serial


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (Route(), Route(promotes_from="uat")),
        (Route(pinned=False), Route()),
        (Route(pinned=False, default=True), Route()),
        (Route(promotes_from="dev", from_tree=True), Route(promotes_from="dev")),
    ],
)
def test_what_is_no_other_route(old: Any, new: Any) -> None:
    assert rerouted(old, new) == ()
    assert rerouted(old, old) == rerouted(new, new) == ()

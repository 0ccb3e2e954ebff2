"""A change cannot loosen the protection that it is judged by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from callsheet.model.errors import DONE, ERROR, CallsheetError, Refused
from callsheet.operations.approve import prepared
from callsheet.operations.plan import Planned
from callsheet.operations.rollback import rollback
from callsheet.plan.inputs import Options
from callsheet.policy.case import Given
from callsheet.policy.loosening import digest_of, loosened
from callsheet.policy.protection import Protection
from callsheet.policy.sign_offs import Approvals
from callsheet.spec.protection import settled
from support.protected import OIDC, Protected, codes, job


def protection(**body: Any) -> Protection:
    return Protection.of(settled(body))


OTHER = {"issuer": "https://other.example", "audience": "callsheet"}
# What is looser than what, and how that is told. The other way round, each is stricter.
LOOSER: tuple[tuple[dict[str, Any], dict[str, Any], str], ...] = (
    ({"principals": ["a"]}, {"principals": ["a", "b"]}, "principals: a → a, b"),
    ({"principals": ["a"]}, {}, "principals: a → anybody"),
    (
        {"principals": [{"x": "1", "y": "2"}], "oidc": OIDC},
        {"principals": [{"x": "1"}], "oidc": OIDC},
        "principals: ",
    ),
    ({"verified": True, "oidc": OIDC}, {"oidc": OIDC}, "verified: no longer"),
    ({"oidc": OIDC}, {"oidc": [*OIDC, OTHER]}, "oidc: more tokens of https://other.example would"),
    (
        {"oidc": [{**OIDC[0], "claims": {"ref": "main"}}]},
        {"oidc": [{**OIDC[0], "claims": {"ref": ["main", "dev"]}}]},
        "oidc: more tokens of https://token.example would",
    ),
    ({"oidc": [{**OIDC[0], "claims": {"ref": "main"}}]}, {"oidc": OIDC}, "oidc: more tokens"),
    ({"verified": True}, {"verified": True, "oidc": [OTHER]}, "oidc: more tokens of https://other.example"),
    ({"signOffs": 2}, {"signOffs": {"required": 1, "fourEyes": True}}, "signOffs.required: 2 → 1"),
    ({"signOffs": 1}, {}, "signOffs.required: 1 → 0"),
    ({"signOffs": {"from": ["a"]}}, {"signOffs": {"from": ["a", "b"]}}, "signOffs.from: a → a, b"),
    ({"signOffs": {"from": ["a"]}}, {"signOffs": 1}, "signOffs.from: a → anybody"),
    ({"signOffs": 2}, {"signOffs": {"required": 2, "fourEyes": False}}, "signOffs.fourEyes: no longer"),
    ({"changeWindow": {"days": ["mon"]}}, {"changeWindow": {"days": ["mon", "tue"]}}, "changeWindow: mon "),
    ({"changeWindow": {"from": "09:00"}}, {"changeWindow": {"from": "08:00"}}, "changeWindow: "),
    ({"changeWindow": {"to": "17:00"}}, {"changeWindow": {}}, "changeWindow: "),
    ({"changeWindow": {"days": ["mon"]}}, {}, "changeWindow: mon 00:00-24:00 UTC → none"),
    ({"ticket": "A"}, {}, "ticket: A → none"),
    ({"maxDeletes": 0}, {"maxDeletes": 1}, "maxDeletes: 0 → 1"),
    ({"maxDeletes": 3}, {}, "maxDeletes: 3 → none"),
    ({"maxDeleteRatio": 0.1}, {"maxDeleteRatio": 0.2}, "maxDeleteRatio: 0.1 → 0.2"),
    ({"requireClean": True}, {}, "requireClean: no longer"),
    ({"gates": [{"name": "u"}]}, {}, "gates.u: no longer"),
    ({"gates": [{"name": "u", "minPassed": 2}]}, {"gates": [{"name": "u"}]}, "gates.u.minPassed: 2 → 1"),
    ({"gates": [{"name": "u"}]}, {"gates": [{"name": "u", "maxFailed": 1}]}, "gates.u.maxFailed: 0 → 1"),
    ({"gates": [{"name": "u", "maxSkipped": 1}]}, {"gates": [{"name": "u"}]}, "gates.u.maxSkipped: 1 → none"),
    (
        {"gates": [{"name": "u", "maxAge": 1}]},
        {"gates": [{"name": "u", "maxAge": 2}]},
        "gates.u.maxAge: 1 → 2",
    ),
    ({"denyVariables": ["A", "B"]}, {"denyVariables": ["A"]}, "denyVariables: B would be allowed"),
    ({}, {"override": {"allowed": True}}, "override: would be allowed"),
    (
        {"override": {"allowed": True, "by": ["a"]}},
        {"override": {"allowed": True, "by": ["a", "b"]}},
        "override.by: a → a, b",
    ),
    (
        {"override": {"allowed": True, "by": ["a"]}},
        {"override": {"allowed": True}},
        "override.by: a → whoever may apply",
    ),
)


# Of two lists of issuers without one in common, neither is narrower; `override` is a right, and not a bound.
STRICTER = [each for each in LOOSER if "override" not in each[2] and each[1].get("oidc") != [OTHER]]


@pytest.mark.parametrize(("old", "new", "told"), LOOSER, ids=[told for _, _, told in LOOSER])
def test_what_is_looser_is_told_by_its_field(old: dict[str, Any], new: dict[str, Any], told: str) -> None:
    [found] = loosened(protection(**old), protection(**new))
    assert found.startswith(told)


@pytest.mark.parametrize(("old", "new", "told"), STRICTER, ids=[told for _, _, told in STRICTER])
def test_the_other_way_round_is_no_loosening(old: dict[str, Any], new: dict[str, Any], told: str) -> None:
    assert loosened(protection(**new), protection(**old)) == ()


@pytest.mark.parametrize(("body", "other", "_"), LOOSER)
def test_the_same_is_no_loosening_and_nothing_is_stricter_than_something(
    body: Any, other: Any, _: str
) -> None:
    assert loosened(protection(**body), protection(**body)) == ()
    assert loosened(protection(), protection(**{**body, "override": {"allowed": False}})) == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"ticket": "A"}, {"ticket": "B"}),
        ({"changeWindow": {"timezone": "UTC"}}, {"changeWindow": {"timezone": "Europe/Amsterdam"}}),
        ({"override": {"allowed": True}}, {"override": {"allowed": True, "by": ["a"]}}),
        ({"principals": ["a*"]}, {"principals": ["ab"]}),
    ],
)
def test_what_cannot_be_compared_counts_as_looser(old: dict[str, Any], new: dict[str, Any]) -> None:
    assert loosened(protection(**old), protection(**new))


def test_a_loosening_has_a_digest_of_its_own() -> None:
    one, two, three = protection(signOffs=2), protection(signOffs=1), protection()
    assert (
        len({digest_of(one, two), digest_of(one, three), digest_of(two, three), digest_of(three, one)}) == 4
    )


def test_a_recorded_protection_that_is_not_understood_holds_everything_up(dev: Protected) -> None:
    with pytest.raises(Refused, match="does not know"):
        Protection.of({"moonPhase": "full"})
    with pytest.raises(Refused, match="does not know"):
        Protection.of(
            {"changeWindow": [{"days": ["mon"], "from": "00:00", "to": "24:00", "timezone": "Mars/X"}]}
        )


# what an apply makes of it

STRICT = {"signOffs": {"required": 1, "from": ["carl", "dora"]}, "maxDeletes": 0}


def test_the_first_apply_records_what_is_proposed(dev: Protected) -> None:
    dev.protect(maxDeletes=0)
    assert dev.state.protection is None
    assert dev.apply().exit_code == DONE
    assert dev.state.protection == {"maxDeletes": 0}


def test_an_apply_that_changes_nothing_else_records_it_too_and_then_writes_nothing_more(
    dev: Protected,
) -> None:
    dev.apply()
    dev.protect(maxDeletes=0)
    assert dev.plan().plan.empty
    assert dev.apply().exit_code == DONE
    assert dev.state.protection == {"maxDeletes": 0}
    serial = dev.state.serial
    assert dev.apply().exit_code == DONE
    assert dev.state.serial == serial


def test_a_run_that_fails_records_nothing(dev: Protected) -> None:
    dev.protect(maxDeletes=0)
    planned = dev.plan()
    dev.world.bad_day("error PATCH /assistant/* status=400 count=9")
    assert dev.apply(planned).exit_code == ERROR
    assert dev.state.protection is None


@pytest.mark.parametrize("proposed", [{}, {"maxDeletes": 5}, {"maxDeletes": 0, "signOffs": 1}])
def test_both_are_judged_by_and_the_recorded_one_stays(dev: Protected, proposed: dict[str, Any]) -> None:
    dev.protect_and_record(**STRICT)
    recorded = dev.state.protection
    dev.protect(**proposed)
    assert set(codes(dev.refused(dev.plan()))) == {"refused.signOffs"}
    planned = dev.plan()
    assert dev.gates()["loosening"].status == "pending"
    assert "signOffs" in dev.gates()["loosening"].message
    assert planned.exit_code(detailed=False) == DONE
    # A sign-off of the changes alone does not cover the loosening.
    with dev.session("carl", files=False) as session:
        ready = prepared(session, planned.plan)
        only = ready.sign_off.digests - {loosening_of(planned)}
        Approvals(session.store, "dev").sign(replace(ready.sign_off, digests=only))
    outcome = dev.apply(planned)
    assert outcome.exit_code == DONE
    assert [each.code for each in outcome.diagnostics] == ["protection.kept"]
    assert dev.state.protection == recorded


def loosening_of(planned: Planned) -> str:
    [gate] = [gate for gate in planned.plan.gates if gate.rule == "loosening"]
    assert gate.given
    return str(gate.given["digest"])


def test_a_rule_of_the_recorded_one_alone_still_refuses(dev: Protected) -> None:
    dev.protect_and_record(maxDeletes=0)
    dev.protect()
    dev.world.remove("assistants/b.yaml")
    planned = dev.plan()
    assert planned.plan.refusals[0].message.endswith("(as recorded)")
    assert codes(dev.refused(planned)) == ["refused.maxDeletes"]


def test_a_rule_of_the_proposed_one_alone_refuses_too(dev: Protected) -> None:
    dev.protect_and_record(ticket="X")
    dev.protect(ticket="X", maxDeletes=0)
    dev.world.remove("assistants/b.yaml")
    assert codes(dev.refused(None, given=Given(ticket="X"))) == ["refused.maxDeletes"]


def test_signed_by_somebody_whom_the_recorded_one_names_it_takes_effect(dev: Protected) -> None:
    dev.protect_and_record(**STRICT)
    dev.protect(signOffs={"required": 1, "from": ["anybody"]})
    planned = dev.plan()
    dev.sign(planned, "carl")
    # The changes need one of whom the proposed one names as well.
    assert codes(dev.refused(planned)) == ["refused.signOffs"]
    dev.sign(planned, "anybody")
    assert dev.apply(planned).exit_code == DONE
    assert dev.state.protection == {"signOffs": {"required": 1, "fourEyes": False, "from": ["anybody"]}}
    assert [each["by"]["name"] for each in dev.record()["what"]["signOffs"]] == ["carl", "anybody"]


def test_nobody_loosens_by_a_sign_off_of_somebody_whom_only_the_proposed_one_names(dev: Protected) -> None:
    dev.apply()
    dev.protect_and_record(signOffs={"required": 0, "from": ["carl"]})
    recorded = dev.state.protection
    dev.protect(signOffs={"required": 0, "from": ["mallory"]})
    planned = dev.plan()
    with pytest.raises(Refused, match="mallory is none of those"):
        dev.sign(planned, "mallory")
    assert dev.apply(planned).exit_code == DONE
    assert dev.state.protection == recorded
    dev.sign(planned, "carl")
    assert dev.apply(planned).exit_code == DONE
    assert dev.state.protection != recorded


@pytest.mark.parametrize(("signer", "applier"), [("anna", "bert"), ("ANNA", "bert"), ("bert", "bert")])
def test_who_plans_or_applies_does_not_loosen(dev: Protected, signer: str, applier: str) -> None:
    dev.apply()
    dev.protect_and_record(maxDeletes=0)
    recorded = dev.state.protection
    dev.protect()
    planned = dev.plan("anna")
    if signer == applier:
        dev.sign(planned, signer)
    else:
        with pytest.raises(Refused, match="made the plan"):
            dev.sign(planned, signer)
    assert dev.apply(planned, applier).exit_code == DONE
    assert dev.state.protection == recorded


def test_two_are_needed_to_loosen_where_two_are_needed_to_apply(dev: Protected) -> None:
    dev.apply()
    dev.protect_and_record(signOffs=2)
    dev.protect()
    planned = dev.plan()
    dev.sign(planned, "carl")
    assert dev.apply(planned).exit_code == DONE
    assert dev.state.protection is not None
    dev.sign(planned, "dora")
    assert dev.apply(planned).exit_code == DONE
    assert dev.state.protection is None


def test_a_sign_off_of_one_loosening_covers_no_other(dev: Protected) -> None:
    dev.apply()
    dev.protect_and_record(maxDeletes=0)
    dev.protect(maxDeletes=1)
    dev.sign(dev.plan(), "carl")
    dev.protect()
    assert dev.apply().exit_code == DONE
    assert dev.state.protection == {"maxDeletes": 0}


def test_an_issuer_that_only_the_proposed_one_trusts_verifies_nobody(dev: Protected) -> None:
    dev.protect_and_record(verified=True, oidc=OIDC)
    dev.protect(verified=True, oidc=[OTHER])
    mallory = job(issuer=OTHER["issuer"])
    assert codes(dev.refused(dev.plan(mallory), mallory)) == ["refused.verified"]


def test_where_somebody_who_may_not_apply_changes_nothing_nothing_is_recorded(dev: Protected) -> None:
    dev.apply()
    dev.protect_and_record(principals=["bert"])
    dev.protect(principals=["bert"], signOffs=99)
    assert codes(dev.refused(None, "mallory")) == ["refused.principals"]
    assert dev.state.protection == {"principals": ["bert"]}


def test_a_protection_in_the_files_that_is_wrong_is_not_taken_for_none(dev: Protected) -> None:
    run = dev.apply().run
    assert run
    dev.protect(maxDeletes=-1)
    with dev.session("anna", files=False) as session, pytest.raises(CallsheetError) as caught:
        rollback(session, run, Options())
    assert caught.value.diagnostics
    dev.protect(ticket="(")
    with dev.session("anna", files=False) as session, pytest.raises(CallsheetError, match="cannot be told"):
        rollback(session, run, Options())

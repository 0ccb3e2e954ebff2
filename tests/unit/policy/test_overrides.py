"""Overrides: only where both protections allow them, by whom they name, for a reason that is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from callsheet.model.errors import DONE, CallsheetError
from callsheet.policy.case import Given
from support.protected import OIDC, Protected, codes, job
from unit.reports.test_published import findings

ASIDE = Given(overrides=("ticket",), reason="2 a.m.")
MAY = {"allowed": True, "by": ["bert"]}


@pytest.mark.parametrize(
    ("recorded", "proposed"),
    [
        ({"ticket": "X"}, {"ticket": "X"}),
        ({"ticket": "X"}, {"ticket": "X", "override": MAY}),
        ({"ticket": "X", "override": MAY}, {"ticket": "X"}),
        ({"ticket": "X", "override": {**MAY, "by": ["anna"]}}, {"ticket": "X", "override": MAY}),
        ({"ticket": "X", "override": MAY}, {"ticket": "X", "override": {**MAY, "by": ["anna"]}}),
        ({"ticket": "X", "principals": ["anna"]}, {"ticket": "X", "override": {"allowed": True}}),
    ],
)
def test_both_must_allow_it(dev: Protected, recorded: dict[str, Any], proposed: dict[str, Any]) -> None:
    dev.protect_and_record(**recorded)
    dev.protect(**proposed)
    refusal = dev.refused(dev.plan(), "bert", ASIDE)
    assert codes(refusal) == ["refused.override"]
    assert refusal.diagnostics[0].hint


def test_nothing_is_overridden_where_nothing_is_protected(dev: Protected) -> None:
    assert codes(dev.refused(dev.plan(), "bert", ASIDE)) == ["refused.override"]


def test_without_names_it_is_for_those_who_may_apply(dev: Protected) -> None:
    dev.protect(ticket="X", principals=["bert"], override={"allowed": True})
    assert codes(dev.refused(dev.plan(), "anna", ASIDE)) == ["refused.override"]
    assert dev.apply(dev.plan(), "bert", ASIDE).exit_code == DONE


def test_where_verified_ones_are_asked_for_a_name_overrides_nothing(dev: Protected) -> None:
    dev.protect(ticket="X", verified=True, oidc=OIDC, override=MAY)
    assert codes(dev.refused(dev.plan(), "bert", ASIDE)) == ["identity.unverified"]
    assert codes(dev.refused(dev.plan(), job("bert", issuer="https://x.example"), ASIDE)) == [
        "refused.override"
    ]
    assert dev.apply(dev.plan(), job("bert"), ASIDE).exit_code == DONE


def test_one_rule_is_set_aside_and_no_other(dev: Protected) -> None:
    dev.protect(ticket="X", signOffs=1, override=MAY)
    assert codes(dev.refused(dev.plan(), "bert", ASIDE)) == ["refused.signOffs"]


@pytest.mark.parametrize("rule", ["loosening", "massDelete", "preventDestroy", "emptyDesired", "hold"])
def test_what_is_not_a_rule_of_a_protection_stays(dev: Protected, rule: str) -> None:
    dev.protect(maxDeletes=0, override=MAY)
    dev.world.remove("assistants/b.yaml")
    with pytest.raises(CallsheetError):
        dev.apply(dev.plan(), "bert", Given(overrides=(rule,), reason="x"))


def test_a_built_in_refusal_is_not_set_aside(dev: Protected) -> None:
    dev.apply()
    dev.protect(override=MAY)
    for name in "ab":
        dev.world.remove(f"assistants/{name}.yaml")
    refusal = dev.refused(dev.plan(), "bert", Given(overrides=("emptyDesired",), reason="x"))
    assert codes(refusal) == ["refused.override"]


def test_a_loosening_is_not_set_aside(dev: Protected) -> None:
    dev.protect_and_record(maxDeletes=0, override=MAY)
    dev.protect(override=MAY)
    refusal = dev.refused(dev.plan(), "bert", Given(overrides=("loosening",), reason="x"))
    assert codes(refusal) == ["refused.override"]


def test_a_rule_that_there_is_not_is_named(dev: Protected) -> None:
    dev.protect(ticket="X", override=MAY)
    refusal = dev.refused(dev.plan(), "bert", Given(overrides=("tickets",), reason="x"), CallsheetError)
    assert (refusal.exit_code, refusal.diagnostics[0].hint) == (1, "Did you mean ticket?")


def test_the_reason_goes_through_the_veil(dev: Protected) -> None:
    dev.protect(ticket="X", override=MAY)
    given = Given(overrides=("ticket",), reason="the key is canary-key, so")
    assert dev.apply(dev.plan(), "bert", given).exit_code == DONE
    [kept] = dev.record()["what"]["overrides"]
    assert kept == {"rule": "ticket", "reason": "(hidden: it holds a secret)"}
    assert b"canary" not in dev.world.state_files()


def test_the_command_line(dev: Protected) -> None:
    dev.protect(ticket="X", override={"allowed": True})
    file = str(dev.file(dev.plan()))
    for arguments in (["--override", "ticket"], ["--reason", "x"], ["--override", "ticket", "--reason", " "]):
        assert dev.call("apply", file, *arguments)[0] == 1
    code, out, err = dev.call("apply", "--yes", "--override", "ticket", "--reason", "2 a.m.")
    assert code == 0, err
    assert "! overridden (ticket): no ticket is named; anna (unverified): 2 a.m." in out
    run = dev.record()["run"]
    assert "ticket: 2 a.m." in dev.call("runs", "show", run)[1]
    assert findings("runs", json.loads(dev.call("runs", "show", run, "-o", "json")[1])) == []
    assert dev.call("rollback", "--env", "dev", "--to", run, "--yes")[0] == 3
    assert dev.call("destroy", "--env", "dev", "--confirm", "dev")[0] == 3
    aside = ("--override", "ticket", "--reason", "back")
    assert dev.call("rollback", "--env", "dev", "--to", run, "--out", "x", *aside)[0] == 1
    assert dev.call("rollback", "--env", "dev", "--to", run, "--yes", *aside)[0] == 0
    assert dev.record()["what"]["overrides"] == [{"rule": "ticket", "reason": "back"}]
    assert dev.call("destroy", "--env", "dev", "--confirm", "dev", *aside)[0] == 0


def test_the_ticket_and_evidence_of_the_command_line(dev: Protected) -> None:
    dev.protect(ticket="X-[0-9]", gates=[{"name": "unit"}])
    results = dev.world.root.parent / "junit.xml"
    source = dev.plan().plan.source["digest"]
    results.write_text(
        f'<testsuite><properties><property name="callsheet.source" value="{source}"/></properties>'
        "<testcase/></testsuite>"
    )
    file = str(dev.world.root.parent / "x.plan")
    evidence = ("--evidence", f"unit={results}")
    assert dev.call("plan", "--out", file)[0] == 0
    code, out, _ = dev.call("plan", "--detailed-exitcode")
    assert code == 2
    assert "? still needed (gates.unit): there is no evidence for unit, so it has failed" in out
    assert out.splitlines()[-1].endswith("Still needed: ticket, gates.unit.")
    assert dev.call("apply", file, *evidence)[0] == 1
    assert dev.call("plan", "--evidence", f"units={results}")[0] == 1
    assert dev.call("plan", "--evidence", "unit")[0] == 1
    assert dev.call("plan", "--evidence", "unit=nowhere.xml")[0] == 1
    assert dev.call("plan", "--out", file, *evidence)[0] == 0
    results.unlink()
    assert dev.call("apply", file)[0] == 3
    assert dev.call("apply", file, "--ticket", "X-1")[0] == 0

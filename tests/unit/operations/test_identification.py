"""Who runs this: when that is asked, what becomes of a token that is not good, and who insists."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from callsheet.identity.trust import GITHUB, Trust
from callsheet.model.errors import Refused, SpecError
from callsheet.model.principal import Principal
from callsheet.operations.apply import apply
from callsheet.operations.doctor import Check, doctor
from callsheet.operations.identification import _audience, trusts_of
from callsheet.operations.plan import plan
from callsheet.operations.runs import shown
from callsheet.operations.session import Session
from callsheet.operations.surgery import surgery
from callsheet.plan.inputs import Options
from callsheet.state.holder import Holder
from callsheet.state.lock import Held
from callsheet.state.snapshot import Entry
from support.issuer import Issuer, issuer
from support.world import World

ANNA = "acme/voice@main by anna"


@pytest.fixture
def ci(world: World) -> Iterator[Issuer]:
    """A job of a CI whose issuer `dev` trusts."""
    world.assistant("a")
    with issuer() as made:
        world.variables |= made.github
        protect(world, oidc=[{"issuer": made.url, "audience": "callsheet"}])
        yield made


def protect(world: World, **protection: Any) -> None:
    world.environment(f"protection: {json.dumps(protection)}\n")


def insist(world: World, ci: Issuer, **more: Any) -> None:
    protect(world, verified=True, oidc=[{"issuer": ci.url, **more}])


def codes(found: Any) -> list[str]:
    return [each.code for each in found]


def who(world: World) -> Any:
    """What the audit says of the last run."""
    with world.session() as session:
        state = session.ledger.load()
        return shown(session, state.run["id"], requests=False)["record"]["who"] if state.run else None


def examined(world: World) -> Check:
    found = doctor(lambda: Session.open(world.root, variables=world.variables, clock=world.clock))
    [check] = [check for check in found.checks if check.name == "principal"]
    return check


def test_a_job_with_a_token_is_verified_everywhere(world: World, ci: Issuer) -> None:
    outcome = world.apply()
    assert outcome.diagnostics == ()
    told = who(world)
    name = f"{ci.url.removeprefix('http://')}:{ANNA}"
    assert (told["name"], told["how"], told["verified"]) == (name, ci.url, True)
    assert ci.audiences == ["callsheet"]
    with world.session() as session, surgery(session, "state mv"):
        holder = session.lock.holder()
    assert holder is not None
    assert str(holder).startswith(f"{name} on ")
    with world.session() as session:
        assert session.principal.claims["environment"] == "prod"
        assert session.owner == (name, ci.url)


def test_a_plan_asks_nobody_who_this_is(world: World, ci: Issuer) -> None:
    world.plan()
    world.drift()
    assert ci.requests == []


def test_a_token_is_asked_for_once_in_a_run_and_is_written_nowhere(world: World, ci: Issuer) -> None:
    with world.session() as session:
        apply(session, plan(session, Options()).archive)
        [token] = [each for each in session.keeper.known_values() if each.startswith("ey")]
    assert ci.asked("token") == 1
    for part in token.split("."):
        assert part.encode() not in world.state_files()


@pytest.mark.parametrize("name", ["CALLSHEET_ID_TOKEN", "CALLSHEET_ID_TOKEN_FILE"])
def test_a_token_that_is_given(world: World, ci: Issuer, name: str) -> None:
    token = ci.token(actor="zoe")
    (world.root / "token").write_text(token)
    world.variables = {
        "VAPI_KEY": "canary-key",
        name: token if name[-1] == "N" else str(world.root / "token"),
    }
    world.apply()
    assert who(world)["name"].endswith("by zoe")
    assert ci.asked("token") == 0


def test_without_a_token_a_name_is_a_name(world: World, ci: Issuer) -> None:
    world.variables = {"VAPI_KEY": "canary-key", "USER": "anna"}
    assert world.apply().diagnostics == ()
    assert (who(world)["name"], who(world)["how"], who(world)["verified"]) == ("anna", "USER", False)
    assert ci.requests == []
    with world.session() as session, surgery(session, "state mv"):
        assert str(session.lock.holder()).startswith("anna (unverified) on ")


# a token that is not good


def expired(ci: Issuer) -> None:
    ci.claims["exp"] = 1


def other_audience(ci: Issuer) -> None:
    ci.claims["iss"] = "https://ci.mallory.example"


def keyless(ci: Issuer) -> None:
    ci.status = 503


def refused(ci: Issuer) -> None:
    ci.raw = b"{}"


BAD = {
    expired: "identity.expired",
    other_audience: "identity.issuer",
    keyless: "identity.unreachable",
    refused: "identity.keys",
}


@pytest.mark.parametrize("day", BAD)
def test_where_nobody_insists_it_is_told_once_and_the_name_is_unverified(
    world: World, ci: Issuer, day: Any
) -> None:
    day(ci)
    with world.session() as session:
        outcome = apply(session, plan(session, Options()).archive)
        assert session.identification.doubts() == ()
    assert outcome.exit_code == 0
    assert codes(outcome.diagnostics) == [BAD[day]]
    [told] = outcome.diagnostics
    assert (told.severity, told.detail.startswith("So somebody is unverified.")) == ("warning", True)
    assert (who(world)["name"], who(world)["verified"]) == ("somebody", False)
    with world.session() as session, surgery(session, "state mv") as operation:
        operation.write({}, Entry())
    assert codes(operation.doubts) == [BAD[day]]


@pytest.mark.parametrize("day", BAD)
def test_where_the_protection_insists_nothing_is_written(world: World, ci: Issuer, day: Any) -> None:
    insist(world, ci)
    day(ci)
    with pytest.raises(Refused) as caught:
        world.apply()
    [told] = caught.value.diagnostics
    assert (caught.value.exit_code, told.code) == (3, BAD[day])
    assert told.summary.startswith("the protection of dev wants a verified principal, and the ")
    assert "Nothing was written." in told.detail
    assert told.hint
    assert world.writes() == 0
    assert who(world) is None


def test_whatever_is_not_a_plain_no_insists(world: World, ci: Issuer) -> None:
    expired(ci)
    protect(world, verified="yes", oidc=[{"issuer": ci.url}])
    with pytest.raises(SpecError):
        world.apply()
    protect(world, verified=False, oidc=[{"issuer": ci.url}])
    assert world.apply().exit_code == 0


def test_the_token_is_asked_for_with_its_issuers_audience(world: World, ci: Issuer) -> None:
    others = [{"issuer": "https://gitlab.com", "audience": "x"}, {"issuer": ci.url, "audience": "prod"}]
    protect(world, verified=True, oidc=others)
    assert world.apply().exit_code == 0
    assert ci.audiences == ["prod"]
    github = Trust(GITHUB, "y")
    assert _audience([Trust("https://gitlab.com", "x"), github], "https://run-1.example/token") == "y"


def test_a_good_token_is_enough_for_who_insists(world: World, ci: Issuer) -> None:
    insist(world, ci)
    assert world.apply().exit_code == 0
    assert who(world)["verified"]


def test_a_name_is_not(world: World, ci: Issuer) -> None:
    insist(world, ci)
    world.variables = {"VAPI_KEY": "canary-key", "USER": "anna"}
    with pytest.raises(Refused) as caught:
        world.apply()
    [told] = caught.value.diagnostics
    assert (told.code, "anna (unverified)" in told.summary) == ("identity.unverified", True)
    assert "audience callsheet" in told.hint
    assert world.writes() == 0
    # Looking is for everybody.
    assert not world.plan().plan.empty


def test_nor_is_a_token_that_cannot_be_verified_here(
    world: World, ci: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jwt", None)
    assert codes(world.apply().diagnostics) == ["identity.no-library"]
    insist(world, ci)
    with pytest.raises(Refused) as caught:
        world.apply()
    assert caught.value.diagnostics[0].hint == "pip install 'callsheet[oidc]'"


def test_bound_claims_count(world: World, ci: Issuer) -> None:
    insist(world, ci, claims={"repository": "acme/voice", "ref": ["refs/heads/main", "refs/heads/hotfix"]})
    assert world.apply().exit_code == 0
    ci.claims["ref"] = "refs/pull/7/merge"
    with pytest.raises(Refused, match="ref is 'refs/pull/7/merge'"):
        world.apply()


def test_who_is_named_takes_the_place_of_github_and_gitlab(world: World, ci: Issuer) -> None:
    named = trusts_of({"oidc": [{"issuer": ci.url}]}, lambda: None)
    assert named == (Trust(ci.url, "callsheet"),)
    protect(world)
    assert codes(world.apply().diagnostics) == ["identity.issuer"]
    with world.session() as session:
        assert session.identification.doubt is not None
        assert "trusted are: https://token.actions.githubusercontent.com, https://gitlab.com" in (
            session.identification.doubt.hint
        )


@pytest.mark.parametrize(
    "oidc",
    [[], {}, "https://gitlab.com", [{"audience": "x"}], [{"issuer": 7}], [{"issuer": "x", "audience": ""}]],
)
def test_a_section_that_names_nobody_is_not_read_as_the_default(world: World, ci: Issuer, oidc: Any) -> None:
    protect(world, oidc=oidc)
    with pytest.raises(SpecError) as caught:
        world.apply()
    for told in caught.value.diagnostics:
        assert told.code.startswith("spec.")
        assert told.place is not None
    assert world.writes() == 0


def test_an_error_tells_of_it_too(world: World, ci: Issuer) -> None:
    expired(ci)
    with world.session() as first, surgery(first, "state mv"), pytest.raises(Held) as caught:
        world.apply()
    assert codes(caught.value.diagnostics) == ["lock.held", "identity.expired"]


def test_a_killed_run_is_told_of_as_what_it_was(world: World, ci: Issuer) -> None:
    world.apply()
    with world.session() as session:
        state = session.ledger.load()
        run = {**(state.run or {}), "id": "r-9"}
        session.ledger.append([Entry(run=run)])
    assert run["verified"] is True
    world.variables["CALLSHEET_ID_TOKEN"] = "x"
    world.assistant("b")
    assert codes(world.apply().diagnostics)[0] == "identity.malformed"
    with world.session() as session:
        record = shown(session, "r-9", requests=False)["record"]
    assert (record["who"]["verified"], record["outcome"]["ended"]) == (True, "without_a_word")
    assert who(world)["verified"] is False


# doctor


def test_doctor_says_who_this_is(world: World, ci: Issuer) -> None:
    check = examined(world)
    assert (check.status, check.found.endswith(f"verified by an ID token of {ci.url}")) == ("ok", True)
    expired(ci)
    check = examined(world)
    assert (check.status, check.todo.startswith("get a new one")) == ("warn", True)
    assert check.found.startswith("somebody (unverified), the name in GITHUB_ACTOR; the ID token expired")
    insist(world, ci)
    assert examined(world).status == "fail"


def test_doctor_says_what_would_verify_it(world: World, ci: Issuer) -> None:
    world.variables = {"VAPI_KEY": "canary-key", "USER": "anna"}
    check = examined(world)
    assert (check.status, check.found) == ("ok", "anna (unverified), the name in USER")
    assert "ID token for the audience callsheet" in check.todo
    insist(world, ci)
    check = examined(world)
    assert (check.status, "wants a verified principal" in check.found) == ("fail", True)


def test_a_holder_of_an_earlier_version_is_unverified() -> None:
    old = {"owner": "anna", "run": "r", "host": "h", "verb": "apply", "token": 1,
           "since": "2026-11-20T12:00:00+00:00", "until": "2026-11-20T12:01:00+00:00"}  # fmt: skip
    assert Holder.from_json(old).verified is False
    assert Principal("anna").shown == "anna (unverified)"

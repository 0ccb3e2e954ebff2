"""Sign-offs: bound to the instance, the target and the set of changes; given by others, and taken back."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from typing import Any

import pytest

from callsheet.apply import applier
from callsheet.identity.principals import principal
from callsheet.model.errors import DONE, CallsheetError, Refused, Stale, StateError
from callsheet.model.principal import Principal
from callsheet.operations.approve import prepared, sign
from callsheet.policy.sign_offs import Approvals, SignOff
from callsheet.state.snapshot import Entry
from support.protected import AUDIENCE, ISSUER, OIDC, Protected, codes, job, person
from unit.reports.test_published import findings


def test_a_plan_made_again_is_covered(dev: Protected) -> None:
    dev.protect(signOffs=1)
    dev.sign(dev.plan("anna"))
    # Somebody else plans again after the merge; even the files have moved, where that changes nothing.
    dev.world.file("assistants/readme.md", "nothing")
    dev.world.edit("/assistant", "b", {"metadata": {"team": "sales"}})
    assert dev.gates("ci")["signOffs"].status == "passed"
    assert dev.apply(None, "ci").exit_code == DONE
    [used] = dev.record()["what"]["signOffs"]
    assert (used["by"]["name"], used["by"]["verified"]) == ("carl", False)


def test_a_subset_of_what_was_signed_is_covered(dev: Protected) -> None:
    dev.protect(signOffs=1)
    dev.world.assistant("b", firstMessage="also")
    dev.sign(dev.plan())
    assert dev.apply(targets=("Assistant/a",)).exit_code == DONE


def test_a_change_more_is_not_and_is_named(dev: Protected) -> None:
    dev.protect(signOffs=1)
    dev.sign(dev.plan())
    dev.world.assistant("b", firstMessage="smuggled in")
    refusal = dev.refused()
    assert codes(refusal) == ["refused.signOffs"]
    assert "carl (unverified) signed other changes (not Assistant/b)" in refusal.diagnostics[0].summary


def test_another_value_is_another_change(dev: Protected) -> None:
    dev.protect(signOffs=1)
    dev.sign(dev.plan())
    dev.world.assistant("a", firstMessage="quite another")
    assert codes(dev.refused()) == ["refused.signOffs"]


def test_two_sign_offs_of_a_half_each_do_not_make_one(dev: Protected) -> None:
    dev.protect(signOffs=1)
    dev.world.assistant("b", firstMessage="also")
    for target in ("Assistant/a", "Assistant/b"):
        dev.sign(dev.plan(targets=(target,)), "carl")
    assert codes(dev.refused()) == ["refused.signOffs"]


def test_a_plan_that_claims_digests_of_other_changes_is_not_covered_nor_signed(dev: Protected) -> None:
    dev.protect(signOffs=1)
    planned = dev.plan()
    dev.sign(planned)
    [signed] = planned.plan.changes
    dev.world.assistant("a", firstMessage="evil")
    evil = dev.plan()
    [change] = evil.plan.changes
    forged = replace(evil.plan, changes=(replace(change, change_digest=signed.change_digest),)).sealed()
    assert codes(dev.refused(replace(evil.archive, plan=forged))) == ["refused.signOffs"]
    with pytest.raises(Stale, match="other changes than its digests"):
        dev.sign(forged)


def test_another_instance_is_not_covered(dev: Protected) -> None:
    dev.protect(signOffs=1)
    dev.sign(dev.plan())
    with dev.session("root") as session:
        session.ledger.load()
        session.ledger.append([Entry(instance="born again")])
        session.ledger.close()
    refusal = dev.refused()
    assert codes(refusal) == ["refused.signOffs"]
    assert "another life of the environment" in refusal.diagnostics[0].summary


@pytest.mark.parametrize("changed", [{"organisation": "other"}, {"baseUrl": "https://other.example"}])
def test_another_target_is_not_covered(dev: Protected, changed: dict[str, str]) -> None:
    dev.protect(signOffs=1)
    planned = dev.plan()
    elsewhere = replace(planned.plan, target={**planned.plan.target, **changed}).sealed()
    dev.sign(elsewhere)
    refusal = dev.refused(planned)
    assert codes(refusal) == ["refused.signOffs"]
    assert "another target" in refusal.diagnostics[0].summary


def test_what_was_taken_back_counts_no_more(dev: Protected) -> None:
    dev.protect(signOffs=1)
    planned = dev.plan()
    signed = dev.sign(planned, "carl")
    with pytest.raises(Refused, match="is the sign-off of carl"):
        dev.revoke(signed, "mallory")
    with pytest.raises(Refused, match="is the sign-off of carl"):
        dev.revoke(signed, job("carl"))
    assert dev.gates()["signOffs"].status == "passed"
    dev.revoke(signed, "carl")
    assert codes(dev.refused(planned)) == ["refused.signOffs"]
    dev.sign(planned, "carl")
    assert dev.apply(planned).exit_code == DONE


def test_a_verified_sign_off_is_not_taken_back_by_a_name_alone(dev: Protected) -> None:
    dev.protect(signOffs=1, oidc=OIDC)
    signed = dev.sign(dev.plan(), job("carl"))
    with pytest.raises(Refused):
        dev.revoke(signed, replace(person("carl"), issuer=ISSUER))
    dev.revoke(signed, job("carl"))


def test_one_taken_back_while_the_lock_was_waited_for_stops_the_apply(
    dev: Protected, monkeypatch: pytest.MonkeyPatch
) -> None:
    dev.protect(signOffs=1)
    planned = dev.plan()
    signed = dev.sign(planned)
    settle = applier.settle

    def meanwhile(*given: Any) -> Any:
        found = settle(*given)
        dev.revoke(signed, "carl")
        return found

    monkeypatch.setattr(applier, "settle", meanwhile)
    with dev.world.counted(), pytest.raises(Refused) as caught:
        dev.apply(planned)
    assert codes(caught.value) == ["refused.signOffs"]
    assert dev.world.writes() == 0


def test_one_person_is_one_however_often(dev: Protected) -> None:
    dev.protect(signOffs=2, oidc=OIDC)
    planned = dev.plan()
    for who in ("carl", "Carl", job("carl")):
        dev.sign(planned, who)
        dev.world.time_passes(1)
    assert codes(dev.refused(planned)) == ["refused.signOffs"]
    dev.sign(planned, "dora")
    assert dev.apply(planned).exit_code == DONE


@pytest.mark.parametrize(
    ("asked", "own"), [(1, True), (2, False), ({"required": 1, "fourEyes": True}, False)]
)
def test_ones_own_plan(dev: Protected, asked: Any, own: bool) -> None:
    dev.protect(signOffs=asked)
    planned = dev.plan("anna")
    if own:
        dev.sign(planned, "anna")
        assert dev.apply(planned, "anna").exit_code == DONE
        return
    with pytest.raises(Refused, match="anna made the plan") as caught:
        dev.sign(planned, "anna")
    assert codes(caught.value) == ["refused.signOffs"]


def test_a_person_in_a_job_is_the_person(dev: Protected) -> None:
    dev.protect(signOffs={"required": 2, "fourEyes": True}, oidc=OIDC)
    planned = dev.plan(job("github:acme/voice@feature by anna"))
    with pytest.raises(Refused, match="anna made the plan"):
        dev.sign(planned, "anna")
    dev.sign(planned, job("github:acme/voice@main by carl"))
    dev.sign(planned, "carl")
    assert codes(dev.refused(planned)) == ["refused.signOffs"]
    dev.sign(planned, "dora")
    assert dev.apply(planned).exit_code == DONE


def test_who_applies_does_not_count_where_two_persons_are_asked_for(dev: Protected) -> None:
    dev.protect(signOffs={"required": 1, "fourEyes": True})
    planned = dev.plan("anna")
    dev.sign(planned, "bert")
    refusal = dev.refused(planned, "bert")
    assert "bert (unverified) is the one who applies" in refusal.diagnostics[0].summary
    assert dev.apply(planned, "ci").exit_code == DONE


def test_who_made_the_plan_that_was_signed_does_not_count_for_one_made_again_by_another(
    dev: Protected,
) -> None:
    dev.protect(signOffs=1)
    dev.sign(dev.plan("anna"), "anna")
    dev.protect(signOffs={"required": 1, "fourEyes": True})
    assert codes(dev.refused(dev.plan("ci"), "ci")) == ["refused.signOffs"]


def test_only_those_count_whom_the_protection_names(dev: Protected) -> None:
    dev.protect(signOffs=1)
    planned = dev.plan()
    dev.sign(planned, "carl")
    dev.protect(signOffs={"required": 1, "from": ["dora"]})
    assert "carl (unverified) is none of those" in dev.refused().diagnostics[0].summary
    with pytest.raises(Refused, match="none of those whose sign-off counts"):
        dev.sign(planned, "carl")


def test_claims_that_were_signed_with_are_kept_as_far_as_they_matter(dev: Protected) -> None:
    dev.protect(signOffs={"required": 1, "from": [{"team": "leads"}]}, oidc=OIDC)
    planned = dev.plan()
    signed = dev.sign(planned, job("carl", team="leads", email="carl@acme.example"))
    assert dict(signed.by.claims) == {"aud": "callsheet", "team": "leads"}
    assert dev.apply(planned).exit_code == DONE


def test_an_unverified_one_does_not_count_where_verified_ones_are_asked_for(dev: Protected) -> None:
    dev.protect(signOffs=1, oidc=OIDC)
    planned = dev.plan()
    dev.sign(planned, "carl")
    dev.sign(planned, job("dora", issuer="https://other.example"))
    dev.protect(signOffs=1, oidc=OIDC, verified=True)
    planned = dev.plan(job("ci"))
    told = dev.refused(planned, job("ci")).diagnostics[0].summary
    assert "carl (unverified) is not verified by an issuer that is trusted" in told
    assert "dora is not verified by an issuer that is trusted" in told
    with pytest.raises(Refused, match="not verified"):
        dev.sign(planned, "carl")
    dev.sign(planned, job("erik"))
    assert dev.apply(dev.plan(job("ci")), job("ci")).exit_code == DONE


@pytest.mark.parametrize("author", ["bob", job("bob", issuer="https://other.example")])
def test_a_plan_of_nobody_that_is_verified_satisfies_nobody_where_verified_ones_are_asked_for(
    dev: Protected, author: Any
) -> None:
    asked = {"signOffs": {"required": 1, "fourEyes": True}, "oidc": OIDC}
    dev.protect(**asked, verified=True)
    # Verified anna has made it, in bob's name.
    planned = dev.plan(author)
    [gate] = [each for each in planned.plan.gates if each.rule == "signOffs"]
    assert "whoever made the plan is not verified (bob)" in gate.message
    assert gate.satisfied_by.startswith(f"plan with --out in a job with a token of {ISSUER}, then callsheet")
    with pytest.raises(Refused, match="signed a plan of somebody who is not verified") as caught:
        dev.sign(planned, job("anna"))
    assert "plan with --out in a job" in caught.value.diagnostics[0].hint
    # Nor does what was signed while nobody asked for that, of the plan itself or of one made again.
    dev.protect(**asked)
    dev.sign(planned, job("anna"))
    dev.protect(**asked, verified=True)
    assert "is not verified (bob)" in dev.refused(planned, job("ci")).diagnostics[0].summary
    assert codes(dev.refused(dev.plan(job("ci")), job("ci"))) == ["refused.signOffs"]
    again = dev.plan(job("ci"))
    dev.sign(again, job("anna"))
    assert dev.apply(again, job("ci")).exit_code == DONE


def test_before_the_first_apply_a_sign_off_covers_the_first_apply_alone(world: Any) -> None:
    dev = Protected(world)
    world.assistant("a")
    dev.protect(signOffs=1)
    dev.sign(dev.plan())
    assert dev.sign(dev.plan()).bound.instance is None
    assert dev.apply().exit_code == DONE
    # The same object, made again in the life that began since, is not what was signed.
    world.assistant("a", firstMessage="x")
    assert codes(dev.refused()) == ["refused.signOffs"]
    dev.sign(dev.plan())
    assert dev.apply().exit_code == DONE


def test_a_stale_or_an_edited_plan_is_not_signed(dev: Protected) -> None:
    dev.protect(signOffs=1)
    planned = dev.plan()
    for changed in ({"lineage": "other"}, {"instance": "other"}, {"environment": "uat"}, {"identity": {}}):
        with pytest.raises(Stale):
            dev.sign(replace(planned.plan, **changed).sealed())
    file = dev.file(planned)
    file.write_bytes(_edited(file.read_bytes()))
    code, _, err = dev.call("approve", str(file), "--yes")
    assert code == 4
    assert "edited after it was made" in err


def _edited(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b"after", b"other"))
    return out.getvalue()


def test_refusals_conflicts_and_nothing_are_not_signed(dev: Protected) -> None:
    dev.protect(signOffs=1, maxDeletes=0)
    dev.world.edit("/assistant", "a", {"firstMessage": "dashboard"})
    with pytest.raises(Stale) as conflict:
        dev.sign(dev.plan())
    assert codes(conflict.value) == ["stale.conflict"]
    dev.world.remove("assistants/b.yaml")
    with pytest.raises(Refused) as refused:
        dev.sign(dev.plan(on_conflict="overwrite"))
    assert codes(refused.value) == ["refused.maxDeletes"]
    dev.world.edit("/assistant", "a", {"firstMessage": "before"})
    dev.world.assistant("a", firstMessage="before")
    dev.world.assistant("b")
    with pytest.raises(CallsheetError, match="nothing to sign off"):
        dev.sign(dev.plan())


def test_the_log_is_not_read_past_what_cannot_be_read(dev: Protected) -> None:
    dev.protect(signOffs=1)
    planned = dev.plan()
    dev.sign(planned)
    with dev.session("root") as session:
        _, length = session.store.read_log("approvals/dev")
        session.store.append("approvals/dev", [b'{"act": "unsign"}'], expected=length)
    refusal = dev.refused(planned, kind=StateError)
    assert codes(refusal) == ["approvals.damaged"]


def test_two_who_sign_at_once_are_both_there(dev: Protected, monkeypatch: pytest.MonkeyPatch) -> None:
    dev.protect(signOffs=2)
    planned = dev.plan()
    with dev.session("carl") as session:
        store = session.store
        read = store.read_log
        interrupted = []

        def late(log: str) -> Any:
            found = read(log)
            if log == "approvals/dev" and not interrupted:
                interrupted.append(True)
                dev.sign(planned, "dora")
            return found

        monkeypatch.setattr(store, "read_log", late)
        sign(session, prepared(session, planned.plan))
    assert dev.apply(planned).exit_code == DONE


def test_on_the_disk_of_a_ci_runner_nothing_is_signed(dev: Protected) -> None:
    dev.protect(signOffs=1)
    planned = dev.plan()
    dev.world.variables["CI"] = "true"
    dev.world.environment("protection: {signOffs: 1}", baseUrl="https://api.vapi.ai")
    with pytest.raises(Refused, match="disk of a CI runner"):
        dev.sign(planned)


def test_a_killed_runs_record_tells_of_sign_offs_and_overrides_too(dev: Protected) -> None:
    dev.protect(signOffs=1)
    dev.sign(dev.plan())
    dev.apply()
    run = dev.state.run
    assert run is not None
    assert [each["by"]["name"] for each in run["signOffs"]] == ["carl"]


# the command line


def test_approve_list_and_revoke(dev: Protected) -> None:
    dev.protect(signOffs=1)
    file = str(dev.file(dev.plan()))
    code, _, err = dev.call("apply", file, user="bert")
    assert code == 3
    assert "callsheet approve FILE" in err
    code, _, err = dev.call("approve", file, user="carl")
    assert code == 1
    assert "needs a confirmation" in err
    code, out, err = dev.call("approve", file, "--yes", "--comment", "fine", user="carl")
    assert code == 0, err
    assert "Still needed: signOffs." in out
    assert out.splitlines()[-1].startswith("Signed off by carl (unverified): ")
    code, out, _ = dev.call("approve", "--list")
    assert code == 0
    assert "carl (unverified): 1 change, plan sha256:" in out
    assert out.splitlines()[0].endswith("fine")
    listed = json.loads(dev.call("approve", "--list", "-o", "json")[1])
    assert findings("approvals", listed) == []
    [told] = listed["signOffs"]
    assert (told["by"]["name"], told["current"], told["comment"]) == ("carl", True, "fine")
    assert dev.call("approve", "--revoke", told["id"][:6], user="dora")[0] == 3
    assert dev.call("approve", "--revoke", told["id"][:6], user="carl")[0] == 0
    assert dev.call("apply", file, user="bert")[0] == 3
    signed = json.loads(dev.call("approve", file, "--yes", "-o", "json", user="carl")[1])
    assert findings("approvals", signed) == []
    assert [each["by"]["name"] for each in signed["signOffs"]] == ["carl"]
    assert dev.call("apply", file, user="bert")[0] == 0
    out = dev.call("runs", "show", dev.record()["run"], "-o", "json")[1]
    assert findings("runs", json.loads(out)) == []
    out = dev.call("runs", "show", dev.record()["run"])[1]
    assert "carl (unverified), " in out


@pytest.mark.parametrize(
    "arguments",
    [[], ["x.plan", "--list"], ["--list", "--revoke", "a"], ["--list", "--yes"], ["--revoke", ""]],
)
def test_approve_needs_one_thing_to_do(dev: Protected, arguments: list[str]) -> None:
    assert dev.call("approve", *arguments)[0] == 1


def test_a_comment_holds_no_secret(dev: Protected) -> None:
    code, _, err = dev.call("approve", str(dev.file(dev.plan())), "--yes", "--comment", "key is canary-key")
    assert code == 1
    assert "the value of a secret" in err
    assert "canary" not in err


# persons


def verified(ref: str, actor: str = "anna") -> Principal:
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "x", "repository": "acme/voice", "actor": actor}
    return principal({**claims, "ref": f"refs/heads/{ref}"})


@pytest.mark.parametrize("length", [1, 200, 250])
def test_a_person_on_a_long_branch_is_the_same_person(dev: Protected, length: int) -> None:
    dev.protect(signOffs={"required": 2, "fourEyes": True}, oidc=OIDC, verified=True)
    planned = dev.plan(verified("a" * length))
    with pytest.raises(Refused, match="made the plan"):
        dev.sign(planned, verified("b" * length))
    planned = dev.plan(verified("main", "root"))
    for ref in ("a" * length, "b" * length):
        dev.sign(planned, verified(ref))
    refusal = dev.refused(planned, verified("main", "root"))
    assert "1 of 2 sign-offs" in refusal.diagnostics[0].summary
    dev.sign(planned, verified("a" * length, "ben"))
    assert dev.apply(planned, verified("main", "root")).exit_code == DONE


@pytest.mark.parametrize("name", ["anna ", " ANNA", "\uff41nna", "x by  anna", "ann\u00aa"])
def test_a_name_that_only_looks_otherwise_is_the_same_one(dev: Protected, name: str) -> None:
    dev.protect(signOffs={"required": 1, "fourEyes": True})
    with pytest.raises(Refused, match="made the plan"):
        dev.sign(dev.plan("anna"), name)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("\u0430nna", "mixes letters of Cyrillic and Latin"),
        ("an\u200bna", "cannot be seen"),
        ("anna\x07", "cannot be seen"),
        ("an\ufe0fna", "cannot be seen"),
        ("x by \u2800", "cannot be seen"),
    ],
)
def test_a_name_that_looks_like_anothers_is_nobody_elses(dev: Protected, name: str, why: str) -> None:
    dev.protect(signOffs={"required": 1, "fourEyes": True})
    planned = dev.plan("anna")
    with pytest.raises(Refused, match=why) as caught:
        dev.sign(planned, name)
    assert codes(caught.value) == ["refused.name"]
    # Nor does it count where it came into the log in another way, nor hide who made or applies the plan.
    given = dev.sign(planned, "carl")
    dev.revoke(given, "carl")
    with dev.session("carl", files=False) as session:
        Approvals(session.store, "dev").sign(replace(given, by=person(name)))
    assert why in dev.refused(planned).diagnostics[0].summary
    with pytest.raises(Refused, match="cannot be told apart"):
        dev.sign(dev.plan(name), "anna")
    dev.sign(planned, "dora")
    assert "cannot be told apart" in dev.refused(planned, name).diagnostics[0].summary
    assert dev.apply(planned).exit_code == DONE


@pytest.mark.parametrize(
    "name", ["\u0430\u043d\u043d\u0430", "\u6c34\u30ab\u3072", "J\u00f6rg 2", "anna@acme.example"]
)
def test_other_scripts_by_themselves_are_names(dev: Protected, name: str) -> None:
    dev.protect(signOffs={"required": 1, "fourEyes": True})
    planned = dev.plan("anna")
    dev.sign(planned, name)
    assert dev.apply(planned).exit_code == DONE


def test_a_sign_off_of_before_is_read_as_it_was_written(dev: Protected) -> None:
    dev.protect(signOffs=1)
    given = dev.sign(dev.plan())
    old = given.to_json() | {"author": "anna"}
    read = SignOff.from_json(old)
    assert read.author == Principal("anna")
    assert read.to_json() == old
    assert SignOff.from_json(given.to_json()) == given


# --reviewed


def test_reviewed_lets_through_what_was_reviewed_and_no_more(dev: Protected) -> None:
    file = str(dev.file(dev.plan()))
    dev.world.assistant("b", firstMessage="smuggled in")
    with dev.world.counted():
        code, _, err = dev.call("apply", "--yes", "--reviewed", file)
    assert (code, dev.world.writes()) == (4, 0)
    assert "not reviewed: Assistant/b (update)" in err
    dev.world.assistant("b")
    assert dev.call("apply", "--yes", "--reviewed", file)[0] == 0


def test_reviewed_is_of_the_same_instance_and_target(dev: Protected) -> None:
    planned = dev.plan()
    for name, value in (
        ("instance", "i"),
        ("target", {"provider": "vapi"}),
        ("mode", "destroy"),
        ("environment", "x"),
    ):
        changed = replace(planned.plan, **{name: value}).sealed()
        file = str(dev.file(replace(planned, archive=replace(planned.archive, plan=changed)), f"{name}.plan"))
        code, _, err = dev.call("apply", "--yes", "--reviewed", file)
        assert code == 4
        assert f"another {name}" in err


def test_reviewed_is_for_plans_made_now(dev: Protected) -> None:
    file = str(dev.file(dev.plan()))
    assert dev.call("apply", file, "--reviewed", file)[0] == 1


def test_whether_secrets_resolve_where_it_is_planned_makes_no_other_change(dev: Protected) -> None:
    dev.protect(signOffs=1)
    server = {"server": {"url": "https://x.example", "headers": {"X": "secrets://env/T"}}}
    dev.world.assistant("a", firstMessage="after", native=server)
    dev.sign(dev.plan())
    dev.world.variables["T"] = "canary-token"
    assert dev.apply().exit_code == DONE

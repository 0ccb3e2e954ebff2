"""Environments are apart: keys, organisations and ids of one are of no use in another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from callsheet.model.errors import CallsheetError, Refused, SpecError
from callsheet.operations.doctor import doctor
from callsheet.operations.exports import take_now
from callsheet.operations.isolation import Isolation
from support.neighbours import Neighbours

PLAIN_TOOL = {"type": "function", "native": {"function": {"name": "t"}}}


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[Neighbours]:
    made = Neighbours(tmp_path)
    made.document("Tool", "t", PLAIN_TOOL)
    made.assistant("a", tools=[{"ref": "t"}])
    yield made
    made.close()


def paste(acme: Neighbours, key: str, into: str) -> None:
    """Let an environment have another one's key."""
    acme.variables[into] = acme.variables[key]


def refusal(act: Any, code: str = "refused.other-environment") -> Any:
    with pytest.raises(Refused) as caught:
        act()
    assert caught.value.exit_code == 3
    [found] = caught.value.diagnostics
    assert found.code == code
    return found


class TestAnotherEnvironmentsOrganisation:
    def test_a_pasted_key_is_refused_before_the_first_apply(self, acme: Neighbours) -> None:
        acme.applied("dev")
        paste(acme, "DEV_KEY", "UAT_KEY")
        acme.app.requests.reset()
        found = refusal(lambda: acme.planned("uat"))
        organisation = acme.organisation("dev")
        assert found.summary == f"the key of uat opens the organisation {organisation}, which is dev's"
        assert "state of dev says so" in found.detail
        assert "give uat the key of its own organisation" in found.hint
        assert str(found.place).startswith("specs/environments.yaml:")
        assert acme.writes() == 0
        assert acme.organisation("uat") is None

    def test_a_plan_that_was_made_before_is_refused_at_apply(self, acme: Neighbours) -> None:
        archive = acme.planned("uat").archive
        acme.applied("dev")
        paste(acme, "DEV_KEY", "UAT_KEY")
        acme.app.requests.reset()
        refusal(lambda: acme.applied("uat", archive))
        assert acme.writes() == 0
        assert acme.held("uat") == {}

    def test_a_mark_tells_where_no_state_does(self, acme: Neighbours, tmp_path: Path) -> None:
        acme.applied("dev")
        archive = acme.planned("uat").archive
        (acme.root / ".callsheet").rename(tmp_path / "gone")
        paste(acme, "DEV_KEY", "UAT_KEY")
        acme.app.requests.reset()
        for act in (
            lambda: acme.planned("uat"),
            lambda: acme.applied("uat", archive),
            lambda: acme.drifted("uat"),
        ):
            found = refusal(act)
            assert "carries the mark of dev" in found.detail
        assert acme.writes() == 0
        # Its own marks are no obstacle: what is lost is state alone.
        assert {str(each.action) for each in acme.planned("dev").plan.changes} == {"import"}

    def test_the_mark_of_another_app_or_of_no_environment_of_this_project_is_nobodys(
        self, acme: Neighbours
    ) -> None:
        marks: list[dict[str, str]] = [{"app": "other", "env": "dev"}, {"app": "acme", "env": "gone"}]
        for mark in marks:
            self.post(acme, "UAT_KEY", {"name": "x", "metadata": {"callsheet": {"address": "A/x", **mark}}})
        assert acme.applied("uat").exit_code == 0

    def test_once_bound_a_mark_is_a_stray_copy(self, acme: Neighbours) -> None:
        acme.applied("uat")
        mark = {"address": "Assistant/a", "app": "acme", "env": "dev"}
        self.post(acme, "UAT_KEY", {"name": "copied", "metadata": {"callsheet": mark}})
        assert acme.planned("uat").plan.empty

    def post(self, acme: Neighbours, key: str, body: Any) -> None:
        from urllib.request import Request, urlopen

        headers = {"Authorization": f"Bearer {acme.variables[key]}", "Content-Type": "application/json"}
        request = Request(acme.server.url + "/assistant", json.dumps(body).encode(), headers, method="POST")
        urlopen(request, timeout=10).close()

    def test_reports_of_it_are_not_made_either(self, acme: Neighbours) -> None:
        acme.applied("dev")
        paste(acme, "DEV_KEY", "UAT_KEY")
        refusal(lambda: acme.drifted("uat"))
        with acme.into("uat") as session:
            refusal(lambda: take_now(session))

    def test_two_that_are_bound_to_one_can_only_leave_it(self, acme: Neighbours) -> None:
        """As if one of them had been applied where the other's state could not be read."""
        kept = acme.root / ".callsheet" / "state"
        acme.applied("dev")
        aside = kept.rename(kept.with_name("aside"))
        acme.variables["UAT_KEY"] = acme.variables["DEV_KEY"]
        for each in acme.there("key-of-dev", "/assistant"):
            self.forget_mark(acme, each)
        acme.applied("uat")
        for each in aside.rglob("*"):
            if each.is_file():
                target = kept / each.relative_to(aside)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(each.read_bytes())
        refusal(lambda: acme.planned("uat"))
        refusal(lambda: acme.planned("dev"))
        assert acme.applied("uat", destroy=True).exit_code == 0

    def forget_mark(self, acme: Neighbours, each: Any) -> None:
        from urllib.request import Request, urlopen

        headers = {"Authorization": "Bearer key-of-dev", "Content-Type": "application/json"}
        url = f"{acme.server.url}/assistant/{each['id']}"
        urlopen(
            Request(url, b'{"metadata": {}, "name": "left"}', headers, method="PATCH"), timeout=10
        ).close()

    def test_one_sandbox_is_not_for_two(self, acme: Neighbours) -> None:
        both = {"provider": {"baseUrl": "sandbox:acme"}}
        acme.environments(dev=both)
        archive = acme.planned("dev").archive
        acme.environments(dev=both, uat=both)
        found = refusal(lambda: acme.planned("uat"), "refused.shared-sandbox")
        assert found.summary == "uat and dev both lead to sandbox:acme"
        assert "baseUrl: sandbox:uat" in found.hint
        refusal(lambda: acme.applied("dev", archive), "refused.shared-sandbox")
        assert not (acme.root / ".callsheet" / "sandbox.sqlite").exists()
        acme.environments(dev=both, uat={"provider": {"baseUrl": "sandbox:uat"}})
        assert acme.applied("dev").exit_code == acme.applied("uat").exit_code == 0


class TestAnEmptyOrganisation:
    def emptied(self, acme: Neighbours) -> None:
        """dev is bound to an organisation in which nothing is left."""
        acme.applied("dev")
        acme.applied("dev", destroy=True)
        assert acme.there("key-of-dev", "/assistant") == []

    def test_it_is_bound_at_its_first_create(self, acme: Neighbours) -> None:
        assert acme.organisation("uat") is None
        assert acme.applied("uat").exit_code == 0
        [tool] = acme.there("key-of-uat", "/tool")
        assert acme.organisation("uat") == tool["orgId"]

    def test_if_it_is_anothers_the_first_object_is_taken_back_and_no_second_one_made(
        self, acme: Neighbours
    ) -> None:
        for name in "bcdefgh":
            acme.document("Tool", name, {"type": "function", "native": {"function": {"name": name}}})
        self.emptied(acme)
        paste(acme, "DEV_KEY", "UAT_KEY")
        archive = acme.planned("uat").archive
        acme.app.requests.reset()
        outcome = acme.applied("uat", archive)
        assert [(each.method, each.status) for each in acme.app.requests.writes] == [
            ("POST", 201),
            ("DELETE", 200),
        ]
        assert outcome.exit_code == 3
        [failed] = [each for each in outcome.results if each.status == "failed"]
        [found] = failed.diagnostics
        assert found.code == "refused.organisation"
        assert "which is dev's" in found.summary
        assert "was deleted again, and nothing else was written" in found.detail
        assert acme.there("key-of-dev", "/tool") == []
        assert (acme.organisation("uat"), acme.held("uat")) == (None, {})
        acme.variables["UAT_KEY"] = "key-of-uat"
        assert acme.applied("uat").exit_code == 0
        assert acme.planned("uat").plan.empty

    def test_what_cannot_be_taken_back_is_named(self, acme: Neighbours) -> None:
        self.emptied(acme)
        paste(acme, "DEV_KEY", "UAT_KEY")
        archive = acme.planned("uat").archive
        acme.bad_day("error DELETE /tool/* status=400 count=9")
        outcome = acme.applied("uat", archive)
        acme.bad_day()
        [tool] = acme.there("key-of-dev", "/tool")
        [found] = [each for result in outcome.results for each in result.diagnostics]
        assert f"that was made there, {tool['id']}, could not be deleted again" in found.detail
        assert acme.held("uat") == {}

    def test_it_is_not_another_one_than_state_says(self, acme: Neighbours) -> None:
        self.emptied(acme)
        acme.variables["DEV_KEY"] = "key-of-nobody"
        archive = acme.planned("dev").archive
        outcome = acme.applied("dev", archive)
        assert outcome.exit_code == 3
        assert acme.there("key-of-nobody", "/tool") == []
        assert acme.held("dev") == {}


class TestForeignIds:
    def test_an_id_of_another_environment_is_an_error_with_its_place_and_the_way_to_say_it(
        self, acme: Neighbours
    ) -> None:
        acme.applied("dev")
        tool = acme.held("dev")["Tool/t"]
        acme.file(
            "assistants/b.yaml",
            "kind: Assistant\nmetadata: {name: b}\nspec:\n  model: gpt-4.1\n  native:\n    model:\n"
            f"      toolIds: [{tool}]\n",
        )
        acme.app.requests.reset()
        with pytest.raises(SpecError) as caught:
            acme.planned("uat")
        [found] = caught.value.diagnostics
        assert (found.code, str(found.place)) == ("plan.foreign-id", "specs/assistants/b.yaml:7:17")
        assert found.summary == f"{tool} is the id of Tool/t of dev"
        assert "write {ref: Tool/t}" in found.hint
        assert acme.app.requests.counts == {}
        # In dev itself it is merely a clumsy way to say so.
        assert acme.planned("dev").plan.changes

    @pytest.mark.parametrize(
        "native",
        [
            {"server": {"url": "https://api.vapi.ai/tool/ID/x"}},
            {"metadata": {"deep": [{"of": "ID"}]}},
            {"server": {"url": "https://x.example", "headers": {"a": "ID ${secrets://env/UAT_KEY}"}}},
        ],
    )
    def test_wherever_it_stands(self, acme: Neighbours, native: Any) -> None:
        acme.applied("dev")
        tool = acme.held("dev")["Tool/t"]
        acme.assistant("a", native=json.loads(json.dumps(native).replace("ID", tool)))
        with pytest.raises(SpecError, match="is the id of Tool/t of dev"):
            acme.planned("uat")

    def test_parameters_and_overrides_are_no_way_around(self, acme: Neighbours) -> None:
        acme.applied("dev")
        tool = acme.held("dev")["Tool/t"]
        acme.assistant("a", native={"metadata": {"x": "${params.tool}"}})
        acme.environments(dev={"params": {"tool": "x"}}, uat={"params": {"tool": tool}})
        with pytest.raises(SpecError, match="is the id of Tool/t of dev"):
            acme.planned("uat")

    def test_what_this_environment_does_not_declare_is_to_be_declared(self, acme: Neighbours) -> None:
        acme.applied("dev")
        tool = acme.held("dev")["Tool/t"]
        acme.remove("tools/t.yaml")
        acme.assistant("a", native={"metadata": {"x": tool}})
        with pytest.raises(SpecError) as caught:
            acme.planned("uat")
        assert "declare Tool/t for this environment too" in caught.value.diagnostics[0].hint

    def test_ids_of_nobody_are_left_alone(self, acme: Neighbours) -> None:
        acme.applied("dev")
        acme.assistant("a", native={"metadata": {"x": "0d3b1a5e-1111-4222-8333-444455556666"}})
        assert acme.planned("uat").plan.changes


class TestWhatCannotBeRead:
    def test_a_store_with_credentials_of_its_own_is_not_asked_and_no_obstacle(self, acme: Neighbours) -> None:
        acme.environments(
            dev={"state": {"backend": "s3", "bucket": "of-somebody"}},
            prod={"state": {"backend": "postgres", "dsn": "secrets://env/NOWHERE"}},
        )
        assert acme.applied("uat").exit_code == 0
        with acme.into("uat") as session:
            unread = {each.environment: each.unread for each in Isolation(session).neighbours}
        assert unread == {
            "dev": "it is kept in s3, which takes credentials of its own",
            "prod": "it is kept in postgres, which takes credentials of its own",
        }

    def test_files_elsewhere_are_read(self, acme: Neighbours) -> None:
        acme.environments(dev={"state": {"backend": "file", "path": "elsewhere"}})
        acme.applied("dev")
        paste(acme, "DEV_KEY", "UAT_KEY")
        refusal(lambda: acme.planned("uat"))

    def test_a_damaged_state_of_another_one_is_no_obstacle(self, acme: Neighbours) -> None:
        acme.applied("dev")
        [snapshot] = [
            each for each in (acme.root / ".callsheet/state").rglob("snapshot*") if "dev" in str(each)
        ]
        snapshot.write_bytes(b"{")
        assert acme.applied("uat").exit_code == 0
        said = self.examined(acme)
        assert (said.status, "dev" in said.found) == ("warn", True)

    def test_the_doctor_says_what_is_not_seen(self, acme: Neighbours) -> None:
        assert self.examined(acme).status == "ok"
        acme.environments(dev={"state": {"backend": "s3", "bucket": "of-somebody"}})
        found = self.examined(acme)
        assert found.status == "warn"
        assert "state of dev is not seen from here: it is kept in s3" in found.found

    def test_the_doctor_tells_of_a_pasted_key_and_of_a_shared_sandbox(self, acme: Neighbours) -> None:
        acme.applied("dev")
        paste(acme, "DEV_KEY", "UAT_KEY")
        found = self.examined(acme, "provider")
        assert (found.status, "which is dev's" in found.found) == ("fail", True)
        both = {"provider": {"baseUrl": "sandbox:acme"}}
        acme.environments(dev=both, uat=both)
        found = self.examined(acme)
        assert (found.status, "both lead to sandbox:acme" in found.found) == ("fail", True)

    def examined(self, acme: Neighbours, name: str = "isolation") -> Any:
        from callsheet.operations.session import Session

        found = doctor(lambda: Session.open(acme.root, "uat", variables=acme.variables, clock=acme.clock))
        [check] = [each for each in found.checks if each.name == name]
        return check


def test_a_project_with_one_environment_reads_no_other_state(acme: Neighbours) -> None:
    acme.file(
        "environments.yaml",
        json.dumps(
            {
                "app": "acme",
                "environments": {
                    "dev": {"provider": {"baseUrl": acme.server.url, "apiKey": "secrets://env/DEV_KEY"}}
                },
            }
        ),
    )
    with acme.into("dev") as session:
        assert Isolation(session).neighbours == ()
    with pytest.raises(CallsheetError, match="there is no environment"):
        acme.planned("uat")

"""What an environment does not set is an error that names the key, whatever the others hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from callsheet.cli.main import run
from callsheet.cli.screen import Screen
from callsheet.model.errors import CallsheetError, SecretError, SpecError
from callsheet.operations.secrets import check
from support.neighbours import KEYS, Neighbours

SPACES = {
    "params": ({"params": {"x": "held"}}, "${params.x}", "params.x"),
    "deep params": ({"params": {"x": {"y": "held"}}}, "${params.x.y}", "params.x.y"),
    "variables": ({"variables": {"X": "held"}}, "${variables.X}", "variables.X"),
    "settings": ({"language": "held"}, "${settings.language}", "settings.language"),
    "flags": ({"featureFlags": {"x": "held"}}, "${settings.featureFlags.x}", "settings.featureFlags.x"),
}
WHERE: dict[str, Any] = {
    "a field": lambda text: {"firstMessage": text},
    "a text": lambda text: {"firstMessage": f"Hi {text}!"},
    "native": lambda text: {"native": {"metadata": {"k": text}}},
    "a prompt": lambda _: {"systemPromptRef": "prompts/p.md", "systemPrompt": None},
}


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[Neighbours]:
    made = Neighbours(tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("target", KEYS)
@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("space", SPACES)
def test_no_value_comes_from_another_environment(
    acme: Neighbours, space: str, where: str, target: str
) -> None:
    section, text, key = SPACES[space]
    acme.file("prompts/p.md", f"Say {text}.\n")
    acme.assistant("a", **WHERE[where](text))
    acme.environments(**{name: section for name in KEYS if name != target})
    for name in KEYS:
        if name != target:
            assert "held" in json.dumps(acme.planned(name).plan.to_json())
    acme.app.requests.reset()
    with pytest.raises(SpecError) as caught:
        acme.planned(target)
    [found] = caught.value.diagnostics
    assert key in found.summary
    assert target in found.summary
    assert found.place is not None
    assert found.place.line
    assert acme.app.requests.counts == {}


def test_an_override_of_another_environment_is_its_own(acme: Neighbours) -> None:
    acme.assistant("a")
    acme.environments(dev={"overrides": {"Assistant/*": {"spec": {"firstMessage": "held"}}}})
    assert "held" in json.dumps(acme.planned("dev").plan.to_json())
    assert "held" not in json.dumps(acme.planned("uat").plan.to_json())


@pytest.mark.parametrize("target", KEYS)
def test_no_key_of_another_environment_opens_an_organisation(acme: Neighbours, target: str) -> None:
    acme.assistant("a")
    del acme.variables[KEYS[target]]
    acme.app.requests.reset()
    for act in (acme.planned, acme.applied, acme.drifted):
        with pytest.raises(CallsheetError, match=KEYS[target]):
            act(target)
    assert acme.app.requests.counts == {}


class TestSecrets:
    """dev's secrets are all there; uat's are not."""

    @pytest.fixture
    def estate(self, acme: Neighbours) -> Neighbours:
        acme.document(
            "Tool",
            "jira",
            {
                "type": "http",
                "endpoint": "https://jira.example",
                "authRef": "secrets/jira-token",
                "operations": [{"name": "find", "method": "GET", "path": "/x"}],
            },
        )
        acme.environments(**{name: {"secrets": f"secrets://env/{name.upper()}_{{NAME}}"} for name in KEYS})
        acme.variables["DEV_JIRA_TOKEN"] = "canary-of-dev"
        return acme

    def test_an_auth_ref_leads_to_the_environments_own_secret(self, estate: Neighbours) -> None:
        assert estate.applied("dev").exit_code == 0
        archive = estate.planned("uat").archive
        assert "UAT_JIRA_TOKEN" in json.dumps(archive.plan.to_json())
        assert "DEV_JIRA_TOKEN" not in json.dumps(archive.plan.to_json())
        estate.app.requests.reset()
        with pytest.raises(SecretError, match="UAT_JIRA_TOKEN"):
            estate.applied("uat", archive)
        assert estate.writes() == 0
        estate.variables["UAT_JIRA_TOKEN"] = "canary-of-uat"
        assert estate.applied("uat", archive).exit_code == 0

    def test_the_check_names_the_key_and_who_needs_it(self, estate: Neighbours) -> None:
        with estate.into("dev") as session:
            assert check(session).exit_code == 0
        with estate.into("uat") as session:
            [found] = [each for each in check(session).references if each.problem]
        assert found.uri == "secrets://env/UAT_JIRA_TOKEN"
        assert found.problem is not None
        assert "UAT_JIRA_TOKEN" in found.problem.summary
        assert [use.by for use in found.uses] == ["Tool/jira[find]"]
        assert [str(use.place).partition(":")[0] for use in found.uses] == ["specs/tools/jira.yaml"]

    def test_the_key_of_the_provider_is_checked_too(
        self, estate: Neighbours, capsys: pytest.CaptureFixture[str]
    ) -> None:
        import sys

        del estate.variables["UAT_KEY"]
        screen = Screen(sys.stdin, sys.stdout, sys.stderr, estate.variables)
        assert run(["secrets", "check", "-C", str(estate.root), "--env", "uat"], screen) == 1
        shown = capsys.readouterr().out
        assert "UAT_KEY is not set" in shown
        assert "UAT_JIRA_TOKEN is not set" in shown
        assert "DEV_" not in shown

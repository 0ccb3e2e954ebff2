"""The examples load, render and name their schemas; the quoted documents load unchanged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from callsheet.model.diagnostics import has_errors
from callsheet.model.value import Ref, Secret, Text
from callsheet.spec.effective import effective
from callsheet.spec.project import load
from unit.spec.project import rendered, write
from unit.spec.test_environments import QUOTED
from unit.spec.test_schema import EXAMPLES

PROJECTS = [EXAMPLES / "enterprise", EXAMPLES / "prompt-environments"]


@pytest.mark.parametrize("root", PROJECTS, ids=lambda root: root.name)
def test_every_environment_renders(root: Path) -> None:
    for name in load(root).environments.environments:
        project, estate = rendered(root, name)
        assert project.diagnostics == estate.diagnostics == ()
        assert estate.resources


@pytest.mark.parametrize("root", PROJECTS, ids=lambda root: root.name)
def test_modelines_name_the_published_schemas(root: Path) -> None:
    for file in root.rglob("*.yaml"):
        modeline = file.read_text().split("\n", 1)[0]
        target = file.parent / modeline.removeprefix("# yaml-language-server: $schema=")
        name = "environments.json" if file.name == "environments.yaml" else "spec.json"
        assert target.resolve() == EXAMPLES.parent / "docs" / "schema" / name


def test_the_prompt_of_each_environment() -> None:
    project = load(EXAMPLES / "prompt-environments")
    versions = {
        name: effective(project, environment).prompts["renewal-call"].version
        for name, environment in project.environments.environments.items()
    }
    assert versions == {"development": None, "staging": "1.1.0", "production": "1.0.0"}


def test_the_quoted_documents_load_unchanged(tmp_path: Path) -> None:
    if not QUOTED.is_dir():
        pytest.skip("the quoted configurations are not here")
    shutil.copytree(QUOTED / "enterprise", tmp_path, dirs_exist_ok=True)
    write(
        tmp_path,
        {
            "environments.yaml": "environments: {dev: {secrets: 'secrets://vault/kv/voice/{name}#token'}}\n",
            "prompts/order-agent.md": "You take orders for {{ company }}.\n",
            "schemas/jira-create-issue.json": '{"type": "object"}',
            "policies/safety.yaml": (
                "kind: Policy\nmetadata: {name: safety}\nspec: {safety: {instructions: [Be kind]}}\n"
            ),
            "tools/zendesk.yaml": "kind: Tool\nmetadata: {name: zendesk}\nspec: {type: function}\n",
            "knowledge/faqs.yaml": "kind: KnowledgeBase\nmetadata: {name: product-faqs}\n",
        },
    )
    project, estate = rendered(tmp_path)
    assert not has_errors(project.diagnostics + estate.diagnostics)
    assistant, jira = (
        next(item for item in estate.resources.values() if str(item.document.address) == address)
        for address in ("Assistant/order-agent", "Tool/jira")
    )
    assert assistant.document.description == "Handles order inquiries"
    assert assistant.payload["model"] == {
        "model": "gpt-4.1",
        "prompt": "You take orders for {{ company }}.\n\n\nBe kind",
        "toolIds": [
            Ref("Tool/jira[createIssue]"),
            Ref("Tool/zendesk"),
            Ref("KnowledgeBase/product-faqs", "toolId"),
        ],
    }
    token = Secret("secrets://vault/kv/voice/jira-token#token")
    assert jira.payload["headers"] == {"Authorization": Text(("Bearer ", token))}
    assert jira.payload["url"] == "https://jira.example.com/rest/api/3/issue"

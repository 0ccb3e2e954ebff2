"""What others are told: a pull request, an issue, a chat and a webhook, and none hears a secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from canaries.planting import desk, meddle
from canaries.stage import Stage
from support.github import GitHubDouble
from support.gitlab import GitLabDouble
from support.hooks import hook
from support.hosts import served
from support.world import World


@pytest.mark.parametrize("sort", ["github", "gitlab"])
def test_everybody_who_is_told(sort: str, world: World, tmp_path: Path) -> None:
    stage = Stage.set(world)
    host: GitHubDouble | GitLabDouble = GitHubDouble() if sort == "github" else GitLabDouble()
    page = tmp_path / "page.md"
    with served(host, "" if sort == "github" else "/api/v4"), hook() as received:
        world.variables |= host.variables
        world.variables |= {"HOOK": received.url, "HOOK_KEY": "signing", "SLACK": received.url}
        world.variables |= {"CALLSHEET_SUMMARY": str(page)}
        stage.run("apply", "--yes")
        meddle(world)
        world.assistant("desk", "Be brief.", **desk(firstMessage="Bye."))
        file = str(tmp_path / "dev.plan")
        stage.run("plan", "--out", file, code=None)
        stage.run("comment", file, "--status")
        told = ("--notify", "slack=SLACK", "--notify", "webhook=HOOK", "--notify-key", "HOOK_KEY", "--issue")
        stage.run("drift", "--all", "--fail-on", "any", *told, code=2)
        stage.run("drift", *told, "-v", "-o", "json", code=2)
        assert len(received.got) >= 2
        assert len(host.writes) >= 3
        stage.search(
            [("what the webhooks got", content) for _, content in received.got],
            [(f"{each[0]} {each[1]}", json.dumps(each[3]).encode()) for each in host.requests],
        )

"""From a pull request to an issue that closes by itself, by the example workflows as they are in examples/ci.

docs/ci.md tells the same story; what it shows as posted is what is posted here, `…` aside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.pages import blocks
from e2e.test_promotion_page import fits
from support.emulator import emulator
from support.voice_project import EXAMPLES, Project, project

PAGE = Path(__file__).parents[2] / "docs/ci.md"
PROMPT = "specs/prompts/front-desk.md"
ASKED = "Ask for the order number before you look anything up."
WRONG = "Ask for the card number before you look anything up."
FIXED = "Ask for the order number and say it back before you look anything up."
GREETING = "Acme, good morning. What can I do for you?"
STORY = ("## The story of a change", "## A plan in the pull request")
SHOWN = re.compile(r"^````markdown\n(.*?)^````$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def voice(tmp_path: Path) -> Iterator[Project]:
    with emulator(tmp_path) as url, project(tmp_path, url) as made:
        yield made


@pytest.mark.timeout(600)
def test_the_story(voice: Project) -> None:
    told = [voice.assistant(name)["model"]["messages"][0]["content"] for name in ("dev", "uat", "prod")]
    assert all(ASKED in each for each in told)

    # Ben opens a pull request: its plan is in a comment.
    voice.git("checkout", "--quiet", "-b", "say-it-back")
    voice.edit(PROMPT, ASKED, WRONG)
    first = voice.commit("Say the order number back")
    number = voice.opened("say-it-back", "Say the order number back")
    ran = voice.pull_request(number, first)
    assert (ran.code, ran.jobs) == (0, {"validate": "success", "plan": "success"}), ran.said
    [opened] = voice.comments(number)
    assert f"+ {WRONG}" in opened["body"]
    assert [each["state"] for each in voice.front.statuses[first]] == ["pending"]

    # He pushes a fix: the same comment says the new plan.
    voice.edit(PROMPT, WRONG, FIXED)
    head = voice.commit("Ask for the order number again")
    ran = voice.pull_request(number, head)
    assert ran.code == 0, ran.said
    [comment] = voice.comments(number)
    assert (comment["id"], comment["user"]) == (opened["id"], opened["user"])
    assert WRONG not in comment["body"]
    assert f"+ {FIXED}" in comment["body"]
    assert f"+ {FIXED}" in (voice.folder / "summary.md").read_text(encoding="utf-8")

    # Ana signs off what was planned. Ben cannot.
    plan = str(voice.kept / head / "plans/dev.plan")
    own = voice.person("ben", "approve", plan, "--yes")
    assert own.code == 3, own.err
    signed = voice.person("ana", "approve", plan, "--comment", "Reads well", "--yes")
    assert signed.code == 0, signed.err
    assert ASKED in voice.assistant("dev")["model"]["messages"][0]["content"]

    # Nothing is told of that; the run that is started again says so, in the same comment.
    ran = voice.pull_request(number, head)
    assert ran.code == 0, ran.said
    [refreshed] = voice.comments(number)
    assert refreshed["id"] == comment["id"]
    assert "Still needed" in comment["body"]
    assert "Still needed" not in refreshed["body"]
    assert [each["state"] for each in voice.front.statuses[head]] == ["pending", "success"]

    # It is merged: dev gets what was approved, by a plan that is made now, and uat and prod what dev has, by
    # plans that are kept before their reviewers are asked.
    voice.git("checkout", "--quiet", "main")
    voice.git("merge", "--quiet", "--no-ff", "--message", "Merge", "say-it-back")
    voice.api("PUT", f"/pulls/{number}/merge", {"merge_method": "merge"})
    voice.merged(number)
    ran = voice.push()
    steps = [step for name in ("dev", "uat", "prod") for step in (f"plan-{name}", name)]
    assert (ran.code, [*ran.jobs], {*ran.jobs.values()}) == (0, steps, {"success"}), ran.said
    assert {each.name for each in (voice.applied / "dev").iterdir()} == {"dev.plan", "dev.md", "dev.html"}
    for name in ("uat", "prod"):
        shown = (voice.applied / name / f"{name}.md").read_text(encoding="utf-8")
        assert shown.startswith(f"## Callsheet: promote to `{name}`")
        assert f"+ {FIXED}" in shown
        assert "say it back" in (voice.applied / name / f"{name}.html").read_text(encoding="utf-8")
    for name in ("dev", "uat", "prod"):
        assert FIXED in voice.assistant(name)["model"]["messages"][0]["content"]
    who = voice.person("carol", "runs", "list", "--env", "dev").out
    assert "acme/voice@main by anna" in who
    assert voice.vault.asked("auth/jwt/login")

    # All is well, and no issue says otherwise.
    assert voice.checked().code == 0
    assert voice.issues() == []

    # Somebody edits behind its back: the scheduled check opens an issue, and updates it, and repeats nothing.
    edit(voice, "Yeah?")
    ran = voice.checked()
    assert ran.code == 0, ran.said
    [issue] = voice.issues("open")
    assert issue["title"] == "Drift in acme dev"
    assert "Yeah?" in issue["body"]
    edit(voice, "Hello, who is it?")
    assert voice.checked().code == 0
    [updated] = voice.issues("open")
    assert updated["number"] == issue["number"]
    assert "Hello, who is it?" in updated["body"]

    # Apply heals, once Ana has seen what will be set back.
    assert voice.by_hand().jobs == {"plan-dev": "success", "dev": "failure"}
    assert voice.assistant("dev")["firstMessage"] == "Hello, who is it?"
    heal = voice.applied / "dev/dev.plan"
    assert "Hello, who is it?" in heal.with_suffix(".md").read_text(encoding="utf-8")
    assert voice.person("ana", "approve", str(heal), "--yes").code == 0
    ran = voice.by_hand()
    assert (ran.code, ran.jobs) == (0, {"plan-dev": "success", "dev": "success"}), ran.said
    assert voice.assistant("dev")["firstMessage"] == GREETING

    # The next check closes the issue.
    assert voice.checked().code == 0
    assert voice.issues("open") == []
    assert [each["number"] for each in voice.issues("closed")] == [issue["number"]]

    # What the page shows is what was posted.
    shown = SHOWN.findall(PAGE.read_text(encoding="utf-8"))
    for text, posted in zip(shown, (opened, comment, updated), strict=True):
        assert fits(text, posted["body"] + "\n"), posted["body"]


def test_the_page_shows_lines_of_the_workflows() -> None:
    files = "\n".join(file.read_text(encoding="utf-8") for file in (EXAMPLES / "github").glob("*.yml"))
    begin, end = (PAGE.read_text(encoding="utf-8").partition(title)[0].count("\n") for title in STORY)
    story = [each for each in blocks(PAGE) if begin < each.line < end and each.language == "sh"]
    lines = [line for each in story for line in each.text.splitlines()]
    assert len(lines) >= 10
    for line in lines:
        # The action is given the verb alone.
        assert line in files or f"args: {line.removeprefix('callsheet ')}\n" in files, line


def edit(voice: Project, greeting: str) -> None:
    found = voice.assistant("dev")
    voice.provider("dev", "PATCH", f"/assistant/{found['id']}", {"firstMessage": greeting})

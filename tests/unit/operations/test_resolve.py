"""`resolve` on the command line, and what an environment's logging becomes at the provider."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from callsheet.resolved import Resolved
from support.world import World
from unit.cli.test_state import call

SECTION = """
model: {provider: openai, model: gpt-4.1}
logging: full
rateLimit: 600
featureFlags: {short: true}
variables: {TOKEN: secrets://env/NOWHERE}
"""


@pytest.fixture
def acme(world: World) -> World:
    world.environment(SECTION)
    world.file("prompts/greet.md", "Hello {{name}}.\nWho is it?\n")
    world.assistant("a")
    return world


def test_people_read_a_setting_a_line_and_what_the_provider_makes_of_it(acme: World) -> None:
    code, out, _ = call(acme, "resolve", "--env", "dev")
    assert code == 0
    lines = out.splitlines()
    assert "rateLimit       600 per hour" in lines
    assert "temperature     not set" in lines
    assert "featureFlags    short: true" in lines
    assert "prompt          greet: the file prompts/greet.md" in lines
    assert any(each.startswith("variables       TOKEN: ") and "NOWHERE" in each for each in lines)
    notes = [each.partition(": ")[2].partition(":")[0] for each in lines if each.startswith("note: ")]
    assert notes == ["logging", "rateLimit"]
    assert lines[-1].startswith("Resolved: dev of acme, 1 prompt, sha256:")
    acme.environment("rateLimit: null")
    _, out, _ = call(acme, "resolve")
    assert "rateLimit       unlimited" in out
    assert "note: " not in out


def test_a_prompt_is_printed_as_it_is(acme: World) -> None:
    code, out, _ = call(acme, "resolve", "--prompt", "greet")
    assert (code, out.splitlines()[:2]) == (0, ["Hello {{name}}.", "Who is it?"])
    code, _, err = call(acme, "resolve", "--prompt", "great")
    assert code == 1
    assert "Did you mean prompts/greet.md?" in err


def test_nobody_is_asked_and_nothing_is_left_behind(acme: World) -> None:
    acme.variables.clear()
    with acme.counted() as asked:
        assert call(acme, "resolve", "-o", "json")[0] == 0
    assert asked == {}
    assert not (acme.root / ".callsheet").exists()


def test_what_is_written_is_what_is_printed(acme: World, tmp_path: Path) -> None:
    out = tmp_path / "settings.json"
    code, printed, _ = call(acme, "resolve", "-o", "json", "--out", str(out))
    assert code == 0
    assert json.loads(out.read_bytes()) == json.loads(printed)
    assert Resolved.load(out).rate_limit == 600
    assert [each.name for each in tmp_path.iterdir() if "settings" in each.name] == ["settings.json"]
    before = out.read_bytes()
    code, _, err = call(acme, "resolve", "--out", str(tmp_path))
    assert (code, "is a folder" in err) == (1, True)
    code, _, err = call(acme, "resolve", "--out", str(tmp_path / "no" / "where.json"))
    assert (code, "cannot be written" in err) == (1, True)
    assert out.read_bytes() == before


def test_logging_fills_assistants_with_its_place_and_settles(acme: World) -> None:
    acme.assistant("b", native={"artifactPlan": {"loggingEnabled": False}})
    [a, _] = acme.plan().plan.changes
    [found] = [each for each in a.attributes if each.path[:1] == ("artifactPlan",)]
    assert (found.path, found.new) == (("artifactPlan", "loggingEnabled"), True)
    assert found.at is not None
    assert "environments.yaml" in str(found.at)
    assert acme.apply().exit_code == 0
    assert acme.live("/assistant", "a")["artifactPlan"] == {"loggingEnabled": True}
    assert acme.live("/assistant", "b")["artifactPlan"] == {"loggingEnabled": False}
    assert acme.plan().plan.empty
    # Another level is the same to Vapi; none at all is given up again.
    acme.environment(SECTION.replace("logging: full", "logging: verbose"))
    assert acme.plan().plan.empty
    acme.environment(SECTION.replace("logging: full", ""))
    [change] = acme.plan().plan.changes
    assert change.address == "Assistant/a"
    acme.apply()
    assert acme.plan().plan.empty

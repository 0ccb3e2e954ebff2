"""What callers leave behind (calls, chats, sessions, campaigns, logs) is asked for by no verb."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.error import HTTPError

import pytest

import callsheet.providers.vapi as adapter
from callsheet.providers.vapi.routes import ROUTES
from support.world import World
from unit.cli.test_state import call

END_USER = re.compile(
    r"(calls?|chats?|sessions?|campaigns?|analytics|memor(y|ies)|logs?|recordings?|transcripts?|messages?)"
)
SECTION = """
state: {backend: file}
exports: {keep: 1, days: 0}
"""

LEAVES = {"preventDestroy": False}


def end_user(paths: list[str]) -> list[str]:
    """The paths of which a segment names what belongs to callers."""
    return [path for path in paths if any(END_USER.fullmatch(part.lower()) for part in path.split("/"))]


def test_no_verb_asks_for_what_belongs_to_callers(world: World, tmp_path: Path) -> None:
    world.environment(SECTION)
    world.document("Tool", "t", {"type": "function", "native": {"function": {"name": "t"}}})
    world.file("knowledge/faq.md", "Questions.")
    world.document("KnowledgeBase", "faq", {"documents": ["knowledge/faq.md"]}, lifecycle=LEAVES)
    world.assistant("a", tools=[{"ref": "t"}], knowledge=[{"ref": "faq"}])
    plan = str(tmp_path / "dev.plan")
    kept = str(tmp_path / "kept")
    ran: list[str] = []

    def verb(*arguments: str, codes: tuple[int, ...] = (0,)) -> str:
        code, out, err = call(world, *arguments)
        assert code in codes, (arguments, code, out, err)
        ran.append(arguments[0])
        return out

    verb("validate")
    verb("plan", "--out", plan)
    verb("apply", plan)
    world.assistant("a", firstMessage="Hello", tools=[{"ref": "t"}])
    verb("apply", "--yes")
    world.edit("/assistant", "a", {"firstMessage": "Moved"})
    verb("drift", "--fail-on", "any", codes=(2,))
    verb("export", "--out", kept)
    verb("export", "list")
    verb("export", "verify", "--all")
    verb("doctor", codes=(0, 1))
    verb("secrets", "check")
    verb("resolve")
    run = re.findall(r"\d{8}T\d{6}Z-[0-9a-f]{8}", verb("runs", "list"))
    verb("rollback", "--env", "dev", "--to", run[0], "--yes", "--on-conflict", "overwrite")
    verb("runs", "verify")
    verb("state", "list")
    verb("destroy", "--env", "dev", "--confirm", "dev")
    asked = world.app.requests.counts
    assert {"plan", "apply", "drift", "export", "rollback", "destroy", "doctor"} <= set(ran)
    assert {route.partition(" ")[0] for route in asked} >= {"GET", "POST", "PATCH", "DELETE"}
    assert end_user([route.partition(" ")[2] for route in asked]) == []


def test_the_server_would_have_noticed(world: World) -> None:
    for path in ("/call", "/chat", "/session/1", "/campaign", "/analytics", "/logs"):
        with pytest.raises(HTTPError):
            world.api("GET", path)
    assert len(end_user([route.partition(" ")[2] for route in world.app.requests.counts])) == 6


def test_the_adapter_knows_no_way_there() -> None:
    assert end_user([route.path for route in ROUTES.values()]) == []
    text = "\n".join(each.read_text() for each in sorted(Path(adapter.__path__[0]).rglob("*.py")))
    paths = re.findall(r"""["'](/[A-Za-z0-9{}_./-]*)["'{?]""", text)
    assert {"/assistant", "/file", "/v2/knowledge-base/"} <= set(paths)
    assert end_user(paths) == []
    assert end_user(["/assistant", "/call/{id}", "/v2/campaign", "/provider/x/logs"]) == [
        "/call/{id}",
        "/v2/campaign",
        "/provider/x/logs",
    ]

"""`graph` over files and plan files; `-o html` of plan, show and status."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.command import Called, call
from support.chain import Chain
from support.world import World

PROJECT = Path(__file__).parents[2] / "specs"


@pytest.fixture
def small(world: World) -> World:
    world.document("Tool", "lookup", {"native": {"type": "endCall"}})
    world.assistant("front", tools=[{"ref": "lookup"}])
    world.assistant("alone")
    world.document("Squad", "line", {"members": [{"assistant": {"ref": "front"}}]})
    return world


def graph(world: World, *more: str) -> Called:
    return call("graph", "-C", str(world.root), *more, variables=world.variables)


def test_the_estate_is_drawn_without_asking_anybody(small: World) -> None:
    small.server.close()
    done = graph(small)
    assert done.code == 0, done.err
    assert done.out == (
        "flowchart LR\n"
        '  n0["Assistant/alone"]\n'
        '  n1["Assistant/front"]\n'
        '  n2["Squad/line"]\n'
        '  n3["Tool/lookup"]\n'
        "  n1 --> n3\n"
        "  n2 --> n1\n"
    )
    assert graph(small, "-o", "dot").out.startswith("digraph callsheet {\n")


def test_the_surroundings_of_one_resource(small: World) -> None:
    near = graph(small, "--around", "Tool/lookup").out
    assert "Assistant/front" in near
    assert "Squad/line" not in near
    assert "alone" not in near
    assert "Squad/line" in graph(small, "--around", "Tool/lookup", "--depth", "2").out


def test_the_surroundings_of_a_tool_with_several_operations() -> None:
    done = call("graph", "-C", str(PROJECT), "--around", "Tool/orders-api", variables={})
    assert done.code == 0, done.err
    assert done.out.count('"Tool/orders-api[') > 1
    assert "Assistant/" in done.out
    assert call("graph", "-C", str(PROJECT), "--around", "Tool/orders-ap", variables={}).code == 1


def test_what_is_not_there_is_told(small: World) -> None:
    done = graph(small, "--around", "Assistant/frunt")
    assert done.code == 1
    assert done.out == ""
    assert "there is no Assistant/frunt in this graph" in done.err
    assert "Did you mean Assistant/front?" in done.err
    assert graph(small, "--env", "nowhere").code == 1


def test_a_plan_is_drawn_with_what_happens(small: World, tmp_path: Path) -> None:
    file = str(tmp_path / "a.plan")
    small.apply()
    small.assistant("front", prompt="Be kinder.", tools=[{"ref": "lookup"}])
    small.remove("assistants/alone.yaml")
    at = ("-C", str(small.root))
    assert call("plan", *at, "--out", file, variables=small.variables).code == 0
    done = graph(small, "--plan", file)
    assert done.code == 0, done.err
    assert done.out.splitlines()[1:7] == [
        '  n0["Assistant/alone (delete)"]',
        '  n1["Assistant/front (update)"]',
        '  n2["Squad/line"]',
        '  n3["Tool/lookup"]',
        "  n1 --> n3",
        "  n2 --> n1",
    ]
    page = call("show", file, "-o", "html").out
    assert 'aria-label="Assistant/front, update"' in page
    assert "<title>Squad/line, does not change</title>" in page
    assert "reaches <code>Squad/line</code>" in page
    refused = graph(small, "--plan", file, "--env", "dev")
    assert refused.code == 1
    assert "give it without --env" in refused.err


def test_what_it_does_not_own_is_dashed_and_says_so(small: World) -> None:
    small.assistant("caller", native={"credentialIds": [{"external": "Credential/twilio"}]})
    done = graph(small)
    assert done.code == 0, done.err
    assert '  n3["Credential/twilio (external)"]\n' in done.out
    assert "  n1 --> n3\n" in done.out
    assert done.out.endswith("stroke-dasharray:4\n  class n3 external\n")
    assert 'style="filled,dashed"' in graph(small, "-o", "dot").out


def test_the_acme_estate_is_drawn_without_a_key() -> None:
    done = call("graph", "-C", str(PROJECT), variables={})
    assert done.code == 0, done.err
    assert done.out.count("-->") > 20


def test_a_pinned_environment_is_drawn_as_its_release_and_not_as_the_tree(tmp_path: Path) -> None:
    shutil.copytree(PROJECT, tmp_path / "specs", ignore=shutil.ignore_patterns(".callsheet"))
    done = call("graph", "-C", str(tmp_path / "specs"), "--env", "uat", variables={})
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("error: uat runs no release yet")


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    made = Chain(tmp_path)
    yield made
    made.close()


def test_the_release_of_a_pinned_environment_is_drawn(chain: Chain) -> None:
    """As it was promoted: without what the tree has come to hold, and with what it holds no more."""
    chain.file("tools/bye.yaml", "{kind: Tool, metadata: {name: bye}, spec: {native: {type: endCall}}}")
    chain.assistant("desk", "Be kind.", tools=[{"ref": "bye"}])
    chain.commit()
    assert chain.apply("dev").exit_code == 0
    assert chain.promote("dev", "uat").exit_code == 0
    (chain.root / "tools/bye.yaml").unlink()
    chain.assistant("desk", "Be kind.")
    chain.assistant("newcomer", "Be brief.")
    for server in chain.servers.values():
        server.close()

    def drawn(*more: str) -> str:
        done = call("graph", "-C", str(chain.root), *more, variables=chain.variables)
        assert done.code == 0, done.err
        return done.out

    assert drawn("--env", "uat") == ('flowchart LR\n  n0["Assistant/desk"]\n  n1["Tool/bye"]\n  n0 --> n1\n')
    assert drawn("--env", "dev") == 'flowchart LR\n  n0["Assistant/desk"]\n  n1["Assistant/newcomer"]\n'
    assert "newcomer" not in drawn("--env", "uat", "--around", "Tool/bye")
    gone = call("graph", "-C", str(chain.root), "--env", "prod", variables=chain.variables)
    assert gone.code == 1
    assert "prod runs no release yet" in gone.err


def test_plan_show_and_status_are_pages(small: World, tmp_path: Path) -> None:
    at = ("-C", str(small.root))
    file = str(tmp_path / "a.plan")
    planned = call("plan", *at, "-o", "html", "--out", file, variables=small.variables)
    assert planned.code == 0, planned.err
    assert planned.out.startswith("<!doctype html>\n<html")
    assert planned.out.endswith("</html>\n")
    assert call("show", file, "-o", "html").out == planned.out
    status = call("status", *at, "-o", "html", variables=small.variables)
    assert status.code == 0, status.err
    assert "<h1>Status</h1>" in status.out


def test_an_error_is_no_page(tmp_path: Path) -> None:
    done = call("plan", "-C", str(tmp_path), "-o", "html")
    assert done.code == 1
    assert done.out == ""
    assert done.err.startswith("error: ")


@pytest.mark.parametrize("verb", ["apply", "drift", "validate"])
def test_verbs_without_a_page_say_so(verb: str) -> None:
    done = call(verb, "-o", "html")
    assert done.code == 1
    assert "'html' is not one of" in done.err

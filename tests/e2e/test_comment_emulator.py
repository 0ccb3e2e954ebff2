"""`callsheet comment` against a GitHub that others wrote. What it lacks is in tests/support/github.py."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from callsheet.ci.base import Deed
from callsheet.ci.marks import marked
from callsheet.ci.publishers import publisher
from callsheet.ci.surroundings import job_of
from e2e.command import Called, call
from support.clock import FakeClock
from support.emulator import OTHER, TOKEN, emulator
from support.world import World

AT = "/repos/acme-bot/voice"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with emulator(tmp_path_factory.mktemp("emulate")) as found:
        yield found


@pytest.fixture
def number(url: str) -> int:
    """A new thread; to comments an issue and a pull request are the same."""
    return int(api(url, "POST", f"{AT}/issues", {"title": "a change"})["number"])


def api(url: str, method: str, path: str, body: Any = None, token: str = TOKEN) -> Any:
    """Another client."""
    request = urllib.request.Request(
        url + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())


def comments(url: str, number: int) -> list[Any]:
    found: list[Any] = api(url, "GET", f"{AT}/issues/{number}/comments?per_page=100")
    return found


def variables(url: str, number: int) -> dict[str, str]:
    return {
        "GITHUB_REPOSITORY": "acme-bot/voice",
        "GITHUB_API_URL": url,
        "GITHUB_TOKEN": TOKEN,
        "GITHUB_REF": f"refs/pull/{number}/merge",
    }


def test_a_life(url: str, number: int, world: World, tmp_path: Path) -> None:
    def posted() -> Called:
        file = tmp_path / "dev.plan"
        planned = call("plan", "--out", str(file), "-C", str(world.root), variables=world.variables)
        assert planned.code == 0, planned.err
        done = call("comment", str(file), variables=variables(url, number))
        assert done.code == 0, done.err
        return done

    theirs = marked("dev", "nothing to see here")
    api(url, "POST", f"{AT}/issues/{number}/comments", {"body": theirs}, token=OTHER)
    world.assistant("a", "Be kind.")
    assert posted().last.startswith("Comment dev created")
    assert posted().last.startswith("Comment dev unchanged")
    world.assistant("b", "Be brief.")
    assert posted().last.startswith("Comment dev updated")
    foreign, ours = comments(url, number)
    assert foreign["body"] == theirs
    assert "2 to create" in ours["body"]


def test_a_mark_is_found_behind_many_pages(url: str, number: int) -> None:
    host = publisher(job_of(variables(url, number)), FakeClock())
    for each in range(120):
        api(url, "POST", f"{AT}/issues/{number}/comments", {"body": f"comment {each}"}, token=OTHER)
    assert host.comment("prod", "one").deed is Deed.CREATED
    assert host.comment("prod", "two").deed is Deed.UPDATED
    last = api(url, "GET", f"{AT}/issues/{number}/comments?per_page=100&page=2")[-1]
    assert last["body"] == marked("prod", "two")
    host.close()


def test_duplicates_are_folded(url: str, number: int) -> None:
    host = publisher(job_of(variables(url, number)), FakeClock())
    for text in ("a", "b"):
        api(url, "POST", f"{AT}/issues/{number}/comments", {"body": marked("prod", text)})
    assert host.comment("prod", "plan").folded == 1
    kept, folded = comments(url, number)
    assert kept["body"] == marked("prod", "plan")
    assert folded["body"].startswith("<details><summary>Superseded (prod)")
    host.close()


def test_issues(url: str) -> None:
    host = publisher(job_of(variables(url, 1)), FakeClock())
    said = [host.issue("drift/prod", "Drift", body).deed for body in ("a", "a", "b", None, None)]
    assert said == [Deed.CREATED, Deed.UNCHANGED, Deed.UPDATED, Deed.CLOSED, Deed.NONE]
    host.close()

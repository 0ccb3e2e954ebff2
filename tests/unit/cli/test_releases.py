"""`promote`, `releases`, `status` and `clone` as they are typed and read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.command import Called, Typed
from e2e.command import call as called
from support.chain import Chain


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    made = Chain(tmp_path)
    yield made
    made.close()


def call(chain: Chain, *arguments: str, typed: str | None = None) -> Called:
    stdin = None if typed is None else Typed(typed)
    return called(*arguments, "-C", str(chain.root), variables=chain.variables, stdin=stdin)


def promoted(chain: Chain) -> None:
    for start, target in (("dev", "uat"), ("uat", "prod")):
        assert call(chain, "promote", "--from", start, "--to", target, "--yes").code == 0


def test_a_promotion_is_shown_and_asked_about(chain: Chain) -> None:
    done = call(chain, "promote", "--from", "dev", "--to", "uat", typed="no\n")
    assert done.code == 1
    assert "Promote dev to uat like this?" in done.err
    assert "uat@1 from dev at" in done.out
    assert "[x] backup" in done.out
    assert chain.writes("uat") == 0
    assert call(chain, "promote", "--from", "dev", "--to", "uat", typed="yes\n").code == 0
    assert chain.prompt("uat") == "Be kind."


def test_a_plan_of_a_promotion_is_reviewed_and_applied_later(chain: Chain, tmp_path: Path) -> None:
    file = tmp_path / "uat.plan"
    assert call(chain, "promote", "--from", "dev", "--to", "uat", "--out", str(file)).code == 0
    assert chain.writes("uat") == 0
    chain.assistant("desk", "Something else meanwhile.")
    assert "uat@1 from dev" in called("show", str(file)).out
    assert call(chain, "apply", str(file)).code == 0
    assert chain.prompt("uat") == "Be kind."


def test_events_tell_the_checklist(chain: Chain) -> None:
    done = call(chain, "promote", "--from", "dev", "--to", "uat", "--yes", "-o", "json")
    events = {event["event"]: event for event in map(json.loads, done.out.splitlines())}
    assert [item["name"] for item in events["checklist"]["items"]] == [
        "config", "secrets", "changes", "tests", "sign-offs", "backup", "monitoring",
    ]  # fmt: skip
    assert events["plan"]["plan"]["source"]["release"]["new"] is True
    assert events["summary"]["exitCode"] == 0


def test_nothing_is_promoted_where_nobody_can_be_asked(chain: Chain) -> None:
    done = call(chain, "promote", "--from", "dev", "--to", "uat")
    assert done.code == 1
    assert "--yes" in done.err


def test_write_takes_no_other_option(chain: Chain) -> None:
    done = call(chain, "promote", "--from", "dev", "--to", "uat", "--write", "--yes")
    assert done.code == 1
    assert chain.pins("uat") == ()


def test_the_line_is_written_and_told(chain: Chain) -> None:
    done = call(chain, "promote", "--from", "dev", "--to", "uat", "--write")
    assert done.code == 0
    assert "release of uat is dev@sha256:" in done.err
    assert "\n    release: dev@sha256:" in (chain.root / "environments.yaml").read_text()


def test_releases_are_listed_shown_and_compared(chain: Chain) -> None:
    promoted(chain)
    chain.assistant("desk", "Be short.")
    chain.commit()
    promoted(chain)
    bare, listed = call(chain, "releases", "--env", "prod"), call(chain, "releases", "list", "--env", "prod")
    assert bare.out == listed.out
    assert [line.split()[:3] for line in bare.out.splitlines()[:2]] == [
        ["v2", "from", "uat@2"],
        ["v1", "from", "uat@1"],
    ]
    told = json.loads(call(chain, "releases", "--env", "prod", "-o", "json").out)
    assert (told["format"], told["current"]) == ("callsheet.releases/1", 2)
    shown = json.loads(call(chain, "releases", "show", "v1", "--env", "prod", "-o", "json").out)
    assert [each["path"] for each in shown["files"]] == ["assistants/desk.yaml"]
    assert "assistants/desk.yaml" in call(chain, "releases", "show", "--env", "prod").out
    diff = call(chain, "releases", "diff", "v1", "v2", "--env", "prod")
    assert "~ assistants/desk.yaml" in diff.out
    assert "Be short." in diff.out
    same = json.loads(call(chain, "releases", "diff", "uat", "prod", "-o", "json").out)
    assert same["equal"] is True
    assert "1 file differs" in call(chain, "releases", "diff", "uat@1", "dev").out


@pytest.mark.parametrize("words", [("v7", "v1"), ("nobody", "uat"), ("", "uat"), ("uat@x", "uat")])
def test_what_is_no_release(chain: Chain, words: tuple[str, str]) -> None:
    promoted(chain)
    done = call(chain, "releases", "diff", *words, "--env", "uat")
    assert done.code == 1
    assert "error:" in done.err


def test_status_shows_all_side_by_side(chain: Chain) -> None:
    promoted(chain)
    chain.assistant("desk", "Be short.")
    chain.commit()
    [desk] = chain.live("prod")
    chain.call("prod", "PATCH", f"/assistant/{desk['id']}", {"firstMessage": "Yeah?"})
    told = json.loads(call(chain, "status", "-o", "json").out)
    found = {each["name"]: each for each in told["environments"]}
    assert [found[name]["version"] for name in ("dev", "uat", "prod")] == [None, 1, 1]
    assert found["uat"]["behind"] == {"of": "dev", "files": 1, "versions": None}
    assert found["prod"]["behind"] == {"of": "uat", "files": 0, "versions": 0}
    assert found["prod"]["drift"]["managed"] == 1
    assert found["uat"]["drift"]["managed"] == 0
    shown = call(chain, "status")
    assert shown.code == 0
    assert "1 file behind dev" in shown.out
    assert "1 drifted" in shown.out


def test_what_cannot_be_read_of_one_environment_hides_no_other(chain: Chain) -> None:
    promoted(chain)
    for path in (chain.root / ".callsheet/state").rglob("snapshot*"):
        if "prod" in str(path):
            path.write_bytes(b"nonsense")
    done = call(chain, "status", "--no-drift", "-o", "json")
    told = {each["name"]: each for each in json.loads(done.out)["environments"]}
    assert done.code == 1
    assert told["uat"]["version"] == 1
    assert told["prod"]["problems"][0]["code"] == "state.damaged"


def test_a_clone_is_shown_and_asked_about(chain: Chain) -> None:
    promoted(chain)
    chain.assistant("late", "You are late.")
    chain.commit()
    done = call(chain, "clone", "Assistant/late", "--from", "dev", "--to", "uat", typed="yes\n")
    assert done.code == 0
    assert "with Assistant/late" in done.out
    assert chain.prompt("uat", "late") == "You are late."
    assert chain.prompt("uat") == "Be kind."


def test_secrets_are_checked_of_what_would_be_promoted(chain: Chain) -> None:
    server = {"url": "https://acme.example", "headers": {"a": "${secrets://env/NEW_TOKEN}"}}
    chain.assistant("desk", "Be kind.", native={"server": server})
    assert call(chain, "secrets", "check", "--env", "uat").code == 1
    done = call(chain, "secrets", "check", "--env", "uat", "--from", "dev")
    assert done.code == 1
    assert "secrets://env/NEW_TOKEN" in done.out
    chain.variables["NEW_TOKEN"] = "canary"
    done = call(chain, "secrets", "check", "--env", "uat", "--from", "dev")
    assert done.code == 0
    assert "canary" not in done.out + done.err


def test_the_doctor_says_where_there_is_no_release_yet(chain: Chain) -> None:
    done = call(chain, "doctor", "--env", "uat", "-o", "json")
    checks = {each["name"]: each for each in json.loads(done.out)["checks"]}
    assert checks["files"]["status"] == "warn"
    assert "promote --from dev --to uat" in checks["files"]["todo"]

"""Drift that is told: who hears of it, when, and what they never hear."""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from callsheet.ci.marks import marked
from canaries.canary import secret
from e2e.command import Called, call, hurry
from support.github import GitHubDouble
from support.gitlab import GitLabDouble
from support.hooks import Hook, hook
from support.hosts import TOKEN, served
from support.published import findings
from support.world import World
from unit.reports.judges import acts

HOOKED = ("--notify", "webhook=HOOK", "--notify-key", "HOOK_KEY")


@pytest.fixture
def received() -> Iterator[Hook]:
    with hook() as made:
        yield made


@pytest.fixture
def project(world: World, received: Hook) -> World:
    """Two assistants, applied."""
    for name in ("a", "b"):
        world.assistant(name, "Be kind.", firstMessage="Hello?")
    world.variables |= {"HOOK": received.url, "SLACK": received.url, "HOOK_KEY": "canary-signing"}
    assert run(world, "apply", "--yes").code == 0
    return world


def run(world: World, *arguments: str, **variables: str) -> Called:
    done = call(*arguments, "-C", str(world.root), variables={**world.variables, **variables})
    for value in (Hook.secret, "canary-signing", TOKEN):
        assert value not in done.out + done.err
    return done


def drift(world: World, *more: str) -> Called:
    return run(world, "drift", *(more or HOOKED))


def meddle(world: World, name: str = "a", text: str = "Yeah?") -> None:
    world.edit("/assistant", name, {"firstMessage": text})


def events(received: Hook) -> list[str]:
    return [each["event"] for each in received.bodies]


# when


def test_only_what_is_news_is_told(project: World, received: Hook) -> None:
    assert drift(project).code == 0
    meddle(project)
    first = drift(project)
    assert first.code == 2
    assert "Told secrets://env/HOOK that drift of dev was found." in first.err
    assert drift(project).code == 2
    meddle(project, text="Yo?")
    drift(project)
    drift(project)
    meddle(project, "b")
    drift(project)
    for name in ("a", "b"):
        meddle(project, name, "Hello?")
    assert drift(project).code == 0
    assert drift(project).code == 0
    assert events(received) == ["found", "changed", "changed", "cleared"]
    for body in received.bodies:
        assert findings("notice", body) == []
        assert findings("notice", {**body, "event": "moved"})


def test_what_does_not_count_is_no_news(project: World, received: Hook) -> None:
    """Neither a field that nobody declared, on a resource that has drifted and on one that has not."""
    meddle(project)
    drift(project)
    for name in ("a", "b"):
        project.edit("/assistant", name, {"endCallMessage": "Bye"})
        assert drift(project).code == 2
    assert events(received) == ["found"]
    meddle(project, text="Yo?")
    drift(project)
    assert events(received) == ["found", "changed"]


def test_of_what_nobody_declared_the_managed_is_no_news(project: World, received: Hook) -> None:
    project.edit("/assistant", "a", {"endCallMessage": "Bye"})
    for text in ("Yeah?", "Yo?"):
        meddle(project, text=text)
        assert drift(project, *HOOKED, "--fail-on", "unmanaged").code == 2
    project.edit("/assistant", "a", {"endCallMessage": "See you"})
    drift(project, *HOOKED, "--fail-on", "unmanaged")
    assert events(received) == ["found", "changed"]
    drift(project, *HOOKED, "--fail-on", "any")
    meddle(project, text="Hello?")
    drift(project, *HOOKED, "--fail-on", "any")
    assert events(received) == ["found", "changed", "changed", "changed"]


def test_another_machine_knows_what_was_told(project: World, received: Hook, tmp_path: Path) -> None:
    """What was told is in the store, beside state, and not on the machine that told it."""
    meddle(project)
    drift(project)
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(project.root, elsewhere)
    done = call("drift", *HOOKED, "-C", str(elsewhere), variables=project.variables)
    assert done.code == 2
    assert events(received) == ["found"]


def test_what_was_told_goes_where_state_goes(project: World, received: Hook) -> None:
    meddle(project)
    drift(project)
    state = "{backend: file, path: elsewhere}"
    moved = run(project, "state", "migrate", "--env", "dev", "--to", state, "--yes")
    assert moved.code == 0, moved.err
    project.environment("state: {backend: file, path: elsewhere}")
    assert drift(project).code == 2
    assert events(received) == ["found"]


def test_what_was_not_taken_is_told_by_the_next_check(
    project: World, received: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    meddle(project)
    received.answers = [(404, {})]
    failed = drift(project)
    assert failed.code == 1
    assert "secrets://env/HOOK was not told: it answers 404" in failed.err
    assert "Drift: 1 of 2 resources drifted." in failed.out
    assert drift(project).code == 2
    assert events(received) == ["found", "found"]


def test_told_and_not_remembered_is_told_again(
    project: World, received: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check that dies between the two has told; the next one tells once more, rather than never."""
    from callsheet.operations import notices

    meddle(project)
    with monkeypatch.context() as patch:
        patch.setattr(notices._Last, "moved", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        assert drift(project).code == 1
    assert drift(project).code == 2
    assert events(received) == ["found", "found"]


def test_one_webhook_that_is_down_hides_no_other(project: World, received: Hook) -> None:
    project.variables["DOWN"] = f"{received.root}/down"
    meddle(project)
    received.answers = [(400, {})]
    done = drift(project, "--notify", "slack=DOWN", "--notify", "slack=SLACK")
    assert done.code == 1
    assert len(received.got) == 2
    done = drift(project, "--notify", "slack=DOWN", "--notify", "slack=SLACK")
    assert done.code == 2
    assert len(received.got) == 3


def test_two_checks_at_once_keep_what_both_told(
    project: World, received: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    from callsheet.operations import notices

    meddle(project)
    inner = notices.deliver

    def meanwhile(*given: object) -> None:
        monkeypatch.setattr(notices, "deliver", inner)
        drift(project, "--notify", "slack=SLACK")
        inner(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(notices, "deliver", meanwhile)
    assert drift(project).code == 2
    assert len(received.got) == 2
    assert drift(project, *HOOKED, "--notify", "slack=SLACK").code == 2
    assert len(received.got) == 2


def test_a_damaged_memory_is_an_error_and_no_silence(project: World, received: Hook) -> None:
    meddle(project)
    drift(project)
    [kept] = [each for each in (project.root / ".callsheet").rglob("*notices*/*") if each.is_file()]
    kept.write_bytes(b"{")
    done = drift(project)
    assert done.code == 1
    assert "is not what a drift check wrote" in done.err
    assert len(received.got) == 1


# what


def test_the_signature_fits(project: World, received: Hook) -> None:
    meddle(project)
    drift(project)
    [(headers, content)] = received.got
    time, made = (each.partition("=")[2] for each in headers["Callsheet-Signature"].split(","))
    wanted = hmac.new(b"canary-signing", f"{time}.".encode() + content, hashlib.sha256).hexdigest()
    assert made == wanted
    body = json.loads(content)
    assert body["format"] == "callsheet.notice/1"
    assert (body["app"], body["environment"], body["event"]) == ("acme", "dev", "found")
    assert body["resources"] == [{"address": "Assistant/a", "class": "drifted", "paths": ["firstMessage"]}]


def test_slack_is_told_in_words(project: World, received: Hook) -> None:
    meddle(project)
    project.api("DELETE", f"/assistant/{project.live('/assistant', 'b')['id']}")
    drift(project, "--notify", "slack=SLACK")
    [body] = received.bodies
    assert body["text"] == "Drift found in acme dev"
    words = body["blocks"][1]["text"]["text"]
    assert words == "≠ Assistant/a: firstMessage\n≠ Assistant/b: is gone"


def test_what_nobody_declared_is_told(project: World, received: Hook) -> None:
    project.api("DELETE", f"/assistant/{project.live('/assistant', 'b')['id']}")
    project.api("POST", "/assistant", {"name": "by hand"})
    drift(project, *HOOKED, "--fail-on", "any")
    [body] = received.bodies
    assert findings("notice", body) == []
    assert [each["name"] for each in body["unmanaged"]] == ["by hand"]
    assert body["resources"] == [{"address": "Assistant/b", "class": "missing", "paths": []}]


def test_no_secret_is_told(world: World, received: Hook) -> None:
    """Neither one that somebody pasted into a value, nor into a name, nor one that is the key of a path."""
    planted = secret("secret of a server")
    world.variables |= {"HOOK": received.url, "HOOK_KEY": "canary-signing", "SRV": planted}
    server = {"url": "https://x.example", "headers": {"X": "secrets://env/SRV"}}
    world.assistant("a", "Be kind.", native={"server": server, "metadata": {"team": "orders"}})
    assert run(world, "apply", "--yes").code == 0
    live = world.live("/assistant", "a")
    world.edit(
        "/assistant",
        "a",
        {"firstMessage": f"It is {planted}", "metadata": {"team": "orders", planted: planted}},
    )
    world.api("POST", "/assistant", {"name": f"x {planted}"[:40], "model": live["model"]})
    double = GitHubDouble()
    with served(double, ""):
        world.variables |= double.variables
        done = run(world, "drift", "--fail-on", "any", *HOOKED, "--notify", "slack=HOOK", "--issue")
    assert done.code == 2
    assert "(hidden: it holds a secret)" in double.issues[0]["body"]
    assert planted[:14] not in double.issues[0]["body"]
    assert len(received.got) == 2
    for _, content in received.got:
        assert planted[:14].encode() not in content
        assert b"firstMessage" in content
    assert planted[:14].encode() not in world.state_files()


def test_no_secret_is_told_that_is_the_key_of_a_value(world: World, tmp_path: Path) -> None:
    """Neither by the check nor by a plan, in whatever format; a plan's file holds none either."""
    planted = secret("secret of a server")
    world.variables |= {"SRV": planted}
    server = {"url": "https://x.example", "headers": {"X": "secrets://env/SRV"}}
    world.assistant("a", "Be kind.", native={"server": server, "metadata": {"team": "orders"}})
    assert run(world, "apply", "--yes").code == 0
    deep = {planted: {f"{planted}-2": 1, f"{planted}-3": 2}}
    world.edit("/assistant", "a", {"metadata": {"team": "x", planted: "v", "deep": deep}})
    file = str(tmp_path / "a.plan")
    for arguments in (
        *(("drift", "--fail-on", "any", *more) for more in ((), ("-v",), ("-o", "json"), ("-o", "markdown"))),
        *(("plan", *more) for more in (("-v",), ("-o", "json"), ("-o", "markdown"), ("-o", "html"))),
        ("plan", "--out", file),
    ):
        done = run(world, *arguments)
        assert done.code == (2 if arguments[0] == "drift" else 0), done.err
        assert planted[:14] not in done.out + done.err
        assert "team" in done.out
    with zipfile.ZipFile(file) as plan:
        assert planted[:14].encode() not in plan.read("plan.json")
    told = json.loads(run(world, "drift", "-o", "json").out)
    assert findings("drift", told) == []
    by_path = {tuple(each["path"]): each for each in told["drift"][0]["attributes"]}
    assert by_path["metadata", "(hidden: it holds a secret)"]["live"] == "v"
    assert by_path["metadata", "deep"]["live"] == {
        "(hidden: it holds a secret)": {
            "(hidden: it holds a secret)": 1,
            "(hidden: it holds a secret) 2": 2,
        }
    }


@pytest.mark.parametrize(
    "given",
    [
        ("--notify", "https://hooks.example/canary"),
        ("--notify", "slack=https://hooks.example/canary"),
        ("--notify", "teams=canary"),
        ("--notify", "webhook=HOOK", "--notify-key", "canary-key-itself"),
    ],
)
def test_a_value_on_the_command_line_is_refused_and_not_shown(
    given: tuple[str, ...], project: World, received: Hook
) -> None:
    done = drift(project, *given)
    assert done.code == 1
    assert "reference" in done.err
    assert "canary" not in done.out + done.err
    assert received.got == []


def test_a_webhook_without_a_key_is_not_told(project: World, received: Hook) -> None:
    meddle(project)
    done = drift(project, "--notify", "webhook=HOOK")
    assert done.code == 1
    assert "--notify-key" in done.err
    assert received.got == []


def test_a_variable_that_is_not_set_is_told(project: World) -> None:
    meddle(project)
    done = drift(project, "--notify", "slack=NOT_THERE")
    assert done.code == 1
    assert "NOT_THERE is not set" in done.err


# every environment


@pytest.fixture
def estate(project: World) -> World:
    """A second environment, whose key is the first one's, and a third whose key is not there."""
    text = (project.root / "environments.yaml").read_text(encoding="utf-8")
    section = text[text.index("  dev:") :]
    uat = section.replace("  dev:", "  uat:").replace("default: true", "pinned: false")
    broken = uat.replace("  uat:", "  broken:").replace("VAPI_KEY", "NO_KEY")
    project.file("environments.yaml", text + uat + broken)
    return project


def test_all_environments(estate: World) -> None:
    done = run(estate, "drift", "--all")
    assert done.code == 0, done.err
    told = json.loads(run(estate, "drift", "--all", "-o", "json").out)
    assert findings("drifts", told) == []
    assert [each["applied"] for each in told["environments"]] == [True, False, False]
    assert "Drift: none in 2 resources." in done.out
    assert "Drift of uat: nothing was ever applied here." in done.out
    meddle(estate)
    assert run(estate, "drift", "--all").code == 2


def test_the_worst_of_all_is_the_exit_code_and_hides_no_other(estate: World, received: Hook) -> None:
    meddle(estate)
    done = run(estate, "drift", "--all", "--fail-on", "any", *HOOKED, "-o", "json")
    assert done.code == 1
    found = json.loads(done.out)
    assert found["format"] == "callsheet.drifts/1"
    assert findings("drifts", found) == []
    assert findings("drifts", {**found, "exitCode": 6})
    assert found["exitCode"] == 1
    by_name = {each["environment"]: each for each in found["environments"]}
    assert [by_name[name]["exitCode"] for name in ("dev", "uat", "broken")] == [2, 3, 1]
    assert by_name["dev"]["report"]["format"] == "callsheet.drift/1"
    assert by_name["dev"]["told"] == [{"event": "found", "recipient": "secrets://env/HOOK"}]
    assert by_name["broken"]["report"] is None
    assert "NO_KEY" in by_name["broken"]["problems"][0]["summary"]
    assert "NO_KEY" in done.err
    assert {each["environment"] for each in received.bodies} == {"dev"}


@pytest.mark.parametrize(
    ("codes", "wanted"),
    [([], 0), ([0, 2], 2), ([2, 3], 3), ([3, 4, 2], 4), ([4, 5], 5), ([5, 1, 4], 1), ([0, 0], 0)],
)
def test_the_worst_of_several_codes(codes: list[int], wanted: int) -> None:
    from callsheet.operations.drifts import worst

    assert worst(codes) == wanted


def test_quiet_names_every_environment(estate: World) -> None:
    done = run(estate, "drift", "--all", "-q")
    assert done.out.splitlines()[0] == "dev: Drift: none in 2 resources."


def test_all_and_one_are_not_both(estate: World) -> None:
    assert run(estate, "drift", "--all", "--env", "dev").code == 1


ALL = ("drift", "--all", *HOOKED, "--issue")


def test_what_was_destroyed_is_cleared_once(estate: World, received: Hook) -> None:
    double = GitHubDouble()
    (estate.root / "environments.yaml").write_text(
        (estate.root / "environments.yaml").read_text(encoding="utf-8").partition("  broken:")[0]
    )
    with served(double, ""):
        estate.variables |= double.variables
        meddle(estate)
        assert run(estate, *ALL).code == 2
        assert run(estate, "destroy", "--env", "dev", "--confirm", "dev").code == 0
        for _ in range(2):
            done = run(estate, *ALL)
            assert done.code == 0, done.err
            assert "Drift of dev: nothing is applied here any more." in done.out
            assert "Drift of uat: nothing was ever applied here." in done.out
    assert events(received) == ["found", "cleared"]
    assert [each["state"] for each in double.issues] == ["closed"]


def test_of_a_state_that_is_not_there_nothing_is_taken_back(estate: World, received: Hook) -> None:
    """The store may be another one than it should be."""
    double = GitHubDouble()
    file = estate.root / "environments.yaml"
    with served(double, ""):
        estate.variables |= double.variables
        meddle(estate)
        run(estate, *ALL)
        [notices] = (estate.root / ".callsheet").rglob("documents/notices")
        shutil.copytree(notices, estate.root / "elsewhere/documents/notices")
        text = file.read_text(encoding="utf-8")
        elsewhere = "default: true\n    state: {backend: file, path: elsewhere}"
        file.write_text(text.replace("default: true", elsewhere))
        done = run(estate, *ALL)
    assert "Drift of dev: nothing was ever applied here." in done.out
    assert events(received) == ["found"]
    assert [each["state"] for each in double.issues] == ["open"]


def test_a_damaged_memory_of_one_is_no_error_of_another(estate: World) -> None:
    meddle(estate)
    run(estate, *ALL)
    [kept] = (estate.root / ".callsheet").rglob("documents/notices/dev*")
    kept.write_bytes(b"{")
    done = run(estate, "drift", "--all", *HOOKED, "-o", "json")
    codes = {each["environment"]: each["exitCode"] for each in json.loads(done.out)["environments"]}
    assert codes == {"dev": 1, "uat": 0, "broken": 0}


@pytest.mark.parametrize("kept", ["both", "notice", "issue"])
def test_what_the_file_no_longer_has_is_cleared_once(kept: str, estate: World, received: Hook) -> None:
    double = GitHubDouble()
    file = estate.root / "environments.yaml"
    told = {"both": ALL, "notice": ("drift", "--all", *HOOKED), "issue": ("drift", "--all", "--issue")}[kept]
    with served(double, ""):
        estate.variables |= double.variables
        meddle(estate)
        run(estate, *told)
        assert run(estate, "destroy", "--env", "dev", "--confirm", "dev").code == 0
        text = file.read_text(encoding="utf-8").partition("  broken:")[0]
        file.write_text(text.replace("  dev:", "  new:").replace("default: true", "default: false"))
        done = run(estate, *ALL, "-o", "json")
        assert done.code == 0, done.err
        found = {each["environment"]: each for each in json.loads(done.out)["environments"]}
        assert (found["dev"]["applied"], found["dev"]["report"]) == (False, None)
        assert len(found["dev"]["told"]) == (kept != "issue")
        assert "dev" not in run(estate, *ALL).out
    assert events(received) == ([] if kept == "issue" else ["found", "cleared"])
    assert [each["state"] for each in double.issues] == ([] if kept == "notice" else ["closed"])


def test_what_an_old_branch_lacks_is_no_all_clear(estate: World, received: Hook) -> None:
    double = GitHubDouble()
    file = estate.root / "environments.yaml"
    with served(double, ""):
        estate.variables |= double.variables
        meddle(estate)
        run(estate, *ALL)
        text = file.read_text(encoding="utf-8").partition("  broken:")[0]
        old = text.replace("  dev:", "  new:").replace("default: true", "default: false")
        file.write_text(old)
        done = run(estate, *ALL)
        assert done.code == 1
        assert "environments.yaml lacks 'dev', and its state has 2 resources" in done.err
        # Nor does a store that knows nothing of it know that it is gone.
        file.write_text(old.replace("app: acme", "app: acme\nstate: {backend: file, path: elsewhere}"))
        done = run(estate, "drift", "--all", "--issue")
        assert done.code == 0, done.err
        assert "Drift of dev: environments.yaml no longer has it, and its state is in no store" in done.out
    assert events(received) == ["found"]
    assert [each["state"] for each in double.issues] == ["open"]


def test_what_another_app_was_told_of_is_left_to_it(estate: World, received: Hook) -> None:
    """Two projects that share a store, and a repository."""
    double = GitHubDouble()
    file = estate.root / "environments.yaml"
    with served(double, ""):
        estate.variables |= double.variables
        meddle(estate)
        run(estate, *ALL)
        text = file.read_text(encoding="utf-8").partition("  broken:")[0].replace("app: acme", "app: other")
        file.write_text(text.replace("  dev:", "  new:").replace("default: true", "default: false"))
        assert "dev" not in run(estate, *ALL).out
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace("app: other", "app: acme").replace("  new:", "  dev:"))
        assert run(estate, "destroy", "--env", "dev", "--confirm", "dev").code == 0
        file.write_text(text)
        # The other had an environment of that name, too.
        ours = {**double.issues[0], "number": 7, "body": marked("drift/other/dev", "x")}
        double.issues.append(ours)
        assert "Drift of dev: environments.yaml no longer has it." in run(estate, *ALL).out
    assert events(received) == ["found"]
    assert [each["state"] for each in double.issues] == ["open", "closed"]


# issues


@pytest.mark.parametrize("sort", ["github", "gitlab"])
def test_two_projects_of_one_repository_have_an_issue_each(sort: str, project: World) -> None:
    double: GitHubDouble | GitLabDouble = GitHubDouble() if sort == "github" else GitLabDouble()
    file = project.root / "environments.yaml"
    acme = file.read_text(encoding="utf-8")
    with served(double, "" if sort == "github" else "/api/v4"):
        project.variables |= double.variables
        for app in ("acme", "other", "Voice & more", "x" * 63):
            file.write_text(acme.replace("app: acme", f"app: {app}"))
            drift(project, "--issue")
            assert double.issues == []
        for _ in range(2):
            for text, count in (("Yeah?", 2), ("Hello?", 0)):
                meddle(project, text=text)
                for app in ("acme", "Voice & more"):
                    file.write_text(acme.replace("app: acme", f"app: {app}"))
                    assert drift(project, "--issue").code == (2 if count else 0)
                opened = {each["title"] for each in double.issues if each["state"].startswith("open")}
                assert len(opened) == count
        assert len(double.issues) == 4


@pytest.mark.parametrize("sort", ["github", "gitlab"])
def test_an_issue_of_the_key_without_the_app_is_taken_over_if_it_is_ours(sort: str, project: World) -> None:
    double: GitHubDouble | GitLabDouble = GitHubDouble() if sort == "github" else GitLabDouble()
    text = "body" if sort == "github" else "description"
    with served(double, "" if sort == "github" else "/api/v4"):
        project.variables |= double.variables
        meddle(project)
        drift(project, "--issue")
        [theirs] = double.issues
        _, _, said = theirs[text].partition("\n")
        theirs[text] = marked("drift/dev", said)
        theirs["title"] = "Drift in other dev"
        drift(project, "--issue")
        assert "callsheet:drift/dev " in theirs[text]
        _, ours = double.issues
        ours[text] = marked("drift/dev", said)
        done = drift(project, "--issue")
        assert "Issue updated" in done.err
        assert "callsheet:drift/acme/dev " in ours[text]
        ours[text] = marked("drift/dev", said)
        meddle(project, text="Hello?")
        assert "Issue closed" in drift(project, "--issue").err
        assert [each["state"].startswith("open") for each in double.issues] == [True, False]


@pytest.mark.parametrize("sort", ["github", "gitlab"])
def test_one_issue_is_opened_updated_and_closed(sort: str, project: World) -> None:
    double: GitHubDouble | GitLabDouble = GitHubDouble() if sort == "github" else GitLabDouble()
    text = "body" if sort == "github" else "description"
    with served(double, "" if sort == "github" else "/api/v4"):
        project.variables |= double.variables
        assert drift(project, "--issue").code == 0
        assert double.issues == []
        meddle(project, text="```\n@everybody ````")
        first = drift(project, "--issue")
        assert first.code == 2
        assert "Issue created: https://" in first.err
        [issue] = double.issues
        assert issue["title"] == "Drift in acme dev"
        assert "Assistant/a" in issue[text]
        assert "## `dev` is not as it was left" in issue[text]
        assert acts(issue[text].partition("\n")[2]) == []
        project.time_passes(3600)
        writes = len(double.writes)
        drift(project, "--issue")
        assert [each for each in double.writes[writes:] if "graphql" not in each] == []
        meddle(project, text="Yo?")
        drift(project, "--issue")
        meddle(project, text="Hello?")
        assert "Issue closed" in drift(project, "--issue").err
        assert [each["state"] for each in double.issues] == ["closed"]


def test_an_issue_that_may_not_be_opened_is_a_notice(project: World) -> None:
    double = GitHubDouble()
    double.may_write = False
    with served(double, ""):
        project.variables |= double.variables
        meddle(project)
        done = drift(project, "--issue")
        assert done.code == 2
        assert "notice: GitHub does not let this job do it" in done.err

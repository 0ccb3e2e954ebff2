"""Which store a section means, and where a file store is refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from callsheet.model.diagnostics import Place
from callsheet.model.errors import Refused, StateError
from callsheet.model.value import Secret, Text
from callsheet.state.file import FileStore
from callsheet.state.store import Store
from callsheet.state.stores import check_ephemeral, open_store

RUNNER = {"CI": "true", "GITHUB_ACTIONS": "true"}


def place(setting: str) -> Place:
    return Place(f"environments.yaml#{setting}")


def never(_: object) -> str:
    raise AssertionError("no secret is needed to open a store")


def opened(settings: Mapping[str, Any], root: Path = Path("/nowhere")) -> Store:
    return open_store(settings, root=root, variables={}, secret=never, place=place)


def problems(settings: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    with pytest.raises(StateError) as caught:
        opened(settings)
    return [(each.summary, each.hint, str(each.place)) for each in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("settings", "described"),
    [
        ({}, "file store /nowhere/.callsheet/state"),
        ({"backend": "file", "path": "kept"}, "file store /nowhere/kept"),
        ({"backend": "file", "path": "/mnt/kept"}, "file store /mnt/kept"),
        ({"backend": "git"}, "git store: branch callsheet-state of the remote of this repository"),
        (
            {"backend": "git", "branch": "s", "remote": "up"},
            "git store: branch s of the remote up",
        ),
        ({"backend": "git", "remote": "none"}, "git store: branch callsheet-state of this repository alone"),
        ({"backend": "s3", "bucket": "b"}, "s3 store s3://b/"),
        ({"backend": "s3", "bucket": "b", "prefix": "/voice/"}, "s3 store s3://b/voice/"),
        (
            {"backend": "postgres", "dsn": Secret("secrets://env/URL")},
            "postgres store: schema callsheet of secrets://env/URL",
        ),
        (
            {"backend": "postgres", "dsn": "secrets://env/URL", "schema": "s"},
            "postgres store: schema s of secrets://env/URL",
        ),
        (
            {"backend": "postgres", "dsn": Text(("host=h password=", Secret("secrets://env/P")))},
            "postgres store: schema callsheet of the database of `dsn`",
        ),
    ],
)
def test_a_store_is_opened_by_its_settings_and_reaches_nothing(
    settings: Mapping[str, Any], described: str
) -> None:
    assert opened(settings).describe() == described


def test_an_unknown_backend_names_the_nearest_and_its_place() -> None:
    assert problems({"backend": "postgress"}) == [
        ("there is no state backend 'postgress'", "Did you mean postgres?", "environments.yaml#backend")
    ]
    assert problems({"backend": ["s3"]})[0][0] == "there is no state backend ['s3']"


def test_everything_that_is_wrong_is_said_at_once() -> None:
    found = problems({"backend": "s3", "bukket": "b", "prefix": 7, "region": ""})
    assert [summary for summary, _, _ in found] == [
        "the state backend 's3' has no setting 'bukket'",
        "`prefix` of the state backend 's3' is a text, not 7",
        "`region` of the state backend 's3' is a text, not ''",
        "the state backend 's3' needs `bucket`",
    ]
    assert found[0][1:] == ("Did you mean bucket?", "environments.yaml#bukket")


@pytest.mark.parametrize(
    "settings", [{"branch": "a..b"}, {"branch": "-x"}, {"branch": "a b"}, {"remote": "-x"}]
)
def test_names_that_git_would_misread_are_refused(settings: Mapping[str, str]) -> None:
    assert len(problems({"backend": "git", **settings})) == 1


def test_a_connection_string_in_the_file_is_refused_and_not_repeated() -> None:
    found = problems({"backend": "postgres", "dsn": "postgresql://u:canary@h/d"})
    assert found[0][0] == "`dsn` is a reference to a secret, not the connection string itself"
    assert "canary" not in str(found)
    assert "canary" not in str(problems({"backend": "postgres", "dsn": "x", "password": "canary"}))


def test_stores_that_are_not_used_cost_no_import() -> None:
    script = (
        "import sys, callsheet.operations.session\n"
        "assert not {'boto3', 'botocore', 'psycopg', 'callsheet.state.s3'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_a_file_store_takes_what_every_store_takes(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    length = store.append("l", [b"one\rand", b""], expected=0)
    assert store.read_log("l") == ([b"one\rand", b""], length)


@pytest.mark.parametrize(
    "base_url",
    ["sandbox:acme", "http://localhost:8080", "http://127.0.0.7", "http://[::1]:9", "https://x.localhost"],
)
@pytest.mark.parametrize("settings", [{}, {"backend": "file"}])
def test_a_runner_may_keep_what_is_not_real_in_files(base_url: str, settings: Mapping[str, str]) -> None:
    check_ephemeral(settings, base_url=base_url, variables=RUNNER)


@pytest.mark.parametrize(
    "base_url",
    [None, "", "https://api.vapi.ai", "http://127.0.0.1.evil.example", "http://[", "https://sandbox:x@h"],
)
@pytest.mark.parametrize("name", ["CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD"])
def test_a_runner_may_not_keep_real_state_in_files(base_url: str | None, name: str) -> None:
    for settings in ({}, {"backend": "file", "path": "/mnt/state"}):
        with pytest.raises(Refused) as caught:
            check_ephemeral(settings, base_url=base_url, variables={name: "true"}, place=place)
        told = caught.value.diagnostics[0]
        assert told.code == "state.ephemeral"
        assert name in told.summary
        assert "backend: git" in told.hint
        assert str(told.place) == "environments.yaml#backend"


@pytest.mark.parametrize("variables", [{}, {"CI": ""}, {"CI": "false"}, {"CI": "0"}])
def test_elsewhere_files_are_as_good_as_anything(variables: Mapping[str, str]) -> None:
    check_ephemeral({}, base_url=None, variables=variables)


@pytest.mark.parametrize("backend", ["git", "s3", "postgres"])
def test_stores_that_outlive_the_runner_are_welcome(backend: str) -> None:
    check_ephemeral({"backend": backend}, base_url=None, variables=RUNNER)


def test_the_folder_of_a_file_store_does_not_climb_out_of_the_project(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="climbs out of the project"):
        open_store({"backend": "file", "path": "../elsewhere"}, root=tmp_path, variables={}, secret=str)

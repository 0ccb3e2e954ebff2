"""What a job is called, and where its token is from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from callsheet.identity.principals import principal
from callsheet.identity.token import has_token, id_token
from callsheet.identity.trust import GITHUB, GITLAB
from callsheet.model.errors import IdentityError
from callsheet.model.principal import Principal
from support.issuer import GITHUB_CLAIMS, GITLAB_CLAIMS, Issuer

ODD = "https://ci.acme.example/oidc"


@pytest.mark.parametrize(
    ("issuer", "claims", "name"),
    [
        (GITHUB, GITHUB_CLAIMS, "github:acme/voice@main by anna"),
        (
            GITHUB,
            {**GITHUB_CLAIMS, "ref": "refs/pull/7/merge"},
            "github:acme/voice@refs/pull/7/merge by anna",
        ),
        (GITLAB, GITLAB_CLAIMS, "gitlab:acme/voice@main by ben"),
        (ODD, GITLAB_CLAIMS, "ci.acme.example/oidc:acme/voice@main by ben"),
        (ODD, {"sub": "job-7"}, "ci.acme.example/oidc:job-7"),
        (ODD, {"sub": "a\x1b\nb"}, "ci.acme.example/oidc:a??b"),
        (GITHUB, {**GITHUB_CLAIMS, "actor": 7}, "github:repo:acme/voice:environment:prod"),
    ],
)
def test_names(issuer: str, claims: dict[str, Any], name: str) -> None:
    found = principal({**claims, "iss": issuer})
    assert (found.name, found.how, found.issuer, found.verified) == (name, issuer, issuer, True)
    assert found.claims["sub"] == claims["sub"]
    assert "claims" not in found.to_json()


def test_a_long_branch_is_cut_short_and_the_person_is_not() -> None:
    long = principal({**GITHUB_CLAIMS, "iss": GITHUB, "ref": f"refs/heads/{'a' * 300}"})
    assert long.name.startswith("github:acme/voice@aaa")
    assert long.name.endswith("a… by anna")
    assert (len(long.name), long.person) == (200, "anna")
    nobody = principal({"iss": ODD, "sub": "s" * 300 + "1"})
    assert nobody.name.endswith("s1")
    assert nobody.person == "s" * 300 + "1"
    assert Principal.from_json(long.to_json()).person == "anna"


def test_a_token_from_a_variable_comes_before_a_file_and_before_github(ci: Issuer, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("of-the-file\n")
    variables = {**ci.github, "CALLSHEET_ID_TOKEN": " given ", "CALLSHEET_ID_TOKEN_FILE": str(file)}
    assert id_token(variables, "callsheet") == ("given", "CALLSHEET_ID_TOKEN")
    del variables["CALLSHEET_ID_TOKEN"]
    assert id_token(variables, "callsheet") == ("of-the-file", str(file))
    del variables["CALLSHEET_ID_TOKEN_FILE"]
    assert id_token(variables, "callsheet")[1] == "ACTIONS_ID_TOKEN_REQUEST_URL"
    assert ci.audiences == ["callsheet"]


def test_a_file_that_is_no_token(tmp_path: Path) -> None:
    for name, data, words in (
        ("no", None, "cannot be read"),
        ("empty", b" ", "is empty"),
        ("b", b"\xff", "text"),
    ):
        path = tmp_path / name
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(IdentityError, match=words):
            id_token({"CALLSHEET_ID_TOKEN_FILE": str(path)}, None)


def test_who_has_a_token(ci: Issuer) -> None:
    assert has_token(ci.github)
    assert not has_token({"USER": "anna", "CALLSHEET_ID_TOKEN": " "})
    # What GitHub gives to a job without the permission.
    assert not has_token({"GITHUB_ACTOR": "anna", "ACTIONS_ID_TOKEN_REQUEST_URL": ci.url})
    with pytest.raises(IdentityError, match="has no ID token"):
        id_token({"USER": "anna"}, "callsheet")

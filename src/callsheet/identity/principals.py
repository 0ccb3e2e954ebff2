"""From the claims of a verified token to a principal: what a job is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callsheet.identity.trust import GITHUB, GITLAB
from callsheet.model.principal import Principal

_LONGEST = 200  # characters
_SHORT = {GITHUB: "github", GITLAB: "gitlab"}


def principal(claims: Mapping[str, Any]) -> Principal:
    """`github:acme/voice@main by anna`; of an issuer that is no such forge, the token's subject.

    It begins with the issuer, so that a project of the same path at another one has another name.
    """
    issuer = str(claims["iss"])
    where = _SHORT.get(issuer) or issuer.partition("://")[2].rstrip("/")
    name = f"{where}:{_job(claims) or claims['sub']}"
    clean = "".join(character if character.isprintable() else "?" for character in name)
    return Principal(clean[:_LONGEST], issuer, True, issuer, dict(claims))


def _job(claims: Mapping[str, Any]) -> str | None:
    for project, person in (("repository", "actor"), ("project_path", "user_login")):
        names = [claims.get(name) for name in (project, person, "ref")]
        if all(isinstance(each, str) and each for each in names):
            path, who, ref = map(str, names)
            return f"{path}@{ref.removeprefix('refs/heads/')} by {who}"
    return None

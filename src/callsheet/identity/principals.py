"""From the claims of a verified token to a principal: what a job is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callsheet.identity.trust import GITHUB, GITLAB
from callsheet.model.principal import Principal

_LONGEST, _SHORTEST = 200, 20  # characters: of a name, and what is left of a branch in it at least
_SHORT = {GITHUB: "github", GITLAB: "gitlab"}


def principal(claims: Mapping[str, Any]) -> Principal:
    """`github:acme/voice@main by anna`; of an issuer that is no such forge, the token's subject.

    It begins with the issuer, so that a project of the same path at another one has another name. Where it
    is long, the branch is cut short, and never the person.
    """
    issuer = str(claims["iss"])
    where = _SHORT.get(issuer) or issuer.partition("://")[2].rstrip("/")
    path, ref, person = _job(claims) or ("", "", _clean(str(claims["sub"])))
    name = f"{where}:{person}"
    if path:
        start, end = f"{where}:{path}@", f" by {person}"
        left = max(_LONGEST - len(start) - len(end), _SHORTEST)
        name = start + (ref if len(ref) <= left else f"{ref[: left - 1]}…") + end
    return Principal(name, issuer, True, issuer, dict(claims), person)


def _job(claims: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """A job's project, its branch, and who started it."""
    for project, person in (("repository", "actor"), ("project_path", "user_login")):
        names = [claims.get(name) for name in (project, "ref", person)]
        if all(isinstance(each, str) and each for each in names):
            path, ref, who = (_clean(str(each)) for each in names)
            return path, ref.removeprefix("refs/heads/"), who
    return None


def _clean(text: str) -> str:
    return "".join(character if character.isprintable() else "?" for character in text)

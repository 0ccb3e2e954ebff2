"""The ID token of a CI job: GitHub's is asked for, others lie in a variable or in a file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from callsheet.model.errors import IdentityError

VARIABLE = "CALLSHEET_ID_TOKEN"
FILE = "CALLSHEET_ID_TOKEN_FILE"
GITHUB_URL = "ACTIONS_ID_TOKEN_REQUEST_URL"
GITHUB_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
_LIMIT = 64 * 1024


def has_token(variables: Mapping[str, str]) -> bool:
    """Whether this job has an ID token, or can ask for one."""
    asks = bool(variables.get(GITHUB_URL)) and bool(variables.get(GITHUB_TOKEN))
    return asks or any(variables.get(name, "").strip() for name in (VARIABLE, FILE))


def id_token(variables: Mapping[str, str], audience: str | None) -> tuple[str, str]:
    """The job's token, and the variable or file that it is from. IdentityError where the job has none.

    GitLab fixes the audience in the job's `id_tokens`; GitHub takes it from here, or its own default.
    """
    if token := variables.get(VARIABLE, "").strip():
        return token, VARIABLE
    if file := variables.get(FILE, "").strip():
        return _from_file(Path(file)), file
    url, bearer = variables.get(GITHUB_URL), variables.get(GITHUB_TOKEN)
    if url and bearer:
        # What it needs of the network takes its time to load, and most runs have no token.
        from callsheet.identity.github import ask

        return ask(url, bearer, audience), GITHUB_URL
    raise _failed(
        "this job has no ID token",
        "GitHub: give the job `permissions: {id-token: write}`; GitLab: name an `id_tokens:` entry "
        f"{VARIABLE}; elsewhere: put the token into a file and its name into {FILE}",
    )


def _from_file(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            token = file.read(_LIMIT).strip()
    except (OSError, UnicodeDecodeError) as cause:
        why = cause.strerror if isinstance(cause, OSError) else "it is not text"
        raise _failed(f"{path} cannot be read ({why}), and {FILE} names it", "") from None
    if not token:
        raise _failed(f"{path} is empty, and {FILE} names it", "")
    return token


def _failed(summary: str, hint: str) -> IdentityError:
    return IdentityError(summary, hint=hint, code="identity.no-token")

"""The ID token of a CI job: GitHub's is asked for, GitLab's lies in a variable."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from callsheet.model.errors import SecretError

GITHUB_URL = "ACTIONS_ID_TOKEN_REQUEST_URL"
GITHUB_TOKEN = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
_TIMEOUT = 10.0
_LIMIT = 64 * 1024


def id_token(variables: Mapping[str, str], *, audience: str | None) -> tuple[str, str]:
    """The job's token and the variable it is from. SecretError where the job has none.

    GitLab fixes the audience in the job's `id_tokens`; GitHub takes it from here, or its own default.
    """
    if token := variables.get("VAULT_ID_TOKEN", "").strip():
        return token, "VAULT_ID_TOKEN"
    url, bearer = variables.get(GITHUB_URL), variables.get(GITHUB_TOKEN)
    if url and bearer:
        return _from_github(url, bearer, audience), GITHUB_URL
    raise _failed(
        "this job has no ID token",
        "GitHub: give the job `permissions: {id-token: write}`; GitLab: name an `id_tokens:` entry "
        "VAULT_ID_TOKEN; elsewhere: put the token into a file and its name into VAULT_AUTH_JWT_FILE",
    )


def _from_github(url: str, bearer: str, audience: str | None) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
        raise _failed(f"{GITHUB_URL} is no https address, so the job's token is not sent there", "")
    if audience:
        url += f"{'&' if parts.query else '?'}audience={quote(audience, safe='')}"
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
        url, headers={"Authorization": f"Bearer {bearer}", "Accept": "application/json"}
    )
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=_TIMEOUT) as answer:
            token = json.loads(answer.read(_LIMIT))["value"]
    except urllib.error.HTTPError as cause:
        cause.close()
        raise _failed(f"GitHub answers {cause.code} to the request for an ID token", _REMEDY) from None
    except (OSError, ValueError, KeyError, TypeError) as cause:
        raise _failed(f"GitHub gives no ID token ({type(cause).__name__})", _REMEDY) from None
    if not isinstance(token, str) or not token:
        raise _failed("GitHub's answer holds no ID token", _REMEDY)
    return token


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The job's token goes to GitHub and to nobody else."""

    def redirect_request(self, *_: Any) -> None:
        return None


_REMEDY = "check `permissions: {id-token: write}` of the job, and run it again"


def _failed(summary: str, hint: str) -> SecretError:
    return SecretError(
        summary,
        detail="The login to Vault by a CI's identity needs one.",
        hint=hint,
        code="secret.id-token",
    )

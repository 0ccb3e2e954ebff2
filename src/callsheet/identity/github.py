"""GitHub Actions' endpoint for ID tokens, which a job asks with a credential of its own."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote, urlsplit

from callsheet.identity.addresses import is_loopback
from callsheet.model.errors import IdentityError

URL = "ACTIONS_ID_TOKEN_REQUEST_URL"
_TIMEOUT = 10.0
_LIMIT = 64 * 1024
_REMEDY = "check `permissions: {id-token: write}` of the job, and run it again"


def ask(url: str, bearer: str, audience: str | None) -> str:
    """A token for the audience, or for GitHub's default one. IdentityError where there is none."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise _failed(f"{URL} is no https address, so the job's token is not sent there", "")
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


def _failed(summary: str, hint: str) -> IdentityError:
    return IdentityError(summary, hint=hint, code="identity.no-token")

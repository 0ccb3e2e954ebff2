"""`secrets://gcp/PROJECT/NAME#KEY`: a secret of Google's Secret Manager, or one key of its JSON.

The newest version, with one request per secret, over REST: google-auth finds and refreshes the credentials,
and the whole client library (gRPC, a second of imports) would do no more here than one GET.
"""

from __future__ import annotations

import base64
import json
import warnings
from typing import Any

from callsheet.model.errors import SecretError
from callsheet.secrets.base import Surroundings
from callsheet.secrets.once import Once
from callsheet.secrets.values import field

_API = "https://secretmanager.googleapis.com/"
_OVERRIDE = "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_SECONDS = 5
_FOR_ALL = frozenset({"secret.no-google-auth", "secret.no-credentials", "secret.unreachable"})


class GcpResolver:
    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._secrets: Once[str, str] = Once(_FOR_ALL)
        self._session: Any = None

    def __repr__(self) -> str:
        return "GcpResolver()"

    def resolve(self, rest: str, uri: str) -> str:
        path, _, key = rest.partition("#")
        project, _, name = path.partition("/")
        if not project or not name or not name.replace("-", "").replace("_", "").isalnum():
            raise SecretError(
                f"{uri}: no reference into Secret Manager",
                hint="one looks like secrets://gcp/my-project/jira-token; `#KEY` takes a key of its JSON",
                code="secret.reference",
            )
        where = f"secrets://gcp/{path}"
        return field(self._secrets.get(path, lambda: self._read(project, name, where)), key, uri)

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def _read(self, project: str, name: str, where: str) -> str:
        try:
            from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, TransportError
        except ImportError:
            raise SecretError(
                "references to secrets://gcp/… need google-auth, which is not installed",
                hint="pip install 'callsheet[gcp]'",
                code="secret.no-google-auth",
            ) from None
        base = self._around.variables.get(_OVERRIDE) or _API
        url = f"{base.rstrip('/')}/v1/projects/{project}/secrets/{name}/versions/latest:access"
        try:
            answer = self._open().get(url, timeout=_SECONDS, allow_redirects=False)
        except DefaultCredentialsError:
            raise _no_credentials("none were found") from None
        except TransportError:
            raise _unreachable() from None
        except GoogleAuthError as cause:
            raise _no_credentials(type(cause).__name__) from None
        except OSError:  # what requests raises
            raise _unreachable() from None
        if answer.status_code != 200:
            raise _failed(answer.status_code, where)
        try:
            return base64.b64decode(answer.json()["payload"]["data"], validate=True).decode()
        except UnicodeDecodeError:
            raise SecretError(f"{where}: the value is not UTF-8 text", code="secret.unusable") from None
        except (ValueError, KeyError, TypeError, json.JSONDecodeError):
            raise SecretError(
                f"{where}: what answers at {base} is not Secret Manager",
                hint=f"check {_OVERRIDE} and what stands between",
                code="secret.gcp",
            ) from None

    def _open(self) -> Any:
        if self._session is None:
            import google.auth
            from google.auth.transport.requests import AuthorizedSession

            with warnings.catch_warnings():
                # A person's own credentials come with advice about quotas, which is none of ours.
                warnings.simplefilter("ignore")
                credentials, _ = google.auth.default(scopes=[_SCOPE])
            made: Any = AuthorizedSession
            self._session = made(credentials, max_refresh_attempts=1, refresh_timeout=_SECONDS)
        return self._session


def _failed(status: int, where: str) -> SecretError:
    if status == 404:
        return SecretError(
            f"{where}: there is no such secret, or it has no version",
            hint="compare with `gcloud secrets list --project …`",
            code="secret.missing",
        )
    if status == 400:
        return SecretError(
            f"{where}: its newest version is disabled or destroyed",
            detail="An older version is not taken in its place: somebody took this one away on purpose.",
            hint="`gcloud secrets versions enable`, or add a new version",
            code="secret.deleted",
        )
    if status == 403:
        return SecretError(
            f"{where}: permission denied",
            detail="The credentials are good, but may not read this; or the API is off in that project.",
            hint="needed: roles/secretmanager.secretAccessor on the secret",
            code="secret.denied",
        )
    if status == 401:
        return _no_credentials("401")
    return SecretError(
        f"{where}: Secret Manager refuses to read it ({status})", hint="try again later", code="secret.gcp"
    )


def _no_credentials(why: str) -> SecretError:
    return SecretError(
        f"no credentials for Google Cloud that work ({why})",
        detail="References to secrets://gcp/… cannot be resolved without them.",
        hint="run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS; "
        "give a CI job a workload identity",
        code="secret.no-credentials",
    )


def _unreachable() -> SecretError:
    return SecretError(
        "Google's Secret Manager cannot be reached",
        detail="No other reference into it was tried after that.",
        hint="check the network",
        code="secret.unreachable",
    )

"""A double of what is used of Google's Secret Manager: one GET over REST, and the tokens that it wants.

Written from Google's reference of projects.secrets.versions.access; no emulator is to be had.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives import serialization

from callsheet.sandbox.server import serve
from support.vault.ground import key_pair

# Fixed in google-auth, wherever the token is asked for.
AUDIENCE = "https://oauth2.googleapis.com/token"
EMAIL = "deploy@acme.iam.gserviceaccount.com"


class Double:
    """`secrets` by `PROJECT/NAME`: bytes, or the status to answer instead."""

    def __init__(self) -> None:
        self.secrets: dict[str, bytes | int] = {}
        self.requests: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        path, method = environ["PATH_INFO"], environ["REQUEST_METHOD"]
        self.requests.append(f"{method} {path}")
        if path == "/token":
            status, body = self._token(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        elif environ.get("HTTP_AUTHORIZATION") != "Bearer ya29.canary-token":
            status, body = 401, {"error": {"code": 401, "status": "UNAUTHENTICATED"}}
        else:
            status, body = self._secret(path.split("/"))
        data = json.dumps(body).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(data)))]
        start_response(f"{status} -", headers)
        return [data]

    def _token(self, form: bytes) -> tuple[int, Any]:
        [assertion] = parse_qs(form.decode())["assertion"]
        claims = jwt.decode(assertion, key_pair().public_key(), ["RS256"], audience=AUDIENCE)
        if claims["iss"] != EMAIL:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "ya29.canary-token", "expires_in": 3600, "token_type": "Bearer"}

    def _secret(self, parts: list[str]) -> tuple[int, Any]:
        match parts:
            case ["", "v1", "projects", project, "secrets", name, "versions", "latest:access"]:
                held = self.secrets.get(f"{project}/{name}", 404)
                if isinstance(held, int):
                    return held, {"error": {"code": held, "message": "canary-words", "status": "X"}}
                version = f"projects/1/secrets/{name}/versions/1"
                return 200, {"name": version, "payload": {"data": base64.b64encode(held).decode()}}
        return 404, {"error": {"code": 404, "status": "NOT_FOUND"}}


@contextmanager
def secret_manager(folder: Path) -> Iterator[tuple[Double, dict[str, str]]]:
    """The double, and the variables of a process that may read from it."""
    double = Double()
    with serve(double) as server:
        private = key_pair().private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        account = {
            "type": "service_account", "client_email": EMAIL, "project_id": "acme", "private_key_id": "1",
            "private_key": private.decode(), "token_uri": f"{server.url}/token", "client_id": "1",
        }  # fmt: skip
        path = folder / "account.json"
        path.write_text(json.dumps(account))
        yield (
            double,
            {
                "GOOGLE_APPLICATION_CREDENTIALS": str(path),
                "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER": f"{server.url}/",
            },
        )

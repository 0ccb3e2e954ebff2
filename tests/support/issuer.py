"""An issuer of ID tokens on this machine: discovery, keys, and GitHub's way of asking for a token.

Written from the pages that docs/principals.md names; nobody has compared it with the real ones.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qs

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from callsheet.sandbox.server import serve

NOW = int(datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC).timestamp())
GITHUB_CLAIMS: Mapping[str, Any] = {
    "sub": "repo:acme/voice:environment:prod",
    "repository": "acme/voice",
    "repository_owner": "acme",
    "ref": "refs/heads/main",
    "environment": "prod",
    "workflow": "Deploy",
    "workflow_ref": "acme/voice/.github/workflows/deploy.yml@refs/heads/main",
    "event_name": "push",
    "actor": "anna",
}
GITLAB_CLAIMS: Mapping[str, Any] = {
    "sub": "project_path:acme/voice:ref_type:branch:ref:main",
    "project_path": "acme/voice",
    "namespace_path": "acme",
    "ref": "main",
    "ref_type": "branch",
    "environment": "prod",
    "user_login": "ben",
}


@cache
def rsa_key(name: str = "first", bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def ed_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def public(key: Any, kid: str) -> dict[str, Any]:
    """The key as an issuer publishes it."""
    if isinstance(key, rsa.RSAPrivateKey):
        body = RSAAlgorithm.to_jwk(key.public_key())
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        body = ECAlgorithm.to_jwk(key.public_key())
    else:
        body = OKPAlgorithm.to_jwk(key.public_key())
    # A list of what one may do with a key, which issuers leave out.
    return {**{name: item for name, item in json.loads(body).items() if name != "key_ops"}, "kid": kid}


class Issuer:
    """`requests` are the paths that were asked for; the rest is what is answered, and may be changed.

    Each has an address of its own, so that nothing that is kept of one is taken for another's.
    """

    def __init__(self) -> None:
        self.folder = f"/{uuid.uuid4().hex[:8]}"
        self.requests: list[str] = []
        self.audiences: list[str | None] = []
        self.keys: list[dict[str, Any]] = [public(rsa_key(), "first")]
        self.claims: dict[str, Any] = dict(GITHUB_CLAIMS)
        self.status = 200
        self.redirect: str | None = None
        self.raw: bytes | None = None
        self.discovery: dict[str, Any] = {}
        self.headers: list[tuple[str, str]] = []
        self.root = ""
        self.meanwhile: Callable[[], object] = lambda: None
        self.now: Callable[[], float] = lambda: NOW

    @property
    def url(self) -> str:
        return self.root + self.folder

    @property
    def github(self) -> dict[str, str]:
        """What GitHub gives a job that may have an ID token."""
        return {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{self.url}/token?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "job",
            "GITHUB_ACTOR": "somebody",
        }

    def asked(self, part: str) -> int:
        return sum(part in each for each in self.requests)

    def token(
        self, key: Any = None, *, kid: str | None = "first", algorithm: str = "RS256",
        headers: Mapping[str, Any] | None = None, without: str = "", **claims: Any,
    ) -> str:  # fmt: skip
        now = int(self.now())
        body = {
            "iss": self.url, "aud": "callsheet", "exp": now + 300, "nbf": now - 300, "iat": now,
            **self.claims, **claims,
        }  # fmt: skip
        body.pop(without, None)
        more = {**({"kid": kid} if kid else {}), **(headers or {})}
        return jwt.encode(body, rsa_key() if key is None else key, algorithm=algorithm, headers=more)

    def app(self, environ: Any, start_response: Any) -> list[bytes]:
        path = environ["PATH_INFO"].removeprefix(self.folder)
        self.requests.append(path)
        self.meanwhile()
        status, headers, body = "200 OK", list(self.headers), b""
        if path == "/token":
            good = environ.get("HTTP_AUTHORIZATION") == "Bearer job"
            audience = parse_qs(environ["QUERY_STRING"]).get("audience", [None])[0]
            self.audiences.append(audience)
            status = "200 OK" if good else "401 Unauthorized"
            body = json.dumps({"value": self.token(aud=audience)} if good else {}).encode()
        elif self.redirect is not None and "keys" in path:
            status, headers = "302 Found", [("Location", self.redirect)]
        elif self.status != 200:
            status = f"{self.status} Trouble"
        elif path == "/.well-known/openid-configuration":
            body = json.dumps({"issuer": self.url, "jwks_uri": f"{self.url}/keys", **self.discovery}).encode()
        else:
            body = json.dumps({"keys": self.keys}).encode() if self.raw is None else self.raw
        start_response(status, [*headers, ("Content-Length", str(len(body)))])
        return [body]


@contextmanager
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    with serve(made.app) as server:
        made.root = server.url
        yield made

"""A Vault to read from, prepared over its own API: the double, or the server of VAULT_ADDR."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import hvac
import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from support.vault.double import ROOT, Double

AUDIENCE = "https://vault.acme.example"
ISSUER = "https://ci.acme.example"


class Ground:
    """`double` is None on a real server. Mounts and names are new ones for each test."""

    def __init__(self, url: str, token: str, double: Double | None) -> None:
        self.url, self.double = url, double
        self.root = hvac.Client(url=url, token=token)
        self._made: list[str] = []

    def variables(self, token: str | None = None, **more: str) -> dict[str, str]:
        """What a process needs that reads with `token`."""
        return {"VAULT_ADDR": self.url, **({"VAULT_TOKEN": token} if token else {}), **more}

    def name(self, start: str) -> str:
        return f"{start}-{uuid.uuid4().hex[:8]}"

    def kv(self, version: int = 2, mount: str | None = None) -> str:
        mount = mount or self.name("kv")
        self.root.sys.enable_secrets_engine("kv", path=mount, options={"version": str(version)})
        self._made.append(mount)
        return mount

    def put(self, mount: str, path: str, **values: Any) -> None:
        self.root.secrets.kv.v2.create_or_update_secret(path, values, mount_point=mount)

    def reader(self, pattern: str) -> str:
        """A policy that lets read what matches."""
        name = self.name("reader")
        self.root.sys.create_or_update_policy(name, f'path "{pattern}" {{ capabilities = ["read"] }}')
        return name

    def token(self, policy: str) -> str:
        made: str = self.root.auth.token.create(policies=[policy])["auth"]["client_token"]
        return made

    def approle(self, policy: str, **times: str) -> dict[str, str]:
        """A role; the variables that log in with it."""
        mount, role = self.name("approle"), "reader"
        self.root.sys.enable_auth_method("approle", path=mount)
        asked = self.root.auth.approle
        asked.create_or_update_approle(role, token_policies=[policy], mount_point=mount, **times)
        return {
            "VAULT_AUTH_PATH": mount,
            "VAULT_ROLE_ID": asked.read_role_id(role, mount_point=mount)["data"]["role_id"],
            "VAULT_SECRET_ID": asked.generate_secret_id(role, mount_point=mount)["data"]["secret_id"],
        }

    def jwt(
        self, policy: str, *, issuer: str | None = None, audience: str | None = None,
        key: rsa.RSAPrivateKey | None = None, **claims: str,
    ) -> dict[str, str]:  # fmt: skip
        """A role for a CI's tokens with these claims; the variables that name it."""
        mount = self.name("jwt")
        self.root.sys.enable_auth_method("jwt", path=mount)
        public = (key or key_pair()).public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )  # fmt: skip
        self.root.auth.jwt.configure(
            jwt_validation_pubkeys=[public.decode()], bound_issuer=issuer or ISSUER, path=mount
        )
        self.root.auth.jwt.create_role(
            "deploy", user_claim="sub", allowed_redirect_uris=[], role_type="jwt",
            bound_audiences=[audience or AUDIENCE], bound_claims=claims, token_policies=[policy], path=mount,
        )  # fmt: skip
        return {"VAULT_AUTH_PATH": mount, "VAULT_AUTH_ROLE": "deploy"}

    def close(self) -> None:
        for mount in self._made if self.double is None else ():
            self.root.sys.disable_secrets_engine(mount)
        self.root.adapter.close()


def ci_token(audience: str = AUDIENCE, **claims: Any) -> str:
    """An ID token such as a CI gives its job."""
    lapses = datetime.now(UTC) + timedelta(minutes=5)
    body = {
        "iss": ISSUER,
        "sub": "repo:acme/voice:ref:refs/heads/main",
        "aud": audience,
        "exp": lapses,
        **claims,
    }
    return jwt.encode(body, key_pair(), algorithm="RS256")


@cache
def key_pair() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@contextmanager
def ground() -> Iterator[Ground]:
    if address := os.environ.get("VAULT_ADDR"):
        made = Ground(address, os.environ.get("VAULT_TOKEN", ROOT), None)
        yield made
        made.close()
        return
    with Double() as double:
        made = Ground(double.url, ROOT, double)
        yield made
        made.close()

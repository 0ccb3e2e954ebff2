"""How Vault is reached and who asks: read from the variables that Vault's own tools know."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from callsheet.model.diagnostics import nearest
from callsheet.model.errors import IdentityError, SecretError
from callsheet.secrets.base import IdToken

METHODS = ("token", "approle", "jwt", "kubernetes")
SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount/token")
# What a CI gives to a job that may have an ID token.
_OF_CI = (
    "VAULT_ID_TOKEN", "CALLSHEET_ID_TOKEN", "CALLSHEET_ID_TOKEN_FILE", "ACTIONS_ID_TOKEN_REQUEST_URL",
)  # fmt: skip
_TIMEOUT = 5.0
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|)")


@dataclass(frozen=True, slots=True)
class VaultSettings:
    """`timeout` is in seconds, for a connection and for each answer."""

    address: str
    namespace: str | None
    timeout: float
    verify: str | bool
    certificate: tuple[str, str] | None

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> VaultSettings:
        """SecretError where a variable is missing or makes no sense."""
        certificate, key = variables.get("VAULT_CLIENT_CERT"), variables.get("VAULT_CLIENT_KEY")
        return cls(
            _address(variables.get("VAULT_ADDR", "")),
            variables.get("VAULT_NAMESPACE", "").strip("/") or None,
            _seconds(variables.get("VAULT_CLIENT_TIMEOUT", "")),
            variables.get("VAULT_CACERT") or variables.get("VAULT_CAPATH") or True,
            (certificate, key) if certificate and key else None,
        )


@dataclass(frozen=True, slots=True)
class Login:
    """One way to a token: by `method`, at the mount `path`, with the credentials that it takes.

    `origin` names the variables or files that they are from.
    """

    method: str
    path: str
    origin: str
    credentials: Mapping[str, str] = field(repr=False)


def login(variables: Mapping[str, str], id_token: IdToken) -> Login:
    """Who asks. SecretError where nobody says, or what was said is incomplete."""
    method = variables.get("VAULT_AUTH_METHOD") or _guess(variables)
    if method not in METHODS:
        raise _wrong(
            f"VAULT_AUTH_METHOD is {method!r}, which is none of: {', '.join(METHODS)}",
            nearest(method, METHODS) or "leave it out, and the other variables decide",
        )
    path = (variables.get("VAULT_AUTH_PATH") or method).strip("/")
    if method == "token":
        token, origin = _token(variables)
        return Login(method, "token", origin, {"token": token})
    if method == "approle":
        return Login(method, path, "VAULT_ROLE_ID and VAULT_SECRET_ID", _approle(variables))
    role = variables.get("VAULT_AUTH_ROLE")
    if not role:
        raise _wrong(
            f"VAULT_AUTH_ROLE is not set, and a login by {method} needs it",
            f"set it to the name of the role at auth/{path}",
        )
    jwt, origin = _jwt(variables, method, id_token)
    return Login(method, path, origin, {"role": role, "jwt": jwt})


def _guess(variables: Mapping[str, str]) -> str:
    if variables.get("VAULT_TOKEN"):
        return "token"
    if variables.get("VAULT_ROLE_ID"):
        return "approle"
    if variables.get("VAULT_AUTH_ROLE"):
        of_ci = any(variables.get(name) for name in _OF_CI)
        return "kubernetes" if not of_ci and SERVICE_ACCOUNT.exists() else "jwt"
    return "token"


def _token(variables: Mapping[str, str]) -> tuple[str, str]:
    if token := variables.get("VAULT_TOKEN", "").strip():
        return token, "VAULT_TOKEN"
    named = variables.get("VAULT_TOKEN_FILE")
    home = variables.get("HOME")
    path = Path(named) if named else Path(home) / ".vault-token" if home else None
    if path is not None and (named or path.is_file()):
        return _content(path), str(path)
    raise _wrong(
        "nothing says who asks Vault: there is no token, no role, and no token file",
        "run `vault login`, or set VAULT_TOKEN; in a CI, VAULT_AUTH_ROLE or VAULT_ROLE_ID (docs/secrets.md)",
    )


def _approle(variables: Mapping[str, str]) -> dict[str, str]:
    role = variables.get("VAULT_ROLE_ID")
    if not role:
        raise _wrong("VAULT_ROLE_ID is not set, and a login by approle needs it", "set it to the role's id")
    secret = variables.get("VAULT_SECRET_ID", "")
    if file := variables.get("VAULT_SECRET_ID_FILE"):
        secret = secret or _content(Path(file))
    # A role may be bound by network alone; then there is no secret id, and Vault says if it wants one.
    return {"role_id": role, "secret_id": secret} if secret else {"role_id": role}


def _jwt(variables: Mapping[str, str], method: str, id_token: IdToken) -> tuple[str, str]:
    if file := variables.get("VAULT_AUTH_JWT_FILE"):
        return _content(Path(file)), file
    if method == "kubernetes":
        return _content(SERVICE_ACCOUNT), str(SERVICE_ACCOUNT)
    if token := variables.get("VAULT_ID_TOKEN", "").strip():
        return token, "VAULT_ID_TOKEN"
    try:
        return id_token(variables.get("VAULT_AUTH_AUDIENCE"))
    except IdentityError as cause:
        told = cause.diagnostics[0]
    raise SecretError(
        told.summary,
        detail="The login to Vault by a CI's identity needs one.",
        hint=told.hint,
        code="secret.id-token",
    )


def _content(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as cause:
        why = cause.strerror if isinstance(cause, OSError) else "it is not text"
        raise _wrong(f"{path} cannot be read ({why}), and the login to Vault needs it", "") from None
    if not text:
        raise _wrong(f"{path} is empty, and the login to Vault needs it", "")
    return text


def _address(address: str) -> str:
    if not address:
        raise _wrong(
            "VAULT_ADDR is not set", "set it to Vault's address, such as https://vault.acme.example:8200"
        )
    try:
        parts = urlsplit(address)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        whole = False
    if not whole or "@" in address:
        # Not quoted: whoever writes a password into an address does not want to see it in a log.
        raise _wrong("VAULT_ADDR is no address of a Vault", "write https://HOST:PORT, without a user in it")
    if parts.scheme == "http" and not _near(parts.hostname or ""):
        raise _wrong(
            "VAULT_ADDR is plain http over the open network: the token would be sent in clear",
            "write https:// (http is fine for this machine and for private networks)",
        )
    return address.rstrip("/")


def _near(host: str) -> bool:
    """Whether a host is this machine, or on a private network."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".internal", ".local", ".svc", ".test"))


def _seconds(text: str) -> float:
    if not text:
        return _TIMEOUT
    found = _DURATION.fullmatch(text.strip())
    if not found or not float(found[1]):
        raise _wrong(f"VAULT_CLIENT_TIMEOUT is {text!r}, which is no time", "write seconds: 10, or 10s")
    return float(found[1]) * (60 if found[2] == "m" else 1)


def _wrong(summary: str, hint: str) -> SecretError:
    return SecretError(
        summary,
        detail="References to secrets://vault/… cannot be resolved without it.",
        hint=hint,
        code="secret.settings",
    )

"""What Vault refuses, in words that lead on. Works by the names of errors, so that it needs no hvac."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from callsheet.model.errors import SecretError

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_CERTIFICATE = re.compile(r"certificate verify failed: ([^(\"']+)|(WRONG_VERSION_NUMBER)")
_QUOTED = 300  # characters of Vault's own words

# Codes of what no other reference could get past either.
FOR_ALL = frozenset(
    {
        "secret.unreachable", "secret.tls", "secret.sealed", "secret.standby", "secret.busy", "secret.vault",
        "secret.login", "secret.token", "secret.settings", "secret.id-token", "secret.no-hvac",
        "secret.not-vault",
    }
)  # fmt: skip


def no_hvac() -> SecretError:
    return SecretError(
        "references to secrets://vault/… need hvac, which is not installed",
        hint="pip install 'callsheet[vault]'",
        code="secret.no-hvac",
    )


def unavailable(cause: Exception, address: str, timeout: float, known: Collection[str]) -> SecretError | None:
    """The error where nothing at that address can be asked at all; None for a refusal of this one thing."""
    names = {each.__name__ for each in type(cause).__mro__}
    vault = f"Vault at {address}"
    if "VaultDown" in names:
        if "sealed" in said(cause, known).lower():
            return SecretError(
                f"{vault} is sealed",
                detail="Until it is unsealed it gives out nothing.",
                hint="ask whoever holds the unseal keys; `vault status` shows how many are missing",
                code="secret.sealed",
            )
        return _trouble(f"{vault} is not ready (503)", cause, known)
    if "VaultNotInitialized" in names:
        return _trouble(f"{vault} is not initialised", cause, known)
    if "RateLimitExceeded" in names:
        return SecretError(
            f"{vault} takes no more requests for now (429)",
            detail="A quota of that Vault, or of the proxy before it, is used up.",
            hint="try again later; `vault read sys/quotas/config` shows the quotas",
            code="secret.busy",
        )
    if names & {"InternalServerError", "BadGateway", "UnexpectedError"}:
        return _trouble(f"{vault} cannot answer", cause, known)
    if "SSLError" in names:
        return _tls(cause, vault)
    if "Downgrade" in names or "TooManyRedirects" in names:
        return SecretError(
            f"{vault} sends requests on to where they are not followed",
            detail="A standby names the active server; this one leads from https to http, or in a circle.",
            hint="set VAULT_ADDR to the active server, or have its `api_addr` corrected",
            code="secret.standby",
        )
    if "Timeout" in names:
        return SecretError(
            f"{vault} did not answer within {timeout:g} s",
            detail="No other reference into Vault was tried after that.",
            hint="check the network and VAULT_ADDR; VAULT_CLIENT_TIMEOUT gives it more time",
            code="secret.unreachable",
        )
    if names & {"RequestException", "OSError"}:
        return SecretError(
            f"{vault} cannot be reached",
            detail="No other reference into Vault was tried after that.",
            hint="check the network, VPN and VAULT_ADDR",
            code="secret.unreachable",
        )
    return None


def login_refused(
    cause: Exception, address: str, method: str, path: str, origin: str, known: Collection[str]
) -> SecretError:
    hints = {
        "approle": "the secret id may have lapsed or be used up; "
        "`vault write -f auth/PATH/role/ROLE/secret-id` makes another",
        "jwt": "compare the role's bound_audiences, bound_subject and bound_claims with the job's token; "
        "VAULT_AUTH_AUDIENCE sets GitHub's audience",
        "kubernetes": "compare the role's bound service accounts and namespaces with the pod's",
    }
    return SecretError(
        f"Vault at {address} refuses the login by {method} at auth/{path} (with {origin})",
        detail=_quote(cause, known),
        hint=f"{hints[method]}; VAULT_AUTH_PATH names another mount, VAULT_NAMESPACE a namespace",
        code="secret.login",
    )


def token_refused(address: str, origin: str, made_here: bool) -> SecretError:
    return SecretError(
        f"Vault at {address} does not take the token from {origin}",
        detail="It has lapsed, was revoked, or belongs to another Vault or namespace.",
        hint="run the command again"
        if made_here
        else f"renew {origin}: `vault login`, or a new one in the CI",
        code="secret.token",
    )


def no_mount(cause: Exception, where: str, address: str, known: Collection[str]) -> SecretError:
    return SecretError(
        f"{where}: no secrets engine is mounted there, or the token may read nothing below it",
        detail=f"Vault at {address} answers the same to both. {_quote(cause, known)}".rstrip(),
        hint="compare with `vault secrets list`; VAULT_NAMESPACE names a namespace",
        code="secret.no-mount",
    )


def wrong_engine(where: str, mount: str, sort: str) -> SecretError:
    return SecretError(
        f"{where}: {mount} is a secrets engine of the type {sort!r}, and only kv can be read",
        detail="Other engines make a new secret with every read, which a plan could not compare.",
        hint="keep the value in a kv engine",
        code="secret.no-mount",
    )


def denied(where: str, api_path: str) -> SecretError:
    return SecretError(
        f"{where}: permission denied",
        detail="The token is good, but none of its policies lets it read this path.",
        hint=f'a policy needs: path "{api_path}" {{ capabilities = ["read"] }}',
        code="secret.denied",
    )


def refused(cause: Exception, where: str, known: Collection[str]) -> SecretError:
    return SecretError(
        f"{where}: Vault refuses to read it",
        detail=_quote(cause, known),
        hint="Vault's words above say why",
        code="secret.vault",
    )


def missing(where: str, mount: str, inner: str, version: int) -> SecretError:
    if version == 2 and inner.startswith("data/"):
        hint = f"leave out `data/`, which belongs to the API: secrets://vault/{mount}{inner[5:]}#…"
    else:
        hint = f"write it: `vault kv put -mount={mount.rstrip('/')} {inner} KEY=…`, or correct the reference"
    return SecretError(f"{where}: there is nothing at this path", hint=hint, code="secret.missing")


def gone(where: str, mount: str, inner: str, about: Mapping[str, Any]) -> SecretError:
    """The newest version is deleted or destroyed; `about` is what Vault says of it."""
    mount, number = mount.rstrip("/"), about.get("version")
    if about.get("destroyed"):
        what, hint = "was destroyed", f"write a new one: `vault kv put -mount={mount} {inner} KEY=…`"
    else:
        day = re.match(r"\d{4}-\d\d-\d\d", str(about.get("deletion_time")))
        what = f"was deleted on {day[0]}" if day else "was deleted"
        undo = f"vault kv undelete -mount={mount} -versions={number} {inner}"
        hint = f"bring it back with `{undo}`, or write a new one"
    return SecretError(
        f"{where}: its newest version, {number}, {what}",
        detail="An older version is not taken in its place: somebody took this one away on purpose.",
        hint=hint,
        code="secret.deleted",
    )


def not_vault(address: str) -> SecretError:
    return SecretError(
        f"{address} does not answer as Vault does",
        detail="Something else listens there: a proxy, a sign-in page, another service.",
        hint="check VAULT_ADDR and what stands between",
        code="secret.not-vault",
    )


def said(cause: Exception, known: Collection[str]) -> str:
    """Vault's own words, cleaned, cut, and without the credentials that were sent."""
    errors = getattr(cause, "errors", None)
    text = "; ".join(map(str, errors)) if isinstance(errors, list) else ""
    for value in known:
        text = text.replace(value, "…")
    text = " ".join(_CONTROL.sub(" ", text).split())
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"


def _quote(cause: Exception, known: Collection[str]) -> str:
    words = said(cause, known)
    return f"Vault says: {words}." if words else ""


def _trouble(summary: str, cause: Exception, known: Collection[str]) -> SecretError:
    return SecretError(
        summary, detail=_quote(cause, known), hint="ask whoever runs it; `vault status`", code="secret.vault"
    )


def _tls(cause: Exception, vault: str) -> SecretError:
    found = _CERTIFICATE.search(str(cause))
    if found and found[2]:
        return SecretError(
            f"{vault} does not speak TLS there",
            hint="check the port of VAULT_ADDR; a development server listens at http://",
            code="secret.tls",
        )
    why = f" ({found[1].strip()})" if found and found[1] else ""
    return SecretError(
        f"the TLS connection to {vault} fails{why}",
        detail="No token is sent to whom no certificate vouches for; VAULT_SKIP_VERIFY has no effect.",
        hint="set VAULT_CACERT to the file of the authority that signed it; VAULT_CLIENT_CERT and "
        "VAULT_CLIENT_KEY if it asks for yours",
        code="secret.tls",
    )

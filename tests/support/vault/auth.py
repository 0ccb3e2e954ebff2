"""The auth methods: AppRole, JWT, Kubernetes. Each login gives the policies and the times of its role."""

from __future__ import annotations

import fnmatch
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jwt

from support.vault.answers import NOTHING, Answer, Body, Problem, data, keys, listed, seconds

_TIMES = ("token_ttl", "token_max_ttl", "token_period", "token_num_uses", "secret_id_ttl")


@dataclass(frozen=True)
class Granted:
    """What a login buys."""

    role: Body
    metadata: dict[str, str]


def _role(body: Body, before: Body | None) -> Body:
    out = {
        "token_policies": [],
        "token_type": "default",
        **dict.fromkeys(_TIMES, 0),
        **(before or {}),
        **body,
    }
    for short in ("policies", "ttl", "max_ttl", "period", "num_uses"):
        if short in body:
            out[f"token_{short}"] = body[short]
    for key in _TIMES:
        out[key] = seconds(out[key])
    out["token_policies"] = listed(out["token_policies"])
    return out


class _Roles:
    def __init__(self) -> None:
        self.roles: dict[str, Body] = {}
        self.config: Body = {}

    def crud(self, method: str, name: str, body: Body) -> Answer:
        if method == "LIST":
            return keys(self.roles)
        if method in ("POST", "PUT"):
            self.roles[name] = _role(body, self.roles.get(name))
            return NOTHING
        if method == "DELETE":
            self.roles.pop(name, None)
            return NOTHING
        if name not in self.roles:
            raise Problem(404)
        return data(self.roles[name])

    def settings(self, method: str, body: Body) -> Answer:
        if method == "GET":
            if not self.config:
                raise Problem(404)
            return data(self.config)
        self.config = body
        return NOTHING


class AppRole(_Roles):
    def __init__(self) -> None:
        super().__init__()
        self.ids: dict[str, str] = {}
        self.secret_ids: dict[str, Body] = {}

    def handle(self, method: str, path: str, body: Body) -> Answer | Granted:
        parts = path.split("/")
        if path == "login":
            return self._login(body)
        if parts[0] != "role":
            raise Problem(404, f"no handler for route {path!r}")
        name = parts[1] if len(parts) > 1 else ""
        if len(parts) < 3:
            if method in ("POST", "PUT"):
                self.ids.setdefault(name, str(uuid.uuid4()))
            return self.crud(method, name, body)
        if parts[2] == "role-id":
            if method == "GET":
                return data({"role_id": self.ids[name]})
            self.ids[name] = body["role_id"]
            return NOTHING
        return self._secret_ids(method, name, "/".join(parts[2:]), body)

    def _secret_ids(self, method: str, role: str, action: str, body: Body) -> Answer:
        if method == "LIST":
            return keys(
                [each["secret_id_accessor"] for each in self.secret_ids.values() if each["role"] == role]
            )
        if action in ("secret-id", "custom-secret-id"):
            value = body.get("secret_id") or str(uuid.uuid4())
            self.secret_ids[value] = made = {
                "role": role, "secret_id_accessor": str(uuid.uuid4()),
                "secret_id_num_uses": int(body.get("num_uses") or 0),
                "secret_id_ttl": seconds(body.get("ttl")), "cidr_list": listed(body.get("cidr_list")),
                "metadata": {},
            }  # fmt: skip
            shown = {key: made[key] for key in ("secret_id_accessor", "secret_id_num_uses", "secret_id_ttl")}
            return data({"secret_id": value, **shown})
        by = "secret_id_accessor" if "accessor" in action else "secret_id"
        wanted = body.get(by)
        found = [
            value for value, each in self.secret_ids.items() if wanted in (value, each["secret_id_accessor"])
        ]
        if not found:
            raise Problem(404 if "accessor" in action else 400, "failed to find secret id")
        if action.endswith("destroy"):
            del self.secret_ids[found[0]]
            return NOTHING
        return data({key: item for key, item in self.secret_ids[found[0]].items() if key != "role"})

    def _login(self, body: Body) -> Granted:
        name = next((name for name, value in self.ids.items() if value == body.get("role_id")), None)
        if name is None:
            raise Problem(400, "invalid role or secret ID")
        role = self.roles[name]
        if role.get("bind_secret_id", True):
            if not body.get("secret_id"):
                raise Problem(400, "missing secret_id")
            held = self.secret_ids.get(body["secret_id"])
            if held is None or held["role"] != name:
                raise Problem(400, "invalid role or secret ID")
            if held["secret_id_num_uses"] == 1:
                del self.secret_ids[body["secret_id"]]
            elif held["secret_id_num_uses"]:
                held["secret_id_num_uses"] -= 1
        return Granted(role, {"role_name": name})


class Jwt(_Roles):
    """`kubernetes` reads the tokens of service accounts instead, and believes them."""

    def __init__(self, kubernetes: bool = False) -> None:
        super().__init__()
        self._kubernetes = kubernetes

    def handle(self, method: str, path: str, body: Body) -> Answer | Granted:
        first, _, name = path.partition("/")
        if path == "login":
            return self._login(body)
        if path == "config":
            return self.settings(method, body)
        if first == "role":
            return self.crud(method, name, body)
        raise Problem(404, f"no handler for route {path!r}")

    def _login(self, body: Body) -> Granted:
        role = self.roles.get(body.get("role", ""))
        if role is None:
            words = "invalid role name" if self._kubernetes else "role"
            raise Problem(
                400, f'{words} "{body.get("role")}"' + ("" if self._kubernetes else " could not be found")
            )
        check: Callable[[Body, Body], Body] = self._account if self._kubernetes else self._claims
        claims = check(role, body)
        return Granted(role, {"role": body["role"], "subject": str(claims.get("sub", ""))})

    def _account(self, role: Body, body: Body) -> Body:
        try:
            claims: Body = jwt.decode(body["jwt"], options={"verify_signature": False})
        except jwt.InvalidTokenError:
            raise Problem(500, many_jws()) from None
        _, _, space, name = str(claims.get("sub", "")).split(":")
        names, spaces = role["bound_service_account_names"], role["bound_service_account_namespaces"]
        if not _within(name, listed(names)):
            raise Problem(403, "service account name not authorized")
        if not _within(space, listed(spaces)):
            raise Problem(403, "namespace not authorized")
        return claims

    def _claims(self, role: Body, body: Body) -> Body:
        for key in self.config.get("jwt_validation_pubkeys", []):
            try:
                claims: Body = jwt.decode(
                    body["jwt"], key, algorithms=["RS256", "ES256"], options={"verify_aud": False}
                )
                break
            except jwt.ExpiredSignatureError:
                raise Problem(
                    400, "error validating token: invalid expiration time (exp) claim: token is expired"
                ) from None
            except jwt.InvalidTokenError:
                continue
        else:
            raise Problem(
                400,
                "error validating token: error verifying token signature: "
                "no known key successfully validated the token signature",
            )
        issuer = self.config.get("bound_issuer")
        if issuer and claims.get("iss") != issuer:
            raise Problem(400, "error validating token: invalid issuer (iss) claim")
        wanted = listed(role.get("bound_audiences"))
        has = claims.get("aud") or []
        if wanted and not set(wanted) & set([has] if isinstance(has, str) else has):
            raise Problem(
                400,
                "error validating token: invalid audience (aud) claim: "
                "audience claim does not match any expected audience",
            )
        for name, values in (role.get("bound_claims") or {}).items():
            if not _claim(claims.get(name), values, role.get("bound_claims_type")):
                raise Problem(
                    400,
                    f'error validating claims: claim "{name}" does not match '
                    "any associated bound claim values",
                )
        if role.get("user_claim") not in claims:
            raise Problem(400, f'claim "{role.get("user_claim")}" not found in token')
        return claims


def many_jws() -> str:
    return "compact JWS format must have three parts"


def _within(name: str, allowed: list[str]) -> bool:
    return "*" in allowed or name in allowed


def _claim(value: Any, wanted: Any, sort: str | None) -> bool:
    options = wanted if isinstance(wanted, list) else [wanted]
    if sort == "glob":
        return any(fnmatch.fnmatchcase(str(value), each) for each in options)
    return value in options

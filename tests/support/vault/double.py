"""The double: mounts, tokens, policies, and the server that answers for them."""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from support.vault.answers import DENIED, NOTHING, Answer, Body, Problem, data, envelope, keys, many, seconds
from support.vault.auth import AppRole, Granted, Jwt
from support.vault.kv import KvOne, KvTwo

ROOT = "root"
Policy = list[tuple[str, list[str]]]
_NEEDS = {
    "GET": "read",
    "LIST": "list",
    "POST": "update",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}
_BLOCK = re.compile(r'path\s+"([^"]+)"\s*{([^}]*)}')


@dataclass
class Token:
    policies: list[str]
    seconds: int = 0
    since: float = 0.0
    renewable: bool = False
    limit: int = 0  # seconds from the login to the end of all renewals; 0 is none
    born: float = 0.0
    uses: int = 0


@dataclass
class Space:
    """One namespace."""

    engines: dict[str, Any] = field(default_factory=dict)
    methods: dict[str, Any] = field(default_factory=dict)
    sorts: dict[str, str] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)


class Double:
    """A Vault with the root token `root`. `requests` holds (method, path, token) of everything asked.

    `sealed`, `statuses` (answers to be given instead, in order, with the words of `says`), `redirect`
    (where a standby sends everything) and `page` (what a proxy says) make bad days; `time` is in seconds
    and stands still.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, str]] = []
        self.sealed = False
        self.statuses: list[int] = []
        self.says = "injected"
        self.redirect = ""
        self.page = b""
        self.time = 0.0
        self.tokens = {ROOT: Token(["root"])}
        self.spaces = {"": Space()}
        self._lock = threading.Lock()
        self._http = _Server(("127.0.0.1", 0), _Handler)
        self._http.double = self
        self._scheme = "http"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Double:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def with_tls(self, certificate: Path) -> Double:
        """Speak TLS with this certificate and key, in one file."""
        import ssl

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        self._scheme = "https"
        return self

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._http.server_port}"

    def asked(self, *parts: str) -> list[str]:
        """Method and path of the requests that hold one of the parts; of all, without any."""
        told = [f"{method} {path}" for method, path, _ in self.requests]
        return [each for each in told if not parts or any(part in each for part in parts)]

    def answer(self, method: str, target: str, headers: Any, body: Body) -> Answer:
        parts = urlsplit(target)
        path = unquote(parts.path).removeprefix("/v1/").strip("/")
        query = dict(parse_qsl(parts.query))
        if method == "GET" and query.get("list") == "true":
            method = "LIST"
        with self._lock:
            self.requests.append((method, path, headers.get("X-Vault-Token", "")))
            try:
                if self.redirect:
                    return Answer(307, None, {"Location": self.redirect + target})
                if self.statuses:
                    raise Problem(self.statuses.pop(0), self.says)
                if self.sealed:
                    raise Problem(503, "Vault is sealed")
                answer = self._route(method, path, query, headers, body)
            except Problem as problem:
                return problem.answer
            wrap = seconds(headers.get("X-Vault-Wrap-TTL"))
            if wrap and answer.status == 200:
                info = {"token": f"hvs.{uuid.uuid4()}", "accessor": "", "ttl": wrap, "creation_path": path}
                return Answer(200, envelope(None, wrap_info=info))
            return answer

    # routing

    def _route(self, method: str, path: str, query: Body, headers: Any, body: Body) -> Answer:
        name = (headers.get("X-Vault-Namespace") or "").strip("/")
        if name not in self.spaces:
            raise Problem(404, f'no handler for route "{name}/{path}". route entry not found.')
        space = self.spaces[name]
        if (found := _longest(space.methods, path.removeprefix("auth/"))) and path.startswith("auth/"):
            mount, inner = found
            if inner == "login":
                return self._login(space.methods[mount].handle(method, inner, body))
        held = self._held(headers.get("X-Vault-Token", ""))
        if path.startswith("auth/token/"):
            return self._token(method, path.removeprefix("auth/token/"), held, headers, body)
        if path.startswith("sys/internal/ui/mounts/"):
            return self._mount(space, path.removeprefix("sys/internal/ui/mounts/"), held)
        if not self._may(space, held, method, path):
            raise DENIED
        if path.startswith("sys/"):
            return self._sys(space, method, path.removeprefix("sys/"), body)
        if path.startswith("auth/") and found:
            answer: Answer = space.methods[found[0]].handle(method, found[1], body)
            return answer
        if engine := _longest(space.engines, path):
            out: Answer = space.engines[engine[0]].handle(method, engine[1], query, body)
            return out
        raise Problem(404, f'no handler for route "{path}". route entry not found.')

    def _held(self, value: str) -> Token:
        token = self.tokens.get(value)
        if not value or token is None or (token.seconds and self.time >= token.since + token.seconds):
            raise Problem(403, many("permission denied", "invalid token"))
        if token.uses:
            token.uses -= 1
            if not token.uses:
                del self.tokens[value]
        return token

    def _may(self, space: Space, token: Token, method: str, path: str) -> bool:
        need = (
            {_NEEDS.get(method, "read"), "create"}
            if method in ("POST", "PUT")
            else {_NEEDS.get(method, "read")}
        )
        if "root" in token.policies:
            return True
        return any(
            need & set(capabilities) and _matches(pattern, path)
            for name in token.policies
            for pattern, capabilities in space.policies.get(name, [])
        )

    def _mount(self, space: Space, path: str, token: Token) -> Answer:
        """Readable for who may do anything below the mount, and for nobody else; so nobody can guess."""
        found = _longest(space.engines, path)
        readable = found and (
            "root" in token.policies
            or any(
                pattern.startswith(found[0]) or _matches(pattern, found[0])
                for name in token.policies
                for pattern, _ in space.policies.get(name, [])
            )
        )
        if not found or not readable:
            words = (
                "preflight capability check returned 403, "
                f'please ensure client\'s policies grant access to path "{path}/"'
            )
            raise Problem(403, words)
        sort = space.sorts[found[0]]
        options = {"version": space.engines[found[0]].version} if sort == "kv" else None
        return data(
            {"path": found[0], "type": sort, "options": options, "accessor": f"{sort}_1", "local": False}
        )

    # tokens

    def _login(self, granted: Granted) -> Answer:
        role = granted.role
        value = f"hvs.{uuid.uuid4().hex}"
        lapses = role["token_ttl"] or 2764800
        self.tokens[value] = Token(
            ["default", *role["token_policies"]], lapses, self.time, True, role["token_max_ttl"],
            self.time, role["token_num_uses"],
        )  # fmt: skip
        return self._bought(value, granted.metadata)

    def _bought(self, value: str, metadata: Body | None = None) -> Answer:
        token = self.tokens[value]
        auth = {
            "client_token": value, "accessor": uuid.uuid4().hex, "policies": token.policies,
            "token_policies": token.policies, "metadata": metadata, "lease_duration": token.seconds,
            "renewable": token.renewable, "entity_id": "", "token_type": "service", "orphan": True,
            "mfa_requirement": None, "num_uses": token.uses,
        }  # fmt: skip
        return Answer(200, envelope(None, auth=auth))

    def _token(self, method: str, action: str, held: Token, headers: Any, body: Body) -> Answer:
        value = headers.get("X-Vault-Token", "")
        match action:
            case "lookup-self":
                if not {"root", "default"} & set(held.policies):
                    raise DENIED
                left = max(0, int(held.since + held.seconds - self.time)) if held.seconds else 0
                return data(
                    {"id": value, "policies": held.policies, "ttl": left, "renewable": held.renewable}
                )
            case "renew-self":
                if not held.renewable:
                    raise Problem(400, "lease is not renewable")
                held.since = self.time
                if held.limit:
                    held.seconds = min(held.seconds, max(0, int(held.born + held.limit - self.time)))
                return self._bought(value)
            case "revoke-self":
                self.tokens.pop(value, None)
                return NOTHING
            case "create":
                made = f"hvs.{uuid.uuid4().hex}"
                names = list(body.get("policies") or held.policies)
                if not body.get("no_default_policy") and "default" not in names:
                    names.append("default")
                self.tokens[made] = Token(names, seconds(body.get("ttl")), self.time, True)
                return self._bought(made)
        raise Problem(404, f'no handler for route "auth/token/{action}". route entry not found.')

    # sys

    def _sys(self, space: Space, method: str, path: str, body: Body) -> Answer:
        first, _, name = path.partition("/")
        match first, method:
            case "mounts" | "auth", "GET":
                known = space.engines if first == "mounts" else space.methods
                told = {mount: {"type": space.sorts[mount], "options": None} for mount in known}
                return Answer(200, {**envelope(told), **told})
            case "mounts", "POST" | "PUT":
                space.sorts[f"{name}/"] = body["type"]
                version = str((body.get("options") or {}).get("version") or "1")
                space.engines[f"{name}/"] = KvTwo() if version == "2" else KvOne()
                return NOTHING
            case "auth", "POST" | "PUT":
                makers: dict[str, Callable[[], Any]] = {
                    "approle": AppRole, "jwt": Jwt, "kubernetes": lambda: Jwt(kubernetes=True),
                }  # fmt: skip
                space.sorts[f"{name}/"] = body["type"]
                space.methods[f"{name}/"] = makers[body["type"]]()
                return NOTHING
            case "mounts", "DELETE":
                space.engines.pop(f"{name}/", None)
                return NOTHING
            case "auth", "DELETE":
                space.methods.pop(f"{name}/", None)
                return NOTHING
            case "policy" | "policies", "POST" | "PUT":
                text = body.get("policy") or ""
                space.policies[name.removeprefix("acl/")] = [
                    (pattern, re.findall(r'"(\w+)"', inner)) for pattern, inner in _BLOCK.findall(text)
                ]
                return NOTHING
            case "namespaces", "POST" | "PUT":
                self.spaces[name] = Space()
                return data({"path": f"{name}/"})
            case "namespaces", "LIST":
                return keys(f"{each}/" for each in self.spaces if each)
        raise Problem(404, f'no handler for route "sys/{path}". route entry not found.')


def _longest(mounts: dict[str, Any], path: str) -> tuple[str, str] | None:
    found = max((each for each in mounts if f"{path}/".startswith(each)), key=len, default=None)
    return (found, path[len(found) :]) if found else None


def _matches(pattern: str, path: str) -> bool:
    plain = re.escape(pattern.rstrip("*")).replace(r"\+", "[^/]+")
    return re.fullmatch(plain + (".*" if pattern.endswith("*") else ""), path) is not None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    double: Double

    def handle_error(self, *_: object) -> None:
        """A client that went away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One write per answer and no Nagle: in pieces an answer takes 45 ms.
    wbufsize = 65536
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        pass

    def _serve(self) -> None:
        double = self.server.double  # type: ignore[attr-defined]
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answer = double.answer(self.command, self.path, self.headers, json.loads(sent) if sent else {})
        body = double.page or (json.dumps(answer.body).encode() if answer.body is not None else b"")
        self.send_response(200 if double.page else answer.status)
        self.send_header("Content-Type", "text/html" if double.page else "application/json")
        self.send_header("Cache-Control", "no-store")
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_LIST = _serve  # noqa: N815

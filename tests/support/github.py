"""GitHub on this machine: comments, statuses and issues. Every request is held to GitHub's own schemas.

What `emulate` lacks is here: commit statuses, tokens that may only read, long bodies, rate limits, GraphQL.
The rest is from docs.github.com/rest and what others' issues quote, as of 2026-11: an app's token gets 403
"Resource not accessible by integration" from `/user` and from what it may not write, and `viewer` of GraphQL
tells its login.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs

from support.hosts import TOKEN, Host, Refused

_KNOWN = json.loads((Path(__file__).parent / "github_requests.json").read_text(encoding="utf-8"))
_OPERATIONS = {
    (each["method"], re.compile(re.sub(r"\{[a-z_]+\}", "[^/]+", each["path"]))): each
    for each in _KNOWN["operations"].values()
}
_FORBIDDEN = "Resource not accessible by integration"


class GitHubDouble(Host):
    """`login` is whose the token is; `app`s may not ask `/user`. `may_write` False: a fork's token."""

    def __init__(self) -> None:
        super().__init__()
        self.login = "github-actions[bot]"
        self.is_app = True
        self.may_write = True
        self.graphql = True
        self.token = TOKEN
        self.comments: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.statuses: dict[str, list[dict[str, Any]]] = {}
        self.minimized: list[str] = []

    @property
    def variables(self) -> dict[str, str]:
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_REPOSITORY": "acme/voice",
            "GITHUB_API_URL": self.api,
            "GITHUB_GRAPHQL_URL": f"{self.api}/graphql",
            "GITHUB_TOKEN": TOKEN,
            "GITHUB_SHA": "a" * 40,
            "GITHUB_REF": "refs/pull/7/merge",
            "GITHUB_RUN_ID": "42",
        }

    def routes(self) -> list[tuple[str, str, Callable[..., Any]]]:
        at = "/repos/acme/voice"
        return [
            ("GET", "/user", self._user),
            ("GET", f"{at}/issues/7/comments", lambda **_: self.comments),
            ("POST", f"{at}/issues/7/comments", self._comment),
            ("PATCH", rf"{at}/issues/comments/(\d+)", self._edit),
            ("POST", f"{at}/statuses/(.+)", self._status),
            ("GET", f"{at}/issues", self._open),
            ("POST", f"{at}/issues", self._issue),
            ("PATCH", rf"{at}/issues/(\d+)", self._change),
            ("POST", "/graphql", self._graphql),
        ]

    def check(self, environ: Any, method: str, path: str, query: dict[str, str], body: Any) -> None:
        if environ.get("HTTP_AUTHORIZATION") != f"Bearer {self.token}":
            raise Refused(401, f"Bad credentials {environ.get('HTTP_AUTHORIZATION')}")
        for (verb, shape), operation in _OPERATIONS.items():
            if verb == method and shape.fullmatch(path):
                _fits(operation, query, body)
                break
        else:
            assert path in ("/user", "/graphql"), f"{method} {path} is not in GitHub's schema"
        if method != "GET" and path != "/graphql" and not self.may_write:
            raise Refused(403, _FORBIDDEN)

    def add(self, author: str, body: str) -> dict[str, Any]:
        """A comment that somebody wrote."""
        number = self.number()
        made = {
            "id": number,
            "node_id": f"IC_{number}",
            "user": {"login": author, "type": "Bot" if author.endswith("[bot]") else "User"},
            "body": body,
            "html_url": f"https://github.example/acme/voice/pull/7#issuecomment-{number}",
        }
        self.comments.append(made)
        return made

    def _user(self, **_: Any) -> Any:
        if self.is_app:
            raise Refused(403, _FORBIDDEN)
        return {"login": self.login}

    def _comment(self, *, body: Any, **_: Any) -> Any:
        return self.add(self.login, _short(body["body"]))

    def _edit(self, number: str, *, body: Any, **_: Any) -> Any:
        [found] = [each for each in self.comments if each["id"] == int(number)]
        # GitHub lets a token with write access edit what others wrote: nothing but Callsheet keeps from it.
        found["body"] = _short(body["body"])
        return found

    def _status(self, sha: str, *, body: Any, **_: Any) -> Any:
        if len(body.get("description") or "") > 140:
            raise Refused(422, "description is too long (maximum is 140 characters)")
        self.statuses.setdefault(sha, []).append(body)
        return body

    def _open(self, *, query: Any, **_: Any) -> Any:
        return [each for each in self.issues if each["state"] == query.get("state", "open")]

    def _issue(self, *, body: Any, **_: Any) -> Any:
        number = self.number()
        made = {
            "number": number,
            "id": number + 9000,
            "node_id": f"I_{number}",
            "user": {"login": self.login},
            "state": "open",
            "html_url": f"https://github.example/acme/voice/issues/{number}",
            **body,
        }
        _short(body["body"])
        self.issues.append(made)
        return made

    def _change(self, number: str, *, body: Any, **_: Any) -> Any:
        [found] = [each for each in self.issues if each["number"] == int(number)]
        found.update(body)
        return found

    def _graphql(self, *, body: Any, **_: Any) -> Any:
        if not self.graphql:
            raise Refused(404, "Not Found")
        if "viewer" in body["query"]:
            return {"data": {"viewer": {"login": self.login}}}
        assert "minimizeComment" in body["query"]
        if not self.may_write:
            return {"data": {"minimizeComment": None}, "errors": [{"message": _FORBIDDEN}]}
        self.minimized.append(body["variables"]["id"])
        return {"data": {"minimizeComment": {"minimizedComment": {"isMinimized": True}}}}


def _short(text: str) -> str:
    if len(text) > 65_536:
        raise Refused(422, "Body is too long (maximum is 65536 characters)")
    return text


def _fits(operation: dict[str, Any], query: dict[str, str], body: Any) -> None:
    """AssertionError for a request that GitHub's own schema does not allow."""
    if "body" in operation:
        judge = jsonschema_rs.Draft202012Validator(operation["body"])
        assert [str(each) for each in judge.iter_errors(body)] == []
        return
    assert set(query) <= set(operation["query"]), query
    for name, value in query.items():
        schema = operation["query"][name]
        given = int(value) if schema.get("type") == "integer" else value
        assert jsonschema_rs.is_valid(schema, given), (name, value)

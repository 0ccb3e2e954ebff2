"""GitLab on this machine, as far as notes, statuses and issues go; `python-gitlab` drives it too, in a test.

From docs.gitlab.com/api/notes, /commits, /issues and /users, as of 2026-11. A status that is set to what it
is answers 400, as others' issues quote it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from support.hosts import TOKEN, Host, Refused

ME, OTHER = {"id": 11, "username": "project_1_bot"}, {"id": 12, "username": "mallory"}
_FIELDS = {
    "notes": {"body"},
    "statuses": {"state", "name", "description", "target_url", "ref", "context", "pipeline_id", "coverage"},
    "issues": {"title", "description", "state_event", "labels"},
}


class GitLabDouble(Host):
    def __init__(self) -> None:
        super().__init__()
        self.may_write = True
        self.notes: list[dict[str, Any]] = []
        self.issues: list[dict[str, Any]] = []
        self.statuses: dict[str, dict[str, Any]] = {}

    @property
    def variables(self) -> dict[str, str]:
        return {
            "GITLAB_CI": "true",
            "CI_PROJECT_ID": "1",
            "CI_API_V4_URL": self.api,
            "CI_MERGE_REQUEST_IID": "7",
            "CI_MERGE_REQUEST_PROJECT_ID": "1",
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1",
            "CI_MERGE_REQUEST_PROJECT_URL": "https://gitlab.example/acme/voice",
            "CI_COMMIT_SHA": "b" * 40,
            "CI_JOB_URL": "https://gitlab.example/acme/voice/-/jobs/5",
            "GITLAB_TOKEN": TOKEN,
        }

    def routes(self) -> list[tuple[str, str, Callable[..., Any]]]:
        at = "/api/v4/projects/1"
        return [
            ("GET", "/api/v4/user", lambda **_: ME),
            ("GET", at, lambda **_: {"id": 1, "path_with_namespace": "acme/voice"}),
            ("GET", f"{at}/merge_requests/7", lambda **_: {"id": 70, "iid": 7, "project_id": 1}),
            ("GET", f"{at}/merge_requests/7/notes", self._listed),
            ("POST", f"{at}/merge_requests/7/notes", self._note),
            ("PUT", rf"{at}/merge_requests/7/notes/(\d+)", self._edit),
            ("POST", f"{at}/statuses/(.+)", self._status),
            ("GET", f"{at}/repository/commits/(.+)/statuses", lambda sha, **_: [*self.statuses.values()]),
            ("GET", f"{at}/repository/commits/([^/]+)", lambda sha, **_: {"id": sha}),
            ("GET", f"{at}/issues", self._open),
            ("POST", f"{at}/issues", self._issue),
            ("PUT", rf"{at}/issues/(\d+)", self._change),
        ]

    def check(self, environ: Any, method: str, path: str, query: dict[str, str], body: Any) -> None:
        if environ.get("HTTP_PRIVATE_TOKEN") != TOKEN:
            raise Refused(401, "401 Unauthorized")
        if method == "GET":
            return
        if not self.may_write:
            raise Refused(403, "403 Forbidden")
        [known] = [fields for part, fields in _FIELDS.items() if f"/{part}" in path]
        assert set(body) <= known, body

    def add(self, author: dict[str, Any], body: str, **more: Any) -> dict[str, Any]:
        """A note that somebody wrote."""
        made = {
            "id": self.number(),
            "author": author,
            "body": body,
            "system": False,
            "noteable_iid": 7,
            **more,
        }
        self.notes.append(made)
        return made

    def _listed(self, *, query: Any, **_: Any) -> Any:
        # The newest first, unless somebody asks otherwise.
        return self.notes if query.get("sort") == "asc" else self.notes[::-1]

    def _note(self, *, body: Any, **_: Any) -> Any:
        return self.add(ME, body["body"])

    def _edit(self, number: str, *, body: Any, **_: Any) -> Any:
        [found] = [each for each in self.notes if each["id"] == int(number)]
        found.update(body)
        return found

    def _status(self, sha: str, *, body: Any, **_: Any) -> Any:
        if body["state"] not in ("pending", "running", "success", "failed", "canceled", "skipped"):
            raise Refused(400, "state does not have a valid value")
        name = body.get("name") or body.get("context") or "default"
        before = self.statuses.get(name)
        if before and before["status"] == body["state"] == "pending":
            raise Refused(400, "Cannot transition status via :enqueue from :pending (Reason(s): Status …)")
        self.statuses[name] = {"id": self.number(), "sha": sha, "status": body["state"], **body}
        return self.statuses[name]

    def _open(self, *, query: Any, **_: Any) -> Any:
        author = query.get("author_id")
        return [
            each
            for each in self.issues
            if each["state"] == query.get("state", each["state"])
            and (author is None or str(each["author"]["id"]) == author)
        ]

    def _issue(self, *, body: Any, **_: Any) -> Any:
        number = self.number()
        url = f"https://gitlab.example/acme/voice/-/issues/{number}"
        made = {"id": number + 900, "iid": number, "author": ME, "state": "opened", "web_url": url, **body}
        self.issues.append(made)
        return made

    def _change(self, number: str, *, body: Any, **_: Any) -> Any:
        [found] = [each for each in self.issues if each["iid"] == int(number)]
        fields = dict(body)
        if fields.pop("state_event", None) == "close":
            found["state"] = "closed"
        found.update(fields)
        return found

"""GitHub: comments, statuses and issues by its REST API, folding away by GraphQL.

From docs.github.com/rest and docs.github.com/graphql, as of 2026-11; the shapes of requests are those of
@octokit/openapi 23.0.2.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property, partial
from typing import Any

from callsheet.ci.addresses import origin
from callsheet.ci.base import Clock, Deed, HostError, NotAllowed, Posted, Standing, checked_key
from callsheet.ci.client import Client, segment
from callsheet.ci.sticky import Board, Entry, keys_of, mine, stick
from callsheet.ci.surroundings import Job

_ACTIONS = "github-actions[bot]"
_DESCRIPTION = 140
_BODY = 65_536
_VIEWER = "query { viewer { login } }"
_MINIMIZE = (
    "mutation ($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) "
    "{ minimizedComment { isMinimized } } }"
)


class GitHub:
    """A repository, and its pull request where the job is about one."""

    def __init__(self, job: Job, clock: Clock) -> None:
        self._job = job
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {job.token}",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        self._client = Client("GitHub", job.api_url, headers, job.token, clock)
        owner, _, name = job.project.partition("/")
        self._repository = f"/repos/{segment(owner)}/{segment(name)}"
        graphql = job.graphql_url or f"{job.api_url.rstrip('/')}/graphql"
        # The token goes to the one host that it is for.
        self._graphql = graphql if origin(graphql) == origin(job.api_url) else ""

    @property
    def limit(self) -> int:
        return _BODY

    def close(self) -> None:
        self._client.close()

    def comment(self, key: str, body: str, says: str | None = None) -> Posted:
        thread = f"{self._repository}/issues/{self._job.number}/comments"
        board = Board(
            entries=lambda: self._entries(thread),
            create=partial(self._create, thread),
            edit=self._edit,
            fold=self._fold,
            limit=_BODY,
        )
        return stick(board, key, body, says)

    def status(self, key: str, standing: Standing, description: str) -> Standing:
        body = {
            "state": str(standing),
            "context": f"callsheet/{checked_key(key)}",
            "description": description[:_DESCRIPTION],
            **({"target_url": self._job.run_url} if self._job.run_url else {}),
        }
        # The last one of a context is the one that counts: setting it twice is setting it once.
        self._client.send("POST", f"{self._repository}/statuses/{segment(self._job.sha)}", body)
        return standing

    def issue(self, key: str, title: str, body: str | None, former: str = "") -> Posted:
        place = f"{self._repository}/issues"

        def edit(entry: Entry, **fields: Any) -> None:
            self._client.send("PATCH", f"{place}/{entry.id}", fields)

        def close(entry: Entry, text: str) -> None:
            edit(entry, body=text, state="closed", state_reason="not_planned")

        if body is None:
            found = mine(self._issues(), checked_key(key), (former, title))
            for each in found:
                edit(each, state="closed", state_reason="completed")
            return Posted(Deed.CLOSED, found[0].url) if found else Posted(Deed.NONE)
        return stick(
            Board(
                entries=self._issues,
                create=lambda text: self._create(place, text, title=title),
                edit=lambda entry, text: edit(entry, title=title, body=text),
                fold=close,
                limit=_BODY,
                former=(former, title),
            ),
            key,
            body,
        )

    def open_issues(self) -> list[tuple[str, str]]:
        return keys_of(self._issues())

    def _issues(self) -> Iterator[Entry]:
        # Not by a label: GitHub drops those that a token without push access sets, and says nothing.
        return self._entries(f"{self._repository}/issues", state="open", sort="created", direction="asc")

    def _entries(self, place: str, **query: Any) -> Iterator[Entry]:
        for each in self._client.pages(place, **query):
            if "pull_request" not in each:
                yield self._entry(each)

    def _entry(self, each: Any) -> Entry:
        return Entry(
            id=str(each.get("number") or each.get("id")),
            ours=((each.get("user") or {}).get("login") or "").lower() == self._login.lower(),
            text=each.get("body") or "",
            url=each.get("html_url") or "",
            title=each.get("title") or "",
            node=each.get("node_id") or "",
        )

    def _create(self, place: str, text: str, **more: Any) -> Entry:
        answer = self._client.send("POST", place, {"body": text, **more}, makes=True)
        return self._entry(answer.value or {})

    def _edit(self, entry: Entry, text: str) -> None:
        self._client.send("PATCH", f"{self._repository}/issues/comments/{entry.id}", {"body": text})

    def _fold(self, entry: Entry, text: str) -> None:
        self._edit(entry, text)
        if entry.node:
            self._ask(_MINIMIZE, id=entry.node)

    @cached_property
    def _login(self) -> str:
        """Who we are. An app's token, which GITHUB_TOKEN is, may not ask `/user`; GraphQL tells it too.

        Where nothing does, it is Actions itself: then a comment of any other author stays as it is.
        """
        try:
            found = (self._client.get("/user").value or {}).get("login")
            if isinstance(found, str) and found:
                return found
        except NotAllowed:
            pass
        viewer = (self._ask(_VIEWER) or {}).get("viewer") or {}
        login = viewer.get("login")
        if not isinstance(login, str) or not login:
            return _ACTIONS
        # Brackets are in no person's name, so no person is taken for the app.
        return login if login.endswith("[bot]") else f"{login}[bot]"

    def _ask(self, query: str, **variables: Any) -> dict[str, Any] | None:
        """The data of a GraphQL answer; None where there is no GraphQL, or where it says no."""
        if not self._graphql:
            return None
        try:
            body = {"query": query, "variables": variables}
            value = self._client.send("POST", self._graphql, body, whole=True).value
        except HostError:
            return None
        data = value.get("data") if isinstance(value, dict) and not value.get("errors") else None
        return data if isinstance(data, dict) else None

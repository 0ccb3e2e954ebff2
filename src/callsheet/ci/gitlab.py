"""GitLab: notes of merge requests, commit statuses and issues, by its REST API (v4).

From docs.gitlab.com/api (notes, commits, issues) and docs.gitlab.com/ci/jobs/ci_job_token, as of 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from callsheet.ci.base import Clock, Deed, HostError, Posted, Standing, checked_key
from callsheet.ci.client import Client, segment
from callsheet.ci.sticky import Board, Entry, keys_of, mine, stick
from callsheet.ci.surroundings import Job

_DESCRIPTION = 255
_BODY = 1_000_000
_STATES = {Standing.SUCCESS: "success", Standing.PENDING: "pending", Standing.FAILURE: "failed"}


class GitLab:
    """A project, and its merge request where the job is about one."""

    def __init__(self, job: Job, clock: Clock) -> None:
        self._job = job
        self._client = Client("GitLab", job.api_url, {"PRIVATE-TOKEN": job.token}, job.token, clock)
        self._project = f"/projects/{segment(job.project)}"

    @property
    def limit(self) -> int:
        return _BODY

    def close(self) -> None:
        self._client.close()

    def comment(self, key: str, body: str, says: str | None = None) -> Posted:
        notes = f"{self._project}/merge_requests/{self._job.number}/notes"

        def entries() -> Iterator[Entry]:
            for each in self._client.pages(notes, sort="asc", order_by="created_at"):
                if not each.get("system"):
                    yield self._entry(each, "body", "id", f"{self._job.page_url}#note_{each.get('id')}")

        def create(text: str) -> Entry:
            value = self._client.send("POST", notes, {"body": text}, makes=True).value or {}
            return self._entry(value, "body", "id", f"{self._job.page_url}#note_{value.get('id')}")

        def edit(entry: Entry, text: str) -> None:
            self._client.send("PUT", f"{notes}/{entry.id}", {"body": text})

        return stick(Board(entries, create, edit, edit, _BODY), key, body, says)

    def status(self, key: str, standing: Standing, description: str) -> Standing:
        body = {
            "state": _STATES[standing],
            "name": f"callsheet/{checked_key(key)}",
            "description": description[:_DESCRIPTION],
            **({"target_url": self._job.run_url} if self._job.run_url else {}),
        }
        try:
            self._client.send("POST", f"{self._project}/statuses/{segment(self._job.sha)}", body)
        except HostError as cause:
            # What GitLab answers where the status has this state already, as "… via :enqueue from :pending".
            said = str(cause)
            if "Cannot transition status" not in said or f"from :{_STATES[standing]}" not in said:
                raise
        return standing

    def issue(self, key: str, title: str, body: str | None, former: str = "") -> Posted:
        place = f"{self._project}/issues"

        def create(text: str) -> Entry:
            fields = {"title": title, "description": text}
            value = self._client.send("POST", place, fields, makes=True).value or {}
            return self._entry(value, "description", "iid", value.get("web_url") or "")

        def edit(entry: Entry, **fields: Any) -> None:
            self._client.send("PUT", f"{place}/{entry.id}", fields)

        if body is None:
            found = mine(self._issues(), checked_key(key), (former, title))
            for each in found:
                edit(each, state_event="close")
            return Posted(Deed.CLOSED, found[0].url) if found else Posted(Deed.NONE)
        return stick(
            Board(
                self._issues,
                create,
                lambda entry, text: edit(entry, title=title, description=text),
                lambda entry, text: edit(entry, description=text, state_event="close"),
                _BODY,
                (former, title),
            ),
            key,
            body,
        )

    def open_issues(self) -> list[tuple[str, str]]:
        return keys_of(self._issues())

    def _issues(self) -> Iterator[Entry]:
        query = {
            "state": "opened",
            "scope": "all",
            "author_id": self._me,
            "order_by": "created_at",
            "sort": "asc",
        }
        for each in self._client.pages(f"{self._project}/issues", **query):
            yield self._entry(each, "description", "iid", each.get("web_url") or "")

    def _entry(self, each: Any, text: str, identity: str, url: str) -> Entry:
        return Entry(
            id=str(each.get(identity)),
            ours=(each.get("author") or {}).get("id") == self._me,
            text=each.get(text) or "",
            url=url,
            title=each.get("title") or "",
        )

    @cached_property
    def _me(self) -> int:
        found = (self._client.get("/user").value or {}).get("id")
        if not isinstance(found, int):
            raise HostError(
                "GitLab does not say whose token this is", hint="use a project or personal access token"
            )
        return found

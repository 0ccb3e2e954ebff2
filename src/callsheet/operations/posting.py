"""Posting: what may be posted is, and what this job may not do becomes a notice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from callsheet.ci.base import Clock, NotAllowed, Publisher
from callsheet.ci.surroundings import GITHUB, Job

T = TypeVar("T")
_NO_LIMIT = 2**31


class Post:
    """A job's way to its code host. `notices` are why something was not posted; they are no errors."""

    def __init__(self, job: Job, clock: Clock, notices: list[str]) -> None:
        self.job = job
        self.notices = notices
        self._publisher: Publisher | None = None
        if job.without:
            self._note(f"Nothing was posted: {job.without}.")
        else:
            # httpx takes its time to load, and a job without a token needs none of it.
            from callsheet.ci.publishers import publisher

            self._publisher = publisher(job, clock)

    def __enter__(self) -> Post:
        return self

    def __exit__(self, *_: object) -> None:
        if self._publisher:
            self._publisher.close()

    @property
    def limit(self) -> int:
        return self._publisher.limit if self._publisher else _NO_LIMIT

    def about_a_request(self) -> bool:
        """Whether there is a pull request to comment on; a notice says so where there is none."""
        if self.job.number is None:
            self._note("There is no comment: this job is not about a pull request.")
        return self.job.number is not None

    def about_a_commit(self) -> bool:
        """Whether a status has a commit to be of; a notice says so where it has none."""
        if not self.job.sha:
            self._note("There is no status: what set this job off does not name the commit.")
        return bool(self.job.sha)

    def allowed(self, do: Callable[[Publisher], T]) -> T | None:
        """Do it; None where this job may not."""
        if self._publisher is None:
            return None
        try:
            return do(self._publisher)
        except NotAllowed as cause:
            self._note(f"{cause.diagnostics[0].summary}. {self._remedy}")
            return None

    @property
    def _remedy(self) -> str:
        if self.job.fork:
            return "Pull requests of forks get a token that may only read: the job's page shows it instead."
        if self.job.host == GITHUB:
            return "Give the job the permissions that docs/ci.md names."
        return "Give GITLAB_TOKEN the scope and the role that docs/ci.md names."

    def _note(self, text: str) -> None:
        if text not in self.notices:
            self.notices.append(text)

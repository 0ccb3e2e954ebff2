"""`drift --issue`: one open issue per environment for as long as there is drift."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, cast

from callsheet.ci.base import Posted
from callsheet.ci.keys import of_drift
from callsheet.ci.surroundings import job_of
from callsheet.diff.veil import Veil
from callsheet.model.value import transform
from callsheet.operations.drift import Drift, without_secret_names
from callsheet.operations.posting import Post
from callsheet.operations.session import Session
from callsheet.reports.drift_view import drift_view
from callsheet.reports.markdown import LIMIT, drift_markdown
from callsheet.reports.markdown_fit import size
from callsheet.reports.markdown_text import code

# Two checks that find the same say the same, whenever they are made.
_OF_THE_CHECK = ("checkedAt", "state", "notListed")


@dataclass(frozen=True, slots=True)
class Issues:
    """The issues of a project. What a job may not do is said by `notice`, and each deed by `done`."""

    fail_on: str
    notice: Callable[[str], None]
    done: Callable[[Posted], None]

    def tell(self, session: Session, found: Drift) -> None:
        """Open, update or close the environment's issue."""
        app, name = session.environments.app, found.environment
        veil = Veil.of(session.keeper.known_values(), found.state.key)
        body = issue_body(found, veil) if found.exit_code(self.fail_on) else None
        with self._post(session) as post:
            posted = post.allowed(
                lambda host: host.issue(of_drift(app, name), _title(app, name), body, _former(name))
            )
        if posted:
            self.done(posted)

    def open(self, session: Session) -> list[str]:
        """The environments of the app that have an open issue, whether environments.yaml has them or not."""
        app = session.environments.app
        with self._post(session) as post:
            found = post.allowed(lambda host: host.open_issues()) or []
        names = ((key.rpartition("/")[2], key, title) for key, title in found)
        return [
            name
            for name, key, title in names
            if key == of_drift(app, name) or (key, title) == (_former(name), _title(app, name))
        ]

    @contextmanager
    def _post(self, session: Session) -> Iterator[Post]:
        job = job_of(session.variables)
        session.keeper.hide(job.token)
        with Post(job, session.clock, []) as post:
            yield post
            for notice in post.notices:
                self.notice(notice)


def _title(app: str, environment: str) -> str:
    return f"Drift in {app} {environment}"


def _former(environment: str) -> str:
    """The key before it held the app: two projects of one repository had the same, but for the title."""
    return f"drift/{environment}"


def issue_body(found: Drift, veil: Veil, limit: int = LIMIT) -> str:
    """The report without the time of the check, in at most `limit` bytes: a check that finds the same leaves
    the issue as it is, and one that finds anything else does not, however little of it there is room for."""
    told = _veiled(found.to_json(), veil)
    foot = (
        f"\n{code('callsheet apply')} sets it back; {code('docs/drift.md')} says what else can be done. "
        "The check closes this issue when the drift is gone.\n\n"
        f"Digest of this drift: {code(_digest(found))}\n"
    )
    view = replace(drift_view(told), headline=f"`{found.environment}` is not as it was left")
    return drift_markdown([view], limit=limit - size(foot)) + foot


def _veiled(told: dict[str, Any], veil: Veil) -> dict[str, Any]:
    """The report with what holds a known secret hidden: in keys only where those are not our own."""
    for name in ("drift", "notices"):
        told[name] = [without_secret_names(each, veil) for each in told[name]]
    return cast(
        dict[str, Any], transform(told, lambda leaf: veil.name(leaf) if isinstance(leaf, str) else leaf)
    )


def _digest(found: Drift) -> str:
    """Keyed, so that nobody finds out by trying what a value is that is not shown."""
    told = {name: value for name, value in found.to_json().items() if name not in _OF_THE_CHECK}
    # Keys of values that are hidden where they are shown.
    told["drift"] = [each.to_json() for each in found.report.drifted]
    data = json.dumps(told, sort_keys=True, default=repr)
    return hmac.new(found.state.key, data.encode(), hashlib.sha256).hexdigest()

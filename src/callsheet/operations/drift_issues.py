"""`drift --issue`: one open issue per environment for as long as there is drift."""

from __future__ import annotations

import re
from collections.abc import Callable

from callsheet.ci.base import Posted
from callsheet.ci.surroundings import job_of
from callsheet.diff.veil import Veil
from callsheet.operations.drift import Drift
from callsheet.operations.posting import Post
from callsheet.operations.session import Session
from callsheet.reports.drift_lines import drift_lines
from callsheet.reports.drift_view import drift_view
from callsheet.reports.escaping import visible
from callsheet.reports.line import text_of

# Characters; GitHub takes 65,536.
_LIMIT = 60_000


def tell_issue(session: Session, found: Drift, fail_on: str, say: Callable[[str], None]) -> Posted | None:
    """Open, update or close the environment's issue; None where this job may not, which is said."""
    name = found.environment
    veil = Veil.of(session.keeper.known_values(), found.state.key)
    body = issue_body(found, veil) if found.exit_code(fail_on) else None
    job = job_of(session.variables)
    session.keeper.hide(job.token)
    with Post(job, session.clock, []) as post:
        title = f"Drift in {session.environments.app} {name}"
        posted = post.allowed(lambda host: host.issue(f"drift/{name}", title, body))
        for notice in post.notices:
            say(notice)
    return posted


def issue_body(found: Drift, veil: Veil) -> str:
    """The report without the time of the check: a check that finds the same leaves the issue as it is."""
    view = drift_view(found.to_json())
    # The headline has the time, and the line after it is empty. A key of a path may be what a secret is.
    rows = [visible(veil.name(text_of(line)) or "").rstrip() for line in drift_lines(view)][2:]
    text = "\n".join(rows).strip("\n")
    if len(text) > _LIMIT:
        text = text[:_LIMIT].rpartition("\n")[0] + "\n… (the rest is in the report of the check)"
    # Nothing within ends the block, so nothing within is markup or a mention.
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return (
        f"What Callsheet manages in `{found.environment}` is not as it was left.\n\n"
        f"{fence}text\n{text}\n{fence}\n\n"
        "`callsheet apply` sets it back; docs/drift.md says what else can be done. "
        "The check closes this issue when the drift is gone."
    )

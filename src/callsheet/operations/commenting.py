"""`comment`: plans, shown where a pull request is discussed. Reads plan files, and no project or provider."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callsheet.ci.base import Clock, Posted, Standing, checked_key
from callsheet.ci.marks import LENGTH
from callsheet.ci.surroundings import Job, job_of
from callsheet.model.address import is_name
from callsheet.model.errors import CallsheetError
from callsheet.operations.posting import Post
from callsheet.operations.show import read_archive
from callsheet.plan.plan import Plan

if TYPE_CHECKING:
    from callsheet.reports.plan_view import PlanView

FORMAT = "callsheet.comment/1"
_COMMENT = 65_536  # characters; what is longer nobody reads in a comment
_SUMMARY = 1024 * 1024  # bytes that GitHub takes for one step
_LEAST = 1000  # bytes of a plan that are worth showing
_NOTICES = 4096  # bytes that are left for them


@dataclass(frozen=True, slots=True)
class Commented:
    """`posted` is None where nothing could be posted, and `notices` say why; `text` is what was to be said.

    `summary`: whether the job's page shows it. `missing` are expected environments without a plan.
    """

    key: str
    text: str
    posted: Posted | None
    summary: bool
    standing: Standing | None
    notices: tuple[str, ...]
    missing: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "key": self.key,
            "comment": self.posted.to_json() if self.posted else None,
            "summary": self.summary,
            "status": str(self.standing) if self.standing else None,
            "notices": list(self.notices),
            "missing": list(self.missing),
        }


def comment(
    files: Sequence[Path],
    *,
    variables: Mapping[str, str],
    clock: Clock,
    hide: Callable[[str], None],
    key: str | None = None,
    limit: int | None = None,
    changed_files: Path | None = None,
    status: bool = False,
    expected: Sequence[str] = (),
) -> Commented:
    """Show the plans in one comment, and whole on the job's page. HostError where the host fails,
    CallsheetError for two plans of one environment and for what is no environment's name.

    An `expected` environment that no file is of could not be planned, and that is what is told of it.

    What the job may not do is no error: then the job's page is where it is shown. `hide` is told the token.
    """
    from callsheet.reports.markdown import SHORTENED, plan_markdown
    from callsheet.reports.plan_view import plan_view

    plans = [read_archive(file).plan for file in files]
    there = [plan.environment for plan in plans]
    _check(there, expected)
    # The same key whichever of them could be planned.
    key = checked_key(key or "+".join(dict.fromkeys([*expected, *there])))
    missing = tuple(dict.fromkeys(each for each in expected if each not in there))
    changed = _paths(changed_files) if changed_files else None
    job = job_of(variables)
    hide(job.token)
    views = [_known(plan_view(plan), job) for plan in plans]

    def text(most: int, shown: Sequence[PlanView] = views, on_page: bool = False) -> str:
        return plan_markdown(shown, limit=most, changed_files=changed, missing=missing, on_page=on_page)

    page = _page(job.summary, text)
    whole = bool(page) and not page.endswith(SHORTENED)
    posted = standing = None
    notices: list[str] = []
    try:
        with Post(job, clock, notices) as post:
            most = limit or min(post.limit, _COMMENT) - LENGTH
            short = text(most, on_page=whole)
            says = text(most, [_timeless(view) for view in views], whole)
            if post.about_a_request():
                posted = post.allowed(lambda host: host.comment(key, short, says))
            if status and post.about_a_commit():
                judged, words = standing_of(plans, missing)
                standing = post.allowed(lambda host: host.status(key, judged, words))
    finally:
        # Also where the host fails: the plan is what somebody waits for.
        shown = job.summary is not None and _summarise(job.summary, page, notices)
    return Commented(key, short, posted, shown, standing, tuple(notices), missing)


def _check(there: Sequence[str], expected: Sequence[str]) -> None:
    """CallsheetError for what is no environment's name, and for a second plan of one environment."""
    for name in (*expected, *there):
        if not is_name(name):
            raise CallsheetError(
                f"{name!r} is no name for an environment: a-z, 0-9 and inner hyphens",
                hint="name environments with --expect as environments.yaml does, several with commas",
                code="ci.environment",
            )
    for name, count in Counter(there).items():
        if count > 1:
            raise CallsheetError(
                f"{count} of the FILEs are plans for {name}",
                detail="Only one of them can be applied, and the status would add them up.",
                hint="give one FILE per environment: callsheet show FILE says when each was made",
                code="ci.environment",
            )


def _known(view: PlanView, job: Job) -> PlanView:
    """With the commit that a reviewer knows in the place of one that the host made for the job."""
    return replace(view, commit=job.sha) if job.merge and job.sha and view.commit == job.merge else view


def _timeless(view: PlanView) -> PlanView:
    """Without what may differ between two plans that say the same: when it was made, and of which commit.

    The digest stays: it tells a reader which plan file this is, and a plan of other files has another.
    """
    return replace(view, commit=view.commit and "-", created_at="")


def standing_of(plans: Sequence[Plan], missing: Sequence[str] = ()) -> tuple[Standing, str]:
    """What a commit's status says of these plans, and why. What people still have to sign reddens nothing."""
    if missing:
        return Standing.FAILURE, f"{', '.join(missing)} could not be planned"
    refused = [f"{plan.environment}: {gate.message}" for plan in plans for gate in plan.refusals]
    if refused:
        return Standing.FAILURE, f"Refused. {refused[0]}"
    if conflicts := sum(len(plan.conflicts) for plan in plans):
        return Standing.FAILURE, f"{conflicts} {'conflict' if conflicts == 1 else 'conflicts'} to decide"
    waiting = [gate for plan in plans for gate in plan.gates if gate.status != "passed"]
    if waiting:
        return Standing.PENDING, f"Waits: {waiting[0].message}"
    changes = sum(len(plan.changes) for plan in plans)
    said = f"{changes} {'change' if changes == 1 else 'changes'}" if changes else "Nothing to do"
    return Standing.SUCCESS, said


def _page(path: Path | None, text: Callable[[int], str]) -> str:
    """The plan for the job's page, in as few words as the page has room for; nothing where it has none."""
    try:
        taken = path.stat().st_size if path else _SUMMARY
    except OSError:
        taken = 0  # it is made, or what is wrong with it is told when it is written
    room = _SUMMARY - taken - _NOTICES
    return text(room) if room >= _LEAST else ""


def _summarise(path: Path, page: str, notices: list[str]) -> bool:
    """Add to the job's page what there is room for, and whether there was."""
    if not page:
        notices.append(
            f"The job's page does not show the plan: it has no room left ({_SUMMARY:,} bytes a step)."
        )
        return False
    before = "".join(f"> {notice}\n" for notice in notices)
    before += "\n" if before else ""
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{before}{page}\n\n")
    except OSError as cause:
        raise CallsheetError(
            f"{path} cannot be written ({cause.strerror}), and the job's page is made of it",
            hint="it is named by GITHUB_STEP_SUMMARY or CALLSHEET_SUMMARY",
            code="ci.summary",
        ) from None
    return True


def _paths(file: Path) -> frozenset[str]:
    from callsheet.reports.explaining import paths_of

    try:
        return paths_of(file.read_bytes())
    except OSError as cause:
        raise CallsheetError(
            f"{file} cannot be read ({cause.strerror})",
            hint="write the changed files into it: git diff --name-only -z",
            code="ci.changed-files",
        ) from None

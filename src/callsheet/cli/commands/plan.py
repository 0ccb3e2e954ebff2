"""`callsheet plan`."""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any, BinaryIO

import click

from callsheet.cli.giving import given_of, proving, ticketing
from callsheet.cli.options import explaining, fitting, plan_options, planning, resuming, verb
from callsheet.cli.screen import HTML, JSON, MARKDOWN, RENDERED, Screen
from callsheet.model.errors import CallsheetError


@click.command("plan")
@verb(environment="The environment to plan (else the default one).", rendered=RENDERED)
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the plan to a file, for `apply FILE`.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 where there is something to do.")
@ticketing
@proving
@explaining
@fitting
@resuming
@planning
def command(
    screen: Screen,
    env: str | None,
    start: str,
    out: Path | None,
    detailed_exitcode: bool,
    changed_files: BinaryIO | None,
    limit: int,
    **given: Any,
) -> int:
    """Show what apply would change in one environment, and why.

    Reads the provider and writes nothing, save FILE.
    """
    from callsheet.operations.plan import plan, write_archive
    from callsheet.operations.session import Session

    files = paths_given(screen, changed_files)
    more = {"variables": screen.variables, "listener": screen.listener}
    more["given"] = given_of(given, applying=False)
    with Session.open(Path(start), env, **more) as session:
        screen.opened(session)
        planned = plan(session, plan_options(screen, given))
        if out is not None:
            write_archive(planned, out)
    show_plan(screen, planned.plan, limit=limit, changed_files=files)
    if out is not None:
        screen.say(f"Written to {out}; carry it out with: callsheet apply {out}")
    return planned.exit_code(detailed_exitcode)


def paths_given(screen: Screen, changed_files: BinaryIO | None) -> frozenset[str] | None:
    """The paths that `--changed-files` lists. It says nothing to a format that sets nothing apart."""
    if changed_files is None:
        return None
    if screen.format != MARKDOWN:
        raise CallsheetError("--changed-files needs -o markdown", code="usage")
    from callsheet.reports.explaining import paths_of

    return paths_of(changed_files.read())


def show_plan(
    screen: Screen, plan: Any, *, limit: int = 0, changed_files: Collection[str] | None = None
) -> None:
    """The plan in the format asked for; `limit` in bytes, 0 for none."""
    if screen.format == MARKDOWN:
        from callsheet.reports.markdown import plan_markdown
        from callsheet.reports.plan_view import plan_view

        views = [plan_view(plan)]
        screen.data(plan_markdown(views, limit=limit or sys.maxsize, changed_files=changed_files).encode())
        return
    if screen.format == JSON:
        from callsheet.reports.json import plan_document

        screen.document(plan_document(plan))
        return
    from callsheet.reports.plan_view import plan_view

    view = plan_view(plan)
    if screen.format == HTML:
        from callsheet.reports.html import plan_html

        screen.data(plan_html([view]).encode())
        return
    from callsheet.reports.plan_lines import plan_lines

    screen.report(plan_lines(view, verbose=screen.verbose, quiet=screen.quiet, excerpts=screen.excerpts))

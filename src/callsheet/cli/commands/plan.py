"""`callsheet plan`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from callsheet.cli.giving import given_of, proving, ticketing
from callsheet.cli.options import plan_options, planning, resuming, verb
from callsheet.cli.screen import TERMINAL, Screen


@click.command("plan")
@verb(environment="The environment to plan (else the default one).")
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the plan to a file, for `apply FILE`.",
)
@click.option("--detailed-exitcode", is_flag=True, help="Exit 2 where there is something to do.")
@ticketing
@proving
@resuming
@planning
def command(
    screen: Screen, env: str | None, start: str, out: Path | None, detailed_exitcode: bool, **given: Any
) -> int:
    """Show what apply would change in one environment, and why.

    Reads the provider and writes nothing, save FILE.
    """
    from callsheet.operations.plan import plan, write_archive
    from callsheet.operations.session import Session

    more = {"variables": screen.variables, "listener": screen.listener}
    more["given"] = given_of(given, applying=False)
    with Session.open(Path(start), env, **more) as session:
        screen.opened(session)
        planned = plan(session, plan_options(screen, given))
        if out is not None:
            write_archive(planned, out)
    show_plan(screen, planned.plan)
    if out is not None:
        screen.say(f"Written to {out}; carry it out with: callsheet apply {out}")
    return planned.exit_code(detailed_exitcode)


def show_plan(screen: Screen, plan: Any) -> None:
    """The plan in the format asked for."""
    if screen.format != TERMINAL:
        screen.document(plan.to_json())
        return
    from callsheet.reports.plan_lines import plan_lines
    from callsheet.reports.plan_view import plan_view

    view = plan_view(plan)
    screen.report(plan_lines(view, verbose=screen.verbose, quiet=screen.quiet, excerpts=screen.excerpts))

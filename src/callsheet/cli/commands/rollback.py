"""`callsheet rollback`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from callsheet.cli.commands.apply import carry_out, may_apply, must_be_able_to_ask, settle, tell_plan
from callsheet.cli.giving import given_of, overriding, ticketing
from callsheet.cli.options import locking, plan_options, planning, verb
from callsheet.cli.screen import Screen
from callsheet.model.errors import REFUSED, CallsheetError


@click.command("rollback")
@verb(environment="The environment to roll back (must be given).")
@click.option(
    "--to",
    metavar="RUN|EXPORT",
    required=True,
    help="A run, to go back to right before it; or an export. The first six characters are enough.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the plan to a file, for `apply FILE`, and do nothing else.",
)
@ticketing
@overriding
@locking
@planning
def command(
    screen: Screen,
    env: str | None,
    start: str,
    to: str,
    yes: bool,
    out: Path | None,
    lock_timeout: float,
    **given: Any,
) -> int:
    """Plan the way back to what was before a run, show it, ask, and carry it out.

    What was changed is set back, what was deleted is made again under a new id, what came since is deleted.
    The files are not read, and stay as they are: until they change, they are not applied again (a hold).
    """
    if env is None:
        raise CallsheetError("rollback needs --env: nothing is rolled back by default", code="usage")
    if out is None:
        must_be_able_to_ask(screen, yes, "--yes")
    from callsheet.operations.plan import write_archive
    from callsheet.operations.rollback import rollback
    from callsheet.operations.session import Session

    options = {
        "variables": screen.variables,
        "listener": screen.listener,
        "lock_timeout": lock_timeout,
        "files": False,
        "given": given_of(given, applying=out is None),
    }
    with Session.open(Path(start), env, **options) as session:
        screen.opened(session)
        if out is None:
            settle(screen, session)
        planned = rollback(session, to, plan_options(screen, given))
        tell_plan(screen, planned.plan)
        if out is not None:
            write_archive(planned, out)
            screen.say(f"Written to {out}; carry it out with: callsheet apply {out}")
            return REFUSED if planned.plan.refusals else 0
        if not yes and may_apply(planned.plan):
            answer = screen.ask(f"\nRoll {planned.plan.environment} back like this? Type yes to go on: ")
            if answer != "yes":
                raise CallsheetError("not confirmed; nothing was written", code="apply.unconfirmed")
        return carry_out(screen, session, planned.archive)

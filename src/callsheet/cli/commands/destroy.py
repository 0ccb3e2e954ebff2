"""`callsheet destroy`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from callsheet.cli.commands.apply import carry_out, must_be_able_to_ask, settle, tell_plan, will_write
from callsheet.cli.giving import given_of, overriding, ticketing
from callsheet.cli.options import locking, verb
from callsheet.cli.screen import Screen
from callsheet.model.errors import CallsheetError


@click.command("destroy")
@verb(environment="The environment whose remote objects are deleted (must be given).")
@click.option("--confirm", metavar="NAME", help="The environment's name once more, instead of being asked.")
@ticketing
@overriding
@locking
def command(
    screen: Screen, env: str | None, start: str, confirm: str | None, lock_timeout: float, **given: Any
) -> int:
    """Delete everything that Callsheet manages in one environment; what it does not manage stays.

    Asks for the environment's name. The files stay as they are.
    """
    if env is None:
        raise CallsheetError("destroy needs --env: nothing is destroyed by default", code="usage")
    if confirm is not None and confirm != env:
        raise CallsheetError(
            f"--confirm says {confirm!r}, and the environment is {env!r}",
            detail="Nothing was written.",
            code="usage.unconfirmed",
        )
    must_be_able_to_ask(screen, confirm is not None, f"--confirm {env}")
    from callsheet.operations.plan import plan
    from callsheet.operations.session import Session
    from callsheet.plan.inputs import Options

    options = {
        "variables": screen.variables,
        "listener": screen.listener,
        "lock_timeout": lock_timeout,
        "given": given_of(given, applying=True),
    }
    with Session.open(Path(start), env, **options) as session:
        screen.opened(session)
        settle(screen, session)
        planned = plan(session, Options(destroy=True, detail=screen.verbose))
        tell_plan(screen, planned.plan)
        if confirm is None and will_write(planned.plan):
            answer = screen.ask(f"\nThis deletes everything above. Type {env} to go on: ")
            if answer != env:
                raise CallsheetError("not confirmed; nothing was written", code="apply.unconfirmed")
        return carry_out(screen, session, planned.archive)

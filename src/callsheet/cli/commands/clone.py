"""`callsheet clone`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from callsheet.cli.commands.apply import must_be_able_to_ask, settle, tell_plan
from callsheet.cli.commands.promote import go_on, leading, tell_checklist
from callsheet.cli.giving import given_of, overriding, proving, ticketing
from callsheet.cli.options import deciding, locking, plan_options, resuming, verb
from callsheet.cli.screen import Screen


@click.command("clone")
@click.argument("address")
@verb()
@leading
@click.option(
    "--allow-dirty", is_flag=True, help="Clone out of a working tree with changes that no commit holds."
)
@ticketing
@proving
@overriding
@locking
@resuming
@deciding
def command(
    screen: Screen,
    address: str,
    start: str,
    origin: str,
    target: str,
    yes: bool,
    out: Path | None,
    allow_dirty: bool,
    lock_timeout: float,
    **given: Any,
) -> int:
    """Plan the resource ADDRESS of one environment into the release of another, with everything it needs.

    The files of the document, of what it refers to, and of its prompts join what the target runs. Secrets,
    parameters and external objects are the target's own; no id comes along.
    """
    if out is None:
        must_be_able_to_ask(screen, yes, "--yes")
    from callsheet.operations.clone import clone
    from callsheet.operations.plan import write_archive
    from callsheet.operations.session import Session

    options = {"variables": screen.variables, "listener": screen.listener, "lock_timeout": lock_timeout}
    options["given"] = given_of(given, applying=out is None)
    with Session.open(Path(start), target, **options) as session:
        screen.opened(session)
        if out is None:
            settle(screen, session)
        planned = clone(session, origin, address, plan_options(screen, given), dirty=allow_dirty)
        tell_plan(screen, planned.plan)
        tell_checklist(screen, session, planned)
        return go_on(
            screen, session, planned, out, yes, f"Clone {address} to {target} like this?", write_archive
        )

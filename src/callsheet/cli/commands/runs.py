"""`callsheet runs list|show|verify`."""

from __future__ import annotations

from pathlib import Path

import click

from callsheet.cli.options import verb
from callsheet.cli.screen import TERMINAL, Screen

_SHOWN = 20
_ENVIRONMENT = "The environment (else the default one)."


@click.group("runs")
def command() -> None:
    """What every run did: list them, show one, check that nobody changed their records."""


@command.command("list")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="N",
    help=f"How many to show (else {_SHOWN} on a terminal, and all with -o json).",
)
@verb(environment=_ENVIRONMENT)
def list_(screen: Screen, env: str | None, start: str, limit: int | None) -> int:
    """List the runs, the newest first: who, when, what came of it."""
    from callsheet.operations.runs import listed
    from callsheet.operations.session import Session

    terminal = screen.format == TERMINAL
    with Session.open(Path(start), env, variables=screen.variables, files=False) as session:
        told = listed(session, limit or (_SHOWN if terminal else None))
    if terminal:
        from callsheet.reports.run_lines import list_lines

        screen.report(list_lines(told))
    else:
        screen.document(told)
    return 0


@command.command("show")
@click.argument("run")
@click.option("--requests", is_flag=True, help="Show each request of the run, too.")
@verb(environment=_ENVIRONMENT)
def show(screen: Screen, run: str, env: str | None, start: str, requests: bool) -> int:
    """Show the whole record of one RUN; the beginning of its id, or of the id's last part, is enough."""
    from callsheet.operations.runs import shown
    from callsheet.operations.session import Session

    with Session.open(Path(start), env, variables=screen.variables, files=False) as session:
        told = shown(session, run, requests=requests)
    if screen.format == TERMINAL:
        from callsheet.reports.run_lines import record_lines

        screen.report(record_lines(told))
    else:
        screen.document(told)
    return 0


@command.command("verify")
@verb(environment=_ENVIRONMENT)
def verify(screen: Screen, env: str | None, start: str) -> int:
    """Check every record against its seal, the one before it and state. Exits 1 where one does not fit."""
    from callsheet.operations.runs import exit_code, verified
    from callsheet.operations.session import Session

    with Session.open(Path(start), env, variables=screen.variables, files=False) as session:
        told = verified(session)
    if screen.format == TERMINAL:
        from callsheet.reports.run_lines import verify_lines

        screen.report(verify_lines(told))
    else:
        screen.document(told)
    return exit_code(told)

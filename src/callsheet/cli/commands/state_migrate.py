"""`callsheet state migrate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from callsheet.cli.commands.apply import must_be_able_to_ask
from callsheet.cli.options import locking, verb
from callsheet.cli.screen import TERMINAL, Screen
from callsheet.model.errors import CallsheetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callsheet.operations.migrate import Migrated
    from callsheet.reports.line import Line


@click.command("migrate")
@verb(environment="The environment (else the default one).")
@click.option(
    "--to",
    required=True,
    metavar="STORE",
    help="The store to move to, as it stands after `state:`: '{backend: git, branch: x}'.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@locking
def migrate(screen: Screen, env: str | None, start: str, to: str, yes: bool, lock_timeout: float) -> int:
    """Move an environment's state, exports and audit to another store, and check every byte there.

    What is left behind is marked as moved, and is not used any more. Afterwards the new store has to be
    written into environments.yaml: the command prints how.
    """
    from callsheet.operations.migrate import destination, put_on_record
    from callsheet.operations.migrate import migrate as move
    from callsheet.operations.session import Session
    from callsheet.reports.diagnostic_lines import diagnostic_lines

    must_be_able_to_ask(screen, yes, "--yes", "")
    options = {"variables": screen.variables, "lock_timeout": lock_timeout, "files": False}
    with Session.open(Path(start), env, **options) as session:
        goal = destination(session, to)
        name, source = session.environment.name, session.store.describe()
        if not yes:
            screen.say(f"The state of {name} goes from {source} to {goal.store.describe()}.")
            if screen.ask("Move it? Type yes to go on: ") != "yes":
                raise CallsheetError("not confirmed; nothing was moved", code="state.unconfirmed")
        moved = move(session, goal)
        doubts = () if moved.before else put_on_record(session, moved)
    for each in doubts:
        screen.tell(diagnostic_lines(each))
    if screen.format == TERMINAL:
        screen.report(_lines(moved, screen.quiet))
    else:
        screen.document(moved.to_json())
    return 0


def _lines(moved: Migrated, quiet: bool) -> Iterator[Line]:
    from callsheet.reports.line import Span, line

    told = moved.to_json()
    summary = line(Span(f"State: {moved.environment} is in {told['to']}.", "summary"))
    if quiet:
        yield summary
        return
    what = (
        f"{told['resources']} resources at serial {told['serial']}; {told['documents']} documents, "
        f"{told['logs']} logs and {told['blobs']} blobs"
    )
    if moved.before:
        yield line(f"It was moved at {moved.before}, and is there: {what}.")
    else:
        yield line(f"Moved and read back: {what}.")
    yield line(f"From {told['from']}")
    yield line(f"To   {told['to']}")
    yield line(
        "Now write this into environments.yaml; until then every verb that needs state stops, and says so:"
    )
    yield from (
        line(Span(text, "path"))
        for text in ("environments:", f"  {moved.environment}:", f"    state: {told['section']}")
    )
    yield summary

"""`callsheet state mv|rm`: what an address stands for, changed in state alone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callsheet.cli.commands.apply import must_be_able_to_ask
from callsheet.cli.options import locking, verb
from callsheet.cli.screen import TERMINAL, Screen
from callsheet.model.errors import CallsheetError

if TYPE_CHECKING:
    from callsheet.operations.session import Session
    from callsheet.operations.surgery import Surgery

CHANGE = "callsheet.state-change/1"


@click.command("mv")
@click.argument("source")
@click.argument("dest")
@verb(environment="The environment (else the default one).")
@click.option("--yes", is_flag=True, help="Do not ask.")
@locking
def move(
    screen: Screen, source: str, dest: str, env: str | None, start: str, yes: bool, lock_timeout: float
) -> int:
    """Give the object of SOURCE the address DEST, in state alone; nothing is sent to the provider.

    A document takes its parts along (Tool/jira[createIssue]), and references in other records follow. Rename
    the document itself too: then the next plan has nothing to make and nothing to delete.

    `lifecycle: {movedFrom: SOURCE}` in the renamed document does the same in the next apply, in every
    environment, and shows in its plan. Prefer that; take `state mv` where the files cannot say it.
    """
    must_be_able_to_ask(screen, yes, "--yes", "")
    from callsheet.operations.session import Session
    from callsheet.operations.surgery import surgery
    from callsheet.reports.line import Span, line
    from callsheet.state.renaming import rename
    from callsheet.state.selecting import parse

    wanted = parse(source), parse(dest)
    options = {"variables": screen.variables, "lock_timeout": lock_timeout, "files": False}
    with Session.open(Path(start), env, **options) as session:
        with surgery(session, "state mv") as operation:
            renaming = rename(operation.state, *wanted)
            for record, name in renaming.moved:
                screen.say(f"{record.address} becomes {name} (object {record.remote_id})")
            if renaming.following:
                screen.say(f"References follow in {', '.join(renaming.following)}")
            confirm(screen, yes, f"Rename this in state of {session.environment.name}?")
            operation.write(renaming.about, renaming.entry)
        tell_doubts(screen, operation)
        if screen.format != TERMINAL:
            screen.document({**head(session, "mv"), **renaming.about})
            return 0
        screen.say(f"Rename the document too; `movedFrom: {source}` in it would have done all of this.")
        serial = session.ledger.state.serial
        screen.report([line(Span(f"State: {source} is {dest} now, at serial {serial}.", "summary"))])
    return 0


@click.command("rm")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...")
@verb(environment="The environment (else the default one).")
@click.option("--yes", is_flag=True, help="Do not ask.")
@locking
def remove(
    screen: Screen,
    addresses: tuple[str, ...],
    env: str | None,
    start: str,
    yes: bool,
    lock_timeout: float,
) -> int:
    """Forget addresses, a document's with its parts. Their objects stay at the provider as they are.

    What is still declared in the files is proposed as an import by the next plan: remove the document too, or
    say `onRemove: forget` there and apply, which shows in a plan.
    """
    must_be_able_to_ask(screen, yes, "--yes", "")
    from callsheet.operations.session import Session
    from callsheet.operations.surgery import surgery
    from callsheet.reports.line import Span, line
    from callsheet.state.forgetting import forget
    from callsheet.state.selecting import parse

    wanted = [parse(each) for each in addresses]
    options = {"variables": screen.variables, "lock_timeout": lock_timeout, "files": False}
    with Session.open(Path(start), env, **options) as session:
        with surgery(session, "state rm") as operation:
            forgetting = forget(operation.state, wanted)
            for record in forgetting.records:
                protected = ", which preventDestroy protects" if record.prevent_destroy else ""
                screen.say(f"{record.address} is forgotten{protected}; {record.remote_id} stays as it is")
                if record.replaced:
                    screen.say(
                        f"  and so do its predecessors, still to be removed: {', '.join(record.replaced)}"
                    )
            for address, targets in forgetting.referring.items():
                screen.say(f"{address} still refers to {', '.join(targets)}")
            confirm(screen, yes, f"Forget this in state of {session.environment.name}?")
            operation.write(forgetting.about, forgetting.entry)
        tell_doubts(screen, operation)
        if screen.format != TERMINAL:
            referring = [
                {"address": address, "to": list(targets)} for address, targets in forgetting.referring.items()
            ]
            screen.document({**head(session, "rm"), **forgetting.about, "referring": referring})
            return 0
        screen.say("What is still declared in the files is proposed as an import by the next plan.")
        count, serial = len(forgetting.records), session.ledger.state.serial
        screen.report([line(Span(f"State: {count} forgotten, at serial {serial}.", "summary"))])
    return 0


def head(session: Session, verb: str) -> dict[str, Any]:
    """The part of a verb's JSON that all have, when it has written."""
    return {
        "format": CHANGE,
        "verb": verb,
        "environment": session.environment.name,
        "serial": session.ledger.state.serial,
    }


def tell_doubts(screen: Screen, operation: Surgery) -> None:
    from callsheet.reports.diagnostic_lines import diagnostic_lines

    for each in operation.doubts:
        screen.tell(diagnostic_lines(each))


def confirm(screen: Screen, yes: bool, question: str) -> None:
    if not yes and screen.ask(f"{question} Type yes to go on: ") != "yes":
        raise CallsheetError("not confirmed; nothing was written", code="state.unconfirmed")

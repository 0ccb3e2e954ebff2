"""`callsheet state`: what looks, and what takes a lock away; the rest is in modules beside this one."""

from __future__ import annotations

from pathlib import Path

import click

from callsheet.cli.commands.apply import must_be_able_to_ask
from callsheet.cli.commands.state_changes import move, remove
from callsheet.cli.commands.state_files import pull, push
from callsheet.cli.commands.state_migrate import migrate
from callsheet.cli.options import verb
from callsheet.cli.screen import TERMINAL, Screen
from callsheet.model.errors import CallsheetError


@click.group("state")
def command() -> None:
    """What state holds: list, show, rename or forget it, take it out, put it back, unlock it, migrate it."""


@command.command("list")
@verb(environment="The environment (else the default one).")
def list_(screen: Screen, env: str | None, start: str) -> int:
    """List every address that state holds, with its remote object."""
    from callsheet.operations.session import Session
    from callsheet.operations.state import listed
    from callsheet.reports.line import Span, line

    with Session.open(Path(start), env, variables=screen.variables, files=False) as session:
        told = listed(session)
    if screen.format != TERMINAL:
        screen.document(told)
        return 0
    lines = [
        line(each["address"], Span(f"  {each['remoteId']}", "dim"), Span(f"  {each['name'] or ''}", "dim"))
        for each in told["resources"]
    ]
    lock = f"; locked by {told['lock']['owner']} (run {told['lock']['run']})" if told["lock"] else ""
    if told["begun"]:
        lines.append(line(Span(f"begun and not ended: {', '.join(told['begun'])}", "warning")))
    summary = (
        f"State: {len(told['resources'])} resources at serial {told['serial']} in {told['store']}{lock}."
    )
    screen.report([*lines, line(Span(summary, "summary"))])
    return 0


@command.command("show")
@click.argument("address")
@verb(environment="The environment (else the default one).", output=False)
def show(screen: Screen, address: str, env: str | None, start: str) -> int:
    """Print one record as JSON. Secrets are digests there."""
    from callsheet.operations.session import Session
    from callsheet.operations.state import record_of

    with Session.open(Path(start), env, variables=screen.variables, files=False) as session:
        screen.document(record_of(session, address))
    return 0


command.add_command(move)
command.add_command(remove)
command.add_command(pull)
command.add_command(push)
command.add_command(migrate)


@command.command("unlock")
@verb(environment="The environment (else the default one).", output=False)
@click.option("--yes", is_flag=True, help="Do not ask.")
def unlock(screen: Screen, env: str | None, start: str, yes: bool) -> int:
    """Show who holds the lock, ask, and take it away. That run's next write of state fails."""
    from callsheet.operations.session import Session
    from callsheet.operations.state import locked
    from callsheet.operations.state import unlock as take_away

    must_be_able_to_ask(screen, yes, "--yes", "")
    with Session.open(Path(start), env, variables=screen.variables, files=False) as session:
        lock = locked(session)
        if lock is None:
            screen.say(f"{session.environment.name} is not locked.")
            return 0
        screen.say(f"{session.environment.name} is {lock}.")
        if not yes and screen.ask("Take the lock away? Type yes to go on: ") != "yes":
            raise CallsheetError("not confirmed; the lock stays", code="state.unconfirmed")
        take_away(session)
        screen.say("The lock is free. The next apply finds out what that run had begun.")
    return 0

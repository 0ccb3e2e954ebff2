"""`callsheet approve`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from callsheet.cli.commands.apply import must_be_able_to_ask
from callsheet.cli.commands.plan import show_plan
from callsheet.cli.options import verb
from callsheet.cli.screen import TERMINAL, Screen
from callsheet.model.errors import CallsheetError

if TYPE_CHECKING:
    from callsheet.operations.session import Session


@click.command("approve")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@verb(environment="The environment, for --list and --revoke (else the default one).")
@click.option("--comment", metavar="TEXT", default="", help="A word to whoever applies.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--list", "listing", is_flag=True, help="List the sign-offs that stand, and sign nothing.")
@click.option("--revoke", metavar="ID", help="Take a sign-off of your own back.")
def command(
    screen: Screen,
    file: Path | None,
    env: str | None,
    start: str,
    comment: str,
    yes: bool,
    listing: bool,
    revoke: str | None,
) -> int:
    """Sign a plan FILE off: show it, ask, and keep the sign-off in the environment's store.

    It is bound to the environment's instance, the target and the set of changes. So it covers a plan that is
    made again if all of that plan's changes are among these, and no other plan.
    """
    if sum((file is not None, listing, revoke is not None)) != 1:
        raise CallsheetError("approve needs one of FILE, --list and --revoke ID", code="usage")
    if file is not None:
        return _sign(screen, file, env, start, comment, yes)
    if comment or yes:
        raise CallsheetError("--comment and --yes are for signing a FILE", code="usage")
    from callsheet.operations.session import Session

    with Session.open(
        Path(start), env, variables=screen.variables, listener=screen.listener, files=False
    ) as session:
        screen.opened(session)
        return _list(screen, session) if revoke is None else _revoke(screen, session, revoke)


def _sign(screen: Screen, file: Path, env: str | None, start: str, comment: str, yes: bool) -> int:
    must_be_able_to_ask(screen, yes, "--yes", "")
    from callsheet.operations.approve import FORMAT, prepared, sign, to_json
    from callsheet.operations.session import Session
    from callsheet.operations.show import read_archive
    from callsheet.reports.approval_lines import ready_lines, signed_lines

    plan = read_archive(file).plan
    if env is not None and env != plan.environment:
        raise CallsheetError(f"{file} is a plan for {plan.environment}, and --env says {env}", code="usage")
    with Session.open(
        Path(start), plan.environment, variables=screen.variables, listener=screen.listener, files=False
    ) as session:
        screen.opened(session)
        ready = prepared(session, plan, comment)
        told = to_json(ready.sign_off, session.ledger.state)
        if screen.format == TERMINAL:
            show_plan(screen, plan)
            screen.tell(ready_lines(told, ready.changes, ready.loosens, ready.asked))
        if not yes and screen.ask(f"Sign this off for {plan.environment}? Type yes to go on: ") != "yes":
            raise CallsheetError("not confirmed; nothing was signed", code="approve.unconfirmed")
        sign(session, ready)
    if screen.format == TERMINAL:
        screen.report(signed_lines(told))
    else:
        screen.document({"format": FORMAT, "environment": plan.environment, "signOffs": [told]})
    return 0


def _list(screen: Screen, session: Session) -> int:
    from callsheet.operations.approve import listed

    told = listed(session)
    if screen.format == TERMINAL:
        from callsheet.reports.approval_lines import list_lines

        screen.report(list_lines(told))
    else:
        screen.document(told)
    return 0


def _revoke(screen: Screen, session: Session, name: str) -> int:
    from callsheet.operations.approve import FORMAT, revoke, to_json

    told = to_json(revoke(session, name), session.ledger.load())
    if screen.format == TERMINAL:
        from callsheet.reports.approval_lines import revoked_lines

        screen.report(revoked_lines(told))
    else:
        environment = session.environment.name
        screen.document({"format": FORMAT, "environment": environment, "revoked": told["id"], "signOffs": []})
    return 0

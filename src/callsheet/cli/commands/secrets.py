"""`callsheet secrets check`."""

from __future__ import annotations

from pathlib import Path

import click

from callsheet.cli.options import verb
from callsheet.cli.screen import TERMINAL, Screen


@click.group("secrets")
def command() -> None:
    """What an environment needs of secrets."""


@command.command("check")
@verb(environment="The environment to check (else the default one).")
@click.option(
    "--from",
    "origin",
    metavar="ENV",
    help="Check what the environment would run after a promotion from there.",
)
def check(screen: Screen, env: str | None, start: str, origin: str | None) -> int:
    """Prove that every secret which an environment refers to can be read from here.

    Reads each one: of the documents, of provider.apiKey, of the state's settings. Shows no value, asks
    the provider nothing and writes nothing. Exits 1 where one does not resolve.
    """
    from callsheet.operations.secrets import check as run
    from callsheet.operations.session import Session

    with Session.open(Path(start), env, variables=screen.variables, listener=screen.listener) as session:
        screen.opened(session)
        found = run(session, origin)
    if screen.format == TERMINAL:
        from callsheet.reports.secret_lines import check_lines

        screen.report(check_lines(found.to_json(), screen.quiet))
    else:
        screen.document(found.to_json())
    return found.exit_code

"""`callsheet drift`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from callsheet.cli.options import fitting, verb
from callsheet.cli.screen import MARKDOWN, RENDERED, TERMINAL, Screen


@click.command("drift")
@verb(environment="The environment to check (else the default one).", rendered=RENDERED)
@fitting
@click.option(
    "--fail-on",
    type=click.Choice(["managed", "unmanaged", "any"]),
    default="managed",
    show_default=True,
    help="What exits 2: what Callsheet manages (missing objects included), what it does not, or either.",
)
def command(screen: Screen, env: str | None, start: str, limit: int, fail_on: str) -> int:
    """Show what changed at the provider since Callsheet last wrote. Exits 2 where something did.

    Looks at state and at the provider only: files that were not applied yet are no drift. A key that may
    only read is enough.
    """
    from callsheet.operations.drift import drift
    from callsheet.operations.session import Session

    with Session.open(Path(start), env, variables=screen.variables, listener=screen.listener) as session:
        screen.opened(session)
        found = drift(session, every_kind=fail_on != "managed")
    if found.not_listed:
        screen.say(f"Not looked at, for the provider would not list them: {', '.join(found.not_listed)}.")
    if screen.format == TERMINAL:
        from callsheet.reports.drift_lines import drift_lines
        from callsheet.reports.drift_view import drift_view

        screen.report(drift_lines(drift_view(found.to_json()), verbose=screen.verbose, quiet=screen.quiet))
    elif screen.format == MARKDOWN:
        from callsheet.reports.drift_view import drift_view
        from callsheet.reports.markdown import drift_markdown

        text = drift_markdown([drift_view(found.to_json())], limit=limit or sys.maxsize)
        screen.data(text.encode())
    else:
        screen.document(found.to_json())
    return found.exit_code(fail_on)

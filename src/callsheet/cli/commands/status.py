"""`callsheet status`."""

from __future__ import annotations

from pathlib import Path

import click

from callsheet.cli.options import verb
from callsheet.cli.screen import HTML, TERMINAL, Screen


@click.command("status")
@click.option("--no-drift", is_flag=True, help="Ask no provider; say nothing of drift.")
@verb(rendered=(HTML,))
def command(screen: Screen, start: str, no_drift: bool) -> int:
    """Show all environments side by side: version, how far behind, prompts, drift, last run.

    Reads only. Exits 1 where something of an environment cannot be read.
    """
    from callsheet.operations.session import Session
    from callsheet.operations.status import status

    with Session.open(Path(start), None, variables=screen.variables, listener=screen.listener) as session:
        screen.root = session.root
        found = status(session, live=not no_drift)
    if screen.format == TERMINAL:
        from callsheet.reports.status_lines import status_lines

        screen.report(status_lines(found.to_json()))
    elif screen.format == HTML:
        from callsheet.reports.html import status_html

        screen.data(status_html(found.to_json()).encode())
    else:
        screen.document(found.to_json())
    return found.exit_code

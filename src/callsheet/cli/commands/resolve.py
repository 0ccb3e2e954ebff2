"""`callsheet resolve`."""

from __future__ import annotations

from pathlib import Path

import click

from callsheet.cli.options import verb
from callsheet.cli.screen import TERMINAL, Screen


@click.command("resolve")
@verb(environment="The environment of the application (else the default one).")
@click.option("--prompt", metavar="NAME", help="Of the prompts only this one; on a terminal, its text.")
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write the JSON to FILE too, for a deployment to take along.",
)
def command(screen: Screen, env: str | None, start: str, prompt: str | None, out: Path | None) -> int:
    """Print what the running application loads at start-up: settings, feature flags, limits and prompts.

    Asks no provider, needs no key, resolves no secret. Of a pinned environment it is what its release says.
    """
    from callsheet.operations.resolve import resolve, write_resolved
    from callsheet.operations.session import Session

    with Session.open(Path(start), env, variables=screen.variables, listener=screen.listener) as session:
        screen.opened(session)
        found = resolve(session, prompt)
    if out is not None:
        write_resolved(found, out)
    if screen.format == TERMINAL:
        from callsheet.reports.resolved_lines import resolved_lines

        screen.report(resolved_lines(found, prompt, screen.quiet))
    else:
        screen.document(found)
    return 0

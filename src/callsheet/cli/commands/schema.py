"""`callsheet schema`."""

from __future__ import annotations

import click

from callsheet.cli.options import verb
from callsheet.cli.screen import JSON, Screen
from callsheet.reports.published import PUBLISHED


@click.command("schema")
@click.argument("name", type=click.Choice(["spec", "environments", *PUBLISHED]))
@verb(project=False, output=False)
def command(screen: Screen, name: str) -> int:
    """Print the JSON Schema of what Callsheet reads (spec, environments) or writes (plan, drift, …)."""
    from callsheet.operations.schemas import schema

    screen.format = JSON
    screen.document(schema(name))
    return 0

"""`callsheet show`."""

from __future__ import annotations

from pathlib import Path

import click

from callsheet.cli.commands.plan import show_plan
from callsheet.cli.options import verb
from callsheet.cli.screen import HTML, Screen


@click.command("show")
@click.argument("file", type=click.Path(path_type=Path))
@verb(project=False, rendered=(HTML,))
def command(screen: Screen, file: Path) -> int:
    """Show a plan FILE again, as `plan --out` wrote it. An edited one is refused (exit 4)."""
    from callsheet.operations.show import read_archive

    show_plan(screen, read_archive(file).plan)
    return 0

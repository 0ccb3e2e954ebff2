"""`callsheet show`."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

from callsheet.cli.commands.plan import paths_given, show_plan
from callsheet.cli.options import explaining, fitting, verb
from callsheet.cli.screen import RENDERED, Screen


@click.command("show")
@click.argument("file", type=click.Path(path_type=Path))
@verb(project=False, rendered=RENDERED)
@explaining
@fitting
def command(screen: Screen, file: Path, changed_files: BinaryIO | None, limit: int) -> int:
    """Show a plan FILE again, as `plan --out` wrote it. An edited one is refused (exit 4)."""
    from callsheet.operations.show import read_archive

    files = paths_given(screen, changed_files)
    show_plan(screen, read_archive(file).plan, limit=limit, changed_files=files)
    return 0

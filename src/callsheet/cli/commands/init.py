"""`callsheet init`."""

from __future__ import annotations

from pathlib import Path

import click

from callsheet.cli.options import verb
from callsheet.cli.screen import Screen


@click.command("init")
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path))
@verb(project=False, output=False)
def command(screen: Screen, folder: Path) -> int:
    """Write a small working project into DIR (else the current folder): it runs on the built-in sandbox.

    Never overwrites a file.
    """
    from callsheet.operations.init import init
    from callsheet.reports.line import EMPTY, Span, line

    done = init(folder)
    place = "" if folder == Path() else f" -C {folder}"
    written = [line(Span("  + ", "add"), name) for name in done.written]
    if done.ignored:
        written.append(line(Span("  + ", "add"), ".gitignore: .callsheet/"))
    steps = [
        line(f"  callsheet plan{place}", Span("    see what would be made", "dim")),
        line(f"  callsheet apply{place}", Span("   make it, on the sandbox", "dim")),
        line(f"  callsheet drift{place}", Span("   see what somebody else changed", "dim")),
    ]
    if screen.quiet:
        written = []
    screen.report([*written, EMPTY, line(Span("Next:", "section")), *steps])
    return 0

"""`callsheet graph`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from callsheet.cli.options import verb
from callsheet.cli.screen import Screen

if TYPE_CHECKING:
    from callsheet.reports.graph_view import Graph


@click.command("graph")
@verb(environment="The environment to draw (else the default one).", output=False)
@click.option(
    "--output",
    "-o",
    type=click.Choice(["mermaid", "dot"]),
    default="mermaid",
    show_default=True,
    help="For Mermaid, or for Graphviz.",
)
@click.option(
    "--plan",
    "file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Draw a plan instead, as `plan --out` wrote it: its changes, what they use and reach.",
)
@click.option(
    "--around",
    "address",
    metavar="ADDRESS",
    help="Only what this uses, and what uses it. A tool stands for all of its operations.",
)
@click.option(
    "--depth",
    type=click.IntRange(min=1),
    metavar="N",
    default=1,
    show_default=True,
    help="With --around: how many steps away.",
)
def command(
    screen: Screen, env: str | None, start: str, file: Path | None, address: str | None, depth: int
) -> int:
    """Draw who uses whom, as Mermaid or DOT: an arrow leads from a resource to what it uses.

    Reads the files, or with --plan the plan, and asks nobody.
    """
    from callsheet.operations.graph import around
    from callsheet.reports.graph_text import graph_text

    if file is not None and env is not None:
        raise click.UsageError("--plan says which environment it is of; give it without --env")
    graph = _of_plan(file) if file is not None else _of_files(screen, start, env)
    if address is not None:
        graph = around(graph, address, depth)
    screen.data(graph_text(graph, screen.format).encode())
    return 0


def _of_plan(file: Path) -> Graph:
    from callsheet.operations.show import read_archive
    from callsheet.reports.graph_view import plan_graph
    from callsheet.reports.plan_view import plan_view

    return plan_graph(plan_view(read_archive(file).plan))


def _of_files(screen: Screen, start: str, env: str | None) -> Graph:
    from callsheet.operations.graph import estate_graph
    from callsheet.operations.session import Session

    with Session.open(Path(start), env, variables=screen.variables, listener=screen.listener) as session:
        screen.opened(session)
        return estate_graph(session)

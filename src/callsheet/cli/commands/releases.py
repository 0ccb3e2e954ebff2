"""`callsheet releases`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from callsheet.cli.options import verb
from callsheet.cli.screen import TERMINAL, Screen

_ENVIRONMENT = "The environment (must be given, but for `diff` of two names)."


@click.group("releases", invoke_without_command=True, subcommand_metavar="[list|show|diff]")
@verb(environment=_ENVIRONMENT)
@click.pass_context
def command(context: click.Context, screen: Screen, env: str | None, start: str) -> int | None:
    """List the versions of an environment, the newest first; show one, compare two."""
    if context.invoked_subcommand is not None:
        return None
    return _list(screen, env, start)


@command.command("list")
@verb(environment=_ENVIRONMENT)
def list_(screen: Screen, env: str | None, start: str) -> int:
    """List the versions of an environment, the newest first: from where, by whom, with which prompts."""
    return _list(screen, env, start)


def _list(screen: Screen, env: str | None, start: str) -> int:
    from callsheet.operations.releases import listed

    def lines(told: Any) -> Any:
        from callsheet.reports.release_lines import list_lines

        return list_lines(told)

    return _tell(screen, env, start, listed, lines)


@command.command("show")
@click.argument("version", required=False)
@verb(environment=_ENVIRONMENT)
def show(screen: Screen, version: str | None, env: str | None, start: str) -> int:
    """Show one VERSION (v3; else the one that is run) with every file it holds."""
    from callsheet.operations.releases import shown

    def lines(told: Any) -> Any:
        from callsheet.reports.release_lines import show_lines

        return show_lines(told)

    return _tell(screen, env, start, lambda session: shown(session, version), lines)


@command.command("diff")
@click.argument("old")
@click.argument("new")
@verb(environment=_ENVIRONMENT)
def diff(screen: Screen, old: str, new: str, env: str | None, start: str) -> int:
    """Show what changes from release OLD to NEW: uat@3, v3, or an environment's name for what it runs."""
    from callsheet.operations.releases import compared

    def lines(told: Any) -> Any:
        from callsheet.reports.release_lines import diff_lines_of

        return diff_lines_of(told)

    return _tell(screen, env, start, lambda session: compared(session, old, new), lines)


def _tell(
    screen: Screen, env: str | None, start: str, make: Callable[[Any], Any], lines: Callable[[Any], Any]
) -> int:
    from callsheet.operations.session import Session

    with Session.open(Path(start), env, variables=screen.variables, files=False) as session:
        told = make(session)
    if screen.format == TERMINAL:
        screen.report(lines(told))
    else:
        screen.document(told)
    return 0

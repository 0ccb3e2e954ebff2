"""`callsheet export [list|show|verify|prune]`."""

from __future__ import annotations

from pathlib import Path

import click
from click.core import ParameterSource

from callsheet.cli.options import locking, verb
from callsheet.cli.screen import TERMINAL, Screen

_ENVIRONMENT = "The environment (else the default one)."


@click.group("export", invoke_without_command=True, subcommand_metavar="[list|show|verify|prune]")
@verb(environment="The environment to export (else the default one).")
@click.option(
    "--out",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="Write it to a file that ends in .json too, or to a new folder, with one file per object.",
)
@locking
def command(screen: Screen, env: str | None, start: str, out: Path | None, lock_timeout: float) -> int | None:
    """Keep the whole organisation as it is now, managed or not, without its secrets.

    Every run that writes does this by itself before its first write. An export on demand disturbs no run:
    it waits for a lock only while old exports are being removed.
    """
    if click.get_current_context().invoked_subcommand is not None:
        _nothing_before_the_subcommand()
        return None
    from callsheet.operations.export_files import check_out
    from callsheet.operations.exports import take_now
    from callsheet.operations.session import Session
    from callsheet.reports.export_lines import taken_lines

    if out is not None:
        check_out(out)
    options = {"variables": screen.variables, "listener": screen.listener, "lock_timeout": lock_timeout}
    with Session.open(Path(start), env, **options) as session:
        screen.opened(session)
        told = take_now(session, out)
    if screen.format == TERMINAL:
        screen.report(taken_lines(told, quiet=screen.quiet))
    else:
        screen.document(told)
    return 0


@command.command("list")
@verb(environment=_ENVIRONMENT)
def list_(screen: Screen, env: str | None, start: str) -> int:
    """List the exports that are kept, newest first, with run, age and size."""
    from callsheet.operations.exports import listed
    from callsheet.operations.session import Session
    from callsheet.reports.export_lines import list_lines

    with Session.open(Path(start), env, variables=screen.variables) as session:
        screen.opened(session)
        told, now = listed(session), session.clock.now()
    if screen.format == TERMINAL:
        screen.report(list_lines(told, now, quiet=screen.quiet))
    else:
        screen.document(told)
    return 0


@command.command("show")
@click.argument("export_", metavar="ID")
@verb(environment=_ENVIRONMENT, output=False)
@click.option("--kind", metavar="KIND", help="Only the objects of this kind.")
def show(screen: Screen, export_: str, env: str | None, start: str, kind: str | None) -> int:
    """Print what an export holds, as JSON. ID is a run, or the start of an export's SHA-256.

    Secrets are digests there.
    """
    from callsheet.operations.exports import shown
    from callsheet.operations.session import Session

    with Session.open(Path(start), env, variables=screen.variables) as session:
        screen.opened(session)
        screen.document(shown(session, export_, kind))
    return 0


@command.command("verify")
@click.argument("export_", metavar="[ID]", required=False)
@verb(environment=_ENVIRONMENT)
@click.option("--all", "every", is_flag=True, help="Every export that is kept.")
def verify(screen: Screen, export_: str | None, env: str | None, start: str, every: bool) -> int:
    """Read an export back, and name what is damaged or missing. Exits 1 where something is.

    ID is a run, or the start of an export's SHA-256.
    """
    from callsheet.operations.exports import verified
    from callsheet.operations.session import Session
    from callsheet.reports.export_lines import verify_lines

    if (export_ is None) != every:
        raise click.UsageError("Name one export, or give --all.")
    with Session.open(Path(start), env, variables=screen.variables) as session:
        screen.opened(session)
        told = verified(session, export_)
    if screen.format == TERMINAL:
        screen.report(verify_lines(told, quiet=screen.quiet))
    else:
        screen.document(told)
    return 1 if told["damaged"] else 0


@command.command("prune")
@verb(environment=_ENVIRONMENT)
@click.option("--dry-run", is_flag=True, help="Remove nothing, and say what would be removed.")
@locking
def prune(screen: Screen, env: str | None, start: str, dry_run: bool, lock_timeout: float) -> int:
    """Remove the exports that have had their time, and what none of the others needs.

    How long they stay is `exports: {keep: …, days: …}` in environments.yaml. Takes the environment's lock.
    """
    from callsheet.operations.exports import pruned
    from callsheet.operations.session import Session
    from callsheet.reports.export_lines import prune_lines

    options = {"variables": screen.variables, "lock_timeout": lock_timeout}
    with Session.open(Path(start), env, **options) as session:
        screen.opened(session)
        told = pruned(session, dry_run=dry_run)
    for each in told.get("diagnostics", ()):
        screen.say(f"{each['severity']}: {each['summary']}")
    if screen.format == TERMINAL:
        screen.report(prune_lines(told, quiet=screen.quiet))
    else:
        screen.document(told)
    return 0


def _nothing_before_the_subcommand() -> None:
    """An option in front of a subcommand would be another command's, and do nothing."""
    context = click.get_current_context()
    for parameter in context.command.params:
        if context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE:
            raise click.UsageError(
                f"{parameter.opts[0]} stands after the subcommand: "
                f"callsheet export {context.invoked_subcommand} {parameter.opts[0]} …"
            )

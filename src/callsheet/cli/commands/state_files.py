"""`callsheet state pull|push`: state as a file, and a file as state."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callsheet.cli.commands.apply import must_be_able_to_ask
from callsheet.cli.commands.state_changes import confirm, head, tell_doubts
from callsheet.cli.options import locking, verb
from callsheet.cli.screen import TERMINAL, Screen
from callsheet.model.errors import STALE, CallsheetError

if TYPE_CHECKING:
    from callsheet.operations.session import Session
    from callsheet.state.snapshot import State
    from callsheet.state.unwritten import Missing, Unwritten


@click.command("pull")
@verb(environment="The environment (else the default one).", output=False)
@click.option(
    "--out",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write it to a file that only you can read (else to stdout).",
)
def pull(screen: Screen, env: str | None, start: str, out: Path | None) -> int:
    """Print the whole state as one sealed document, for a backup that `state push` takes back.

    It holds prompts, names and ids, and the key of the digests that stand for secrets (no secret itself):
    give it the protection of production configuration. Exports and the audit log are not in it.
    """
    from callsheet.operations.session import Session
    from callsheet.operations.state import pulled, write_out

    with Session.open(Path(start), env, variables=screen.variables, files=False) as session:
        data = pulled(session)
    if out is None:
        screen.data(data)
    else:
        write_out(out, data)
        screen.say(f"Written to {out}.")
    return 0


@click.command("push")
@click.argument("file", type=click.Path(path_type=Path))
@verb(environment="The environment (else the one that FILE is of).")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--force", is_flag=True, help="Give up what is there: another lineage, newer writes, damage.")
@locking
def push(
    screen: Screen,
    file: Path,
    env: str | None,
    start: str,
    yes: bool,
    force: bool,
    lock_timeout: float,
) -> int:
    """Write FILE into the store: a state that `state pull` wrote, or a run's recovery file.

    A state takes the place of what is there, after asking. It is refused if it is of another lineage, or
    older than what is there, unless forced; and always if it was edited or cut off, or while steps that a run
    began are not found out about.

    A recovery file (.callsheet/recovery) is what a run did while state could not be written. It adds what is
    missing and asks nothing; what was found out about meanwhile stays. Pushing it twice is harmless.
    """
    from callsheet.operations.pushing import read
    from callsheet.operations.session import Session
    from callsheet.state.snapshot import State

    pushed = read(file)
    if env is not None and env != pushed.environment:
        raise CallsheetError(
            f"{file} is of {pushed.environment}, and --env says {env}",
            detail="One environment's state in the place of another's would mix up their objects.",
            code="usage",
        )
    whole = isinstance(pushed, State)
    if whole:
        must_be_able_to_ask(screen, yes, "--yes", "")
    options = {"variables": screen.variables, "lock_timeout": lock_timeout, "files": False}
    with Session.open(Path(start), pushed.environment, **options) as session:
        if isinstance(pushed, State):
            return _replace(screen, session, pushed, file, yes=yes, force=force)
        return _recover(screen, session, pushed)


def _replace(screen: Screen, session: Session, pushed: State, file: Path, *, yes: bool, force: bool) -> int:
    from callsheet.operations.pushing import replacement
    from callsheet.operations.surgery import surgery
    from callsheet.reports.diagnostic_lines import diagnostic_lines

    count = "1 resource" if len(pushed.records) == 1 else f"{len(pushed.records)} resources"
    with surgery(session, "state push", damaged=force) as operation:
        found = replacement(operation, pushed, session.store, force=force)
        now = operation.state
        for each in found.warnings:
            screen.tell(diagnostic_lines(each))
        if found.state is not None:
            there = f"{len(now.records)} at serial {now.serial}" if now.lineage else "what is there"
            screen.say(f"{count} at serial {pushed.serial} for {there}.")
            confirm(screen, yes, f"Put {file} in the place of state of {session.environment.name}?")
            operation.replace(
                {"lineage": pushed.lineage, "serial": pushed.serial, "resources": len(pushed.records)},
                found.state,
            )
    tell_doubts(screen, operation)
    told = {
        "resources": len(pushed.records),
        "lineage": pushed.lineage,
        "written": found.state is not None,
        "diagnostics": [each.to_json() for each in found.warnings],
    }
    text = f"State: {count} at serial {session.ledger.state.serial}."
    _report(screen, session, told, text if found.state else "State: it is that already; nothing to do.")
    return 0


def _recover(screen: Screen, session: Session, pushed: Unwritten) -> int:
    from callsheet.operations.pushing import recovery, unknown
    from callsheet.operations.surgery import surgery
    from callsheet.reports.diagnostic_lines import diagnostic_lines

    with surgery(session, "state push") as operation:
        found = recovery(operation, pushed)
        if found.entries:
            operation.write({"recovered": pushed.run, "written": list(found.written)}, *found.entries)
    told = {
        "run": pushed.run,
        "written": list(found.written),
        "settled": list(found.settled),
        "left": list(found.left),
        "unknown": [{"address": each.address, "remoteId": each.remote_id} for each in found.strange],
    }
    tell_doubts(screen, operation)
    for sentence in _sentences(pushed.run, found):
        screen.say(sentence)
    for each in unknown(pushed.run, found):
        screen.tell(diagnostic_lines(each))
    count = len(found.written)
    text = f"State: {count} of run {pushed.run} written, at serial {session.ledger.state.serial}."
    _report(screen, session, told, text if found.entries else "State: nothing to write.")
    return STALE if found.strange else 0


def _sentences(run: str, found: Missing) -> list[str]:
    out = [f"{address} is written as run {run} left it" for address in found.written]
    out += [f"{address}: state knows of it already" for address in found.settled]
    out += [
        f"{address}: nothing was sent for it, and state was written since; the next plan proposes it again"
        for address in found.left
    ]
    return out


def _report(screen: Screen, session: Session, told: dict[str, Any], text: str) -> None:
    from callsheet.reports.line import Span, line

    if screen.format == TERMINAL:
        screen.report([line(Span(text, "summary"))])
    else:
        screen.document({**head(session, "push"), **told})

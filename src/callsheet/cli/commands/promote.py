"""`callsheet promote`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from callsheet.cli.commands.apply import carry_out, may_apply, must_be_able_to_ask, settle, tell_plan
from callsheet.cli.giving import given_of, overriding, proving, ticketing
from callsheet.cli.options import deciding, locking, plan_options, resuming, verb
from callsheet.cli.screen import EVENTS, Screen
from callsheet.model.errors import REFUSED, CallsheetError


def leading(function: Any) -> Any:
    """The options of the verbs that lead from one environment to another."""
    for option in (
        click.option(
            "--out",
            metavar="FILE",
            type=click.Path(path_type=Path),
            help="Write the plan to a file, for `apply FILE`, and do nothing else.",
        ),
        click.option("--yes", is_flag=True, help="Do not ask."),
        click.option("--to", "target", metavar="ENV", required=True, help="The environment that changes."),
        click.option(
            "--from", "origin", metavar="ENV", required=True, help="The environment to take it from."
        ),
    ):
        function = option(function)
    return function


@click.command("promote")
@verb()
@leading
@click.option(
    "--write",
    is_flag=True,
    help="Write the release that is wanted into environments.yaml, for a pull request, and do nothing else.",
)
@click.option("--allow-dirty", is_flag=True, help="Promote a working tree with changes that no commit holds.")
@ticketing
@proving
@overriding
@locking
@resuming
@deciding
def command(
    screen: Screen,
    start: str,
    origin: str,
    target: str,
    yes: bool,
    out: Path | None,
    write: bool,
    allow_dirty: bool,
    lock_timeout: float,
    **given: Any,
) -> int:
    """Plan one environment at what another one runs, show it, ask, and carry it out.

    From the default environment the working tree is taken, from any other its pinned release, byte for byte.
    The target's version goes up by one when everything is applied, and not otherwise.
    """
    if write and (out or yes or any(given.values())):
        raise CallsheetError("--write makes no plan: it takes no other option", code="usage")
    if out is None and not write:
        must_be_able_to_ask(screen, yes, "--yes")
    from callsheet.operations.plan import write_archive
    from callsheet.operations.promote import promote, promote_in_writing
    from callsheet.operations.session import Session

    options = {"variables": screen.variables, "listener": screen.listener, "lock_timeout": lock_timeout}
    options["given"] = given_of(given, applying=out is None)
    with Session.open(Path(start), target, **options) as session:
        screen.opened(session)
        if write:
            done = promote_in_writing(session, origin, dirty=allow_dirty)
            screen.say(f"{done.path}: release of {target} is {done.line}")
            screen.say("Commit it; `callsheet plan` of the pull request shows what it changes.")
            return 0
        if out is None:
            settle(screen, session)
        planned = promote(session, origin, plan_options(screen, given), dirty=allow_dirty)
        tell_plan(screen, planned.plan)
        tell_checklist(screen, session, planned)
        return go_on(
            screen, session, planned, out, yes, f"Promote {origin} to {target} like this?", write_archive
        )


def tell_checklist(screen: Screen, session: Any, planned: Any) -> None:
    from callsheet.operations.checklist import checklist

    items = checklist(session, planned)
    if screen.format == EVENTS:
        screen.stream.send("checklist", {"items": [each.to_json() for each in items]})
    elif not screen.quiet:
        from callsheet.reports.release_lines import checklist_lines

        screen.report(checklist_lines([each.to_json() for each in items]))


def go_on(
    screen: Screen, session: Any, planned: Any, out: Path | None, yes: bool, question: str, write: Any
) -> int:
    """Write the plan, or ask and carry it out."""
    plan = planned.plan
    if out is not None:
        write(planned, out)
        screen.say(f"Written to {out}; carry it out with: callsheet apply {out}")
        return REFUSED if plan.refusals else 0
    ask = not yes and may_apply(plan)
    if ask and screen.ask(f"\n{question} Type yes to go on: ") != "yes":
        raise CallsheetError("not confirmed; nothing was written", code="apply.unconfirmed")
    return carry_out(screen, session, planned.archive)

"""`callsheet apply`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callsheet.cli.commands.plan import show_plan
from callsheet.cli.giving import given_of, overriding, proving, ticketing
from callsheet.cli.options import locking, plan_options, planning, resuming, verb
from callsheet.cli.screen import EVENTS, TERMINAL, Screen
from callsheet.model.errors import CallsheetError

if TYPE_CHECKING:
    from callsheet.apply.outcome import Outcome
    from callsheet.operations.session import Session
    from callsheet.plan.archive import Archive
    from callsheet.plan.plan import Plan


@click.command("apply")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@verb(environment="The environment to plan and apply (else the default one).")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option(
    "--reviewed",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Apply what is planned now only if all its changes are in this plan, which was reviewed.",
)
@ticketing
@proving
@overriding
@locking
@resuming
@planning
def command(
    screen: Screen,
    file: Path | None,
    env: str | None,
    start: str,
    yes: bool,
    lock_timeout: float,
    reviewed: Path | None,
    **given: Any,
) -> int:
    """Carry out a plan FILE; without one, plan now, show it, ask, and carry it out.

    With -o json, events are written as they happen, one JSON object a line.
    """
    from callsheet.operations.session import Session

    options = {
        "variables": screen.variables,
        "listener": screen.listener,
        "lock_timeout": lock_timeout,
    }
    if file is not None:
        _no_planning({**given, "reviewed": reviewed})
    options["given"] = given_of(given, applying=True)
    if file is not None:
        from callsheet.operations.show import read_archive

        archive = read_archive(file)
        if env is not None and env != archive.plan.environment:
            raise CallsheetError(
                f"{file} is a plan for {archive.plan.environment}, and --env says {env}", code="usage"
            )
        # The way back needs no files that are right.
        options["files"] = archive.plan.mode != "rollback"
        with Session.open(Path(start), archive.plan.environment, **options) as session:
            screen.opened(session)
            tell_plan(screen, archive.plan)
            return carry_out(screen, session, archive)
    must_be_able_to_ask(screen, yes, "--yes")
    from callsheet.operations.plan import plan

    with Session.open(Path(start), env, **options) as session:
        screen.opened(session)
        settle(screen, session)
        planned = plan(session, plan_options(screen, given))
        if reviewed is not None:
            _check_reviewed(planned.plan, reviewed)
        tell_plan(screen, planned.plan)
        if not yes and will_write(planned.plan):
            _confirm(screen, planned.plan)
        return carry_out(screen, session, planned.archive)


def settle(screen: Screen, session: Session) -> None:
    """Find out what an earlier run had begun, and say it, before anything is planned."""
    from callsheet.operations.apply import settle_journal
    from callsheet.reports.diagnostic_lines import diagnostic_lines

    for found in settle_journal(session):
        screen.tell(diagnostic_lines(found, screen.excerpts))


def must_be_able_to_ask(
    screen: Screen,
    confirmed: bool,
    option: str,
    otherwise: str = ", or carry out a reviewed plan with `callsheet apply FILE`",
) -> None:
    """Refuse before anything where nobody can be asked and nobody confirmed beforehand."""
    if not confirmed and not screen.interactive:
        why = (
            "with -o json nobody is asked" if screen.format != TERMINAL else "there is no terminal to ask on"
        )
        raise CallsheetError(
            f"this needs a confirmation, and {why}",
            detail="Nothing was read and nothing was written.",
            hint=f"give {option}{otherwise}",
            code="usage.unconfirmed",
        )


def will_write(plan: Plan) -> bool:
    """Whether there is something to ask about; what will be refused is not asked about."""
    return not plan.empty and may_apply(plan)


def may_apply(plan: Plan) -> bool:
    """Whether nothing stands in the way of a plan that is applied right away."""
    from callsheet.policy.judging import LOOSENING

    lacks = any(gate.rule != LOOSENING for gate in plan.pending)
    return not plan.refusals and not plan.conflicts and not lacks


def _check_reviewed(plan: Plan, file: Path) -> None:
    from callsheet.operations.reviewed import check_reviewed
    from callsheet.operations.show import read_archive

    check_reviewed(plan, read_archive(file).plan, str(file))


def tell_plan(screen: Screen, plan: Plan) -> None:
    if screen.format == EVENTS:
        from callsheet.reports.json import plan_document

        screen.stream.send("plan", {"plan": plan_document(plan)})
    else:
        show_plan(screen, plan)


def carry_out(screen: Screen, session: Session, archive: Archive) -> int:
    """Apply, and report the outcome."""
    from callsheet.operations.apply import apply

    outcome = apply(session, archive)
    _report(screen, outcome)
    return outcome.exit_code


def _report(screen: Screen, outcome: Outcome) -> None:
    from callsheet.reports.outcome_lines import last_line, outcome_lines

    told = outcome.to_json()
    if screen.format == EVENTS:
        screen.stream.send("outcome", told)
        counts = {key: told[key] for key in ("applied", "failed", "notAttempted", "interrupted", "serial")}
        screen.stream.send("summary", {**counts, "text": last_line(told), "exitCode": outcome.exit_code})
    else:
        screen.report(outcome_lines(told, quiet=screen.quiet, excerpts=screen.excerpts))


def _confirm(screen: Screen, plan: Plan) -> None:
    answer = screen.ask(f"\nApply this to {plan.environment}? Type yes to go on: ")
    if answer != "yes":
        raise CallsheetError("not confirmed; nothing was written", code="apply.unconfirmed")


def _no_planning(given: dict[str, Any]) -> None:
    names = {
        "targets": "--target",
        "excludes": "--exclude",
        "on_conflict": "--on-conflict",
        "allow_mass_delete": "--allow-mass-delete",
        "resume": "--resume",
        "evidence": "--evidence",
        "reviewed": "--reviewed",
    }
    if used := [names[key] for key, value in given.items() if value and key in names]:
        raise CallsheetError(
            f"{', '.join(used)} cannot change a plan that is made already",
            hint="plan again with it, or apply without FILE",
            code="usage",
        )

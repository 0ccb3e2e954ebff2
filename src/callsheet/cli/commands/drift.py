"""`callsheet drift`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callsheet.cli.options import fitting, verb
from callsheet.cli.screen import MARKDOWN, TERMINAL, Screen

if TYPE_CHECKING:
    from callsheet.ci.base import Posted
    from callsheet.operations.drift_issues import Issues
    from callsheet.operations.drifts import Checked


@click.command("drift")
@verb(environment="The environment to check (else the default one).", rendered=(MARKDOWN,))
@fitting
@click.option(
    "--all",
    "every",
    is_flag=True,
    help="Check every environment of the project; take back what was told of those that are gone.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["managed", "unmanaged", "any"]),
    default="managed",
    show_default=True,
    help="What exits 2: what Callsheet manages (missing objects included), what it does not, or either.",
)
@click.option(
    "--notify",
    multiple=True,
    metavar="KIND=REFERENCE",
    help="Tell a webhook when drift is found, changes, or is gone: slack=REFERENCE or webhook=REFERENCE. "
    "A reference is secrets://… or the name of a variable that holds the address. May be repeated.",
)
@click.option(
    "--notify-key",
    metavar="REFERENCE",
    help="What signs the requests to a webhook: secrets://… or the name of a variable.",
)
@click.option(
    "--issue",
    is_flag=True,
    help="Keep an open issue per environment with drift, at the code host of this CI job; close it after.",
)
def command(
    screen: Screen,
    env: str | None,
    start: str,
    limit: int,
    every: bool,
    fail_on: str,
    notify: tuple[str, ...],
    notify_key: str | None,
    issue: bool,
) -> int:
    """Show what changed at the provider since Callsheet last wrote. Exits 2 where something did.

    Looks at state and at the provider only: files that were not applied yet are no drift. A key that may
    only read is enough. With --all the exit code is the worst of all: 1, 5, 4, 3, 2.
    """
    from callsheet.operations.drift import drift
    from callsheet.operations.drifts import Checked, Following, check_all
    from callsheet.operations.notices import Recipient, referred
    from callsheet.operations.session import Session

    if every and env:
        raise click.UsageError("give --all or --env, not both")

    following = Following(
        fail_on,
        [Recipient.parse(each) for each in notify],
        referred("--notify-key", notify_key) if notify_key else None,
        _issues(screen, fail_on) if issue else None,
    )
    with Session.open(Path(start), env, variables=screen.variables, listener=screen.listener) as session:
        if every:
            found = check_all(session, following, screen.opened)
            checked, document, code = found.checked, found.to_json(), found.exit_code
        else:
            screen.opened(session)
            only = drift(session, every_kind=fail_on != "managed")
            one = Checked(session.environment.name, only)
            document = only.to_json()
            following.up(session, one, only)
            checked, code = (one,), one.exit_code
    if screen.format == MARKDOWN:
        from callsheet.reports.drift_view import drift_view
        from callsheet.reports.markdown import drift_markdown

        views = [drift_view(each.drift.to_json()) for each in checked if each.drift]
        screen.data(drift_markdown(views, limit=limit or sys.maxsize).encode())
    elif screen.format != TERMINAL:
        screen.document(document)
    for each in checked:
        _show(screen, each, every)
    return code


def _issues(screen: Screen, fail_on: str) -> Issues:
    from callsheet.operations.drift_issues import Issues

    said: set[str] = set()

    def notice(text: str) -> None:
        # Every environment meets the same host.
        if text not in said:
            screen.say(f"notice: {text}")
        said.add(text)

    def done(posted: Posted) -> None:
        if posted.url:
            screen.say(f"Issue {posted.deed}: {posted.url}")

    return Issues(fail_on, notice, done)


def _show(screen: Screen, each: Checked, every: bool) -> None:
    """One environment: the report for people, and on stderr what else there is to say."""
    from callsheet.reports.diagnostic_lines import problem_lines
    from callsheet.reports.line import EMPTY, line

    if each.drift and each.drift.not_listed:
        screen.say(
            f"Not looked at, for the provider would not list them: {', '.join(each.drift.not_listed)}."
        )
    if screen.format == TERMINAL:
        if each.drift:
            from callsheet.reports.drift_lines import drift_lines
            from callsheet.reports.drift_view import drift_view

            view = drift_view(each.drift.to_json())
            if every and screen.quiet:
                screen.report([line(f"{each.environment}: {view.last_line}")])
            else:
                screen.report(drift_lines(view, verbose=screen.verbose, quiet=screen.quiet))
        elif not each.problems:
            screen.report([line(f"Drift of {each.environment}: {each.nothing}.")])
        if every and not screen.quiet:
            screen.report([EMPTY])
    for told in each.told:
        screen.say(f"Told {told.recipient} that drift of {each.environment} was {told.event}.")
    if each.problems:
        screen.tell(problem_lines(each.problems, screen.excerpts))

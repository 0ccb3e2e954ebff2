"""`callsheet comment`."""

from __future__ import annotations

from pathlib import Path

import click

from callsheet.cli.options import verb
from callsheet.cli.screen import TERMINAL, Screen


@click.command("comment")
@click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--key",
    metavar="KEY",
    help="What finds the comment again (else the names of the environments). One comment per key.",
)
@click.option(
    "--expect",
    metavar="ENV",
    multiple=True,
    help="An environment that has to be there: without a FILE of it the comment says that it could not be"
    " planned, and --status is red. Several with commas; may be repeated.",
)
@click.option(
    "--limit", type=click.IntRange(min=1000), metavar="N", help="The most characters of the comment."
)
@click.option(
    "--changed-files",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The files that the pull request changes, to tell its effects from others': as `git diff"
    " --name-only` lists them, with -z or without.",
)
@click.option(
    "--status", is_flag=True, help="Set the commit's status callsheet/KEY: red where something is refused."
)
@verb(project=False)
def command(
    screen: Screen,
    files: tuple[Path, ...],
    key: str | None,
    expect: tuple[str, ...],
    limit: int | None,
    changed_files: Path | None,
    status: bool,
) -> int:
    """Show plan FILEs in one comment of the pull request, and whole on the job's page.

    With --expect also where there is no plan to show, so that the comment of the run before does not stay.
    For GitHub Actions and GitLab CI. The comment is updated in place. Where the job may not post, as for pull
    requests of forks, the job's page alone shows the plans, and that is no error. An edited FILE is refused
    (exit 4).
    """
    from callsheet.operations.commenting import comment
    from callsheet.providers.clock import SystemClock
    from callsheet.reports.line import Span, line

    expected = [name for each in expect for name in map(str.strip, each.split(",")) if name]
    if not files and not expected:
        raise click.UsageError("give plan FILEs, or say with --expect which environments there should be")
    hidden: list[str] = []
    screen.secrets.append(lambda: hidden)
    done = comment(
        files,
        variables=screen.variables,
        clock=SystemClock(),
        hide=hidden.append,
        key=key,
        limit=limit,
        changed_files=changed_files,
        status=status,
        expected=expected,
    )
    # With --quiet as well: who reads no more than the exit code takes it for posted.
    screen.tell(line(Span("notice: ", "warning"), notice) for notice in done.notices)
    if screen.format != TERMINAL:
        screen.document(done.to_json())
    elif done.posted:
        url = f": {done.posted.url}" if done.posted.url else "."
        screen.report([line(f"Comment {done.key} {done.posted.deed}{url}")])
    elif not done.summary:
        # Then the log of the job is all there is.
        screen.data(f"{done.text}\n".encode())
    return 0

"""From exceptions to exit codes: the one place where an error becomes what a person sees."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callsheet import __version__
from callsheet.cli.tracebacks import traceback_of
from callsheet.model.diagnostics import Diagnostic, error
from callsheet.model.errors import ERROR, PARTIAL, Abandoned, CallsheetError

if TYPE_CHECKING:
    from callsheet.cli.screen import Screen

ISSUES = "https://github.com/callsheet/callsheet/issues"
_PACKAGE = Path(__file__).parent.parent


def explain(screen: Screen, cause: BaseException) -> int:
    """Show what went wrong and give the exit code. Never raises, never shows a secret."""
    match cause:
        case CallsheetError():
            screen.problems(cause.diagnostics, cause.exit_code)
            return cause.exit_code
        case click.exceptions.NoArgsIsHelpError():
            screen.stderr.write(cause.format_message() + "\n")
            return ERROR
        case click.UsageError():
            screen.problems([_usage(cause)], ERROR)
        case click.ClickException():
            screen.problems([error("usage", cause.format_message())], ERROR)
        case click.Abort() if isinstance(cause.__cause__, Abandoned):  # click has taken it
            screen.problems([_abandoned()], PARTIAL)
            return PARTIAL
        case KeyboardInterrupt() | click.Abort():
            screen.problems([error("interrupted", "interrupted")], ERROR)
        case _:
            screen.problems([_bug(cause)], ERROR)
    if not isinstance(cause, click.ClickException):
        debug(screen, cause)
    return ERROR


def debug(screen: Screen, cause: BaseException) -> None:
    """The traceback, for those who asked for it."""
    if screen.variables.get("CALLSHEET_DEBUG") == "1":
        screen.stderr.write(traceback_of(cause, screen.secrets, screen.variables))


def _usage(cause: click.UsageError) -> Diagnostic:
    path = cause.ctx.command_path if cause.ctx else "callsheet"
    return error("usage", cause.format_message(), hint=f"{path} --help")


def _abandoned() -> Diagnostic:
    return error(
        "interrupted.at-once",
        "stopped at once: calls under way were not waited for",
        detail="The journal knows them as begun. They may still take effect, so the lock is kept until its "
        "lease ends, within a minute.",
        hint="run apply with --lock-timeout 60: it first finds out what became of them",
    )


def _bug(cause: BaseException) -> Diagnostic:
    frames = [
        frame
        for frame in traceback.extract_tb(cause.__traceback__)
        if Path(frame.filename).is_relative_to(_PACKAGE)
    ]
    where = ""
    if frames:
        last = frames[-1]
        where = f" in {Path(last.filename).relative_to(_PACKAGE.parent).as_posix()}:{last.lineno}"
    return error(
        "bug",
        f"Callsheet {__version__} failed unexpectedly: {type(cause).__name__}{where}",
        detail="This is a mistake in Callsheet, not in your files.",
        hint=f"report it at {ISSUES} with the command; CALLSHEET_DEBUG=1 shows the traceback",
    )

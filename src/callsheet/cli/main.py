"""`callsheet`: the command line. Nothing heavy is imported before a verb asks for it."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from collections.abc import Sequence
from contextlib import redirect_stdout

import click

from callsheet import __version__
from callsheet.cli.group import LazyGroup
from callsheet.cli.guard import Guard
from callsheet.cli.outlet import standard_streams
from callsheet.cli.screen import Screen, output_format
from callsheet.model.exit_codes import DONE

_OUTPUT = re.compile(r"(--output|-[vq]*o)=?(?P<value>.*)")
_EPILOG = """\b
Exit codes: 0 done, or nothing to do; 1 error; 2 changes pending or drift found;
3 refused by a protection or a hold; 4 stale plan, lock held or conflict, nothing written;
5 applied in part."""


@click.group(cls=LazyGroup, name="callsheet", epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.version_option(__version__, prog_name="callsheet", message="%(prog)s %(version)s")
def callsheet() -> None:
    """Plan and apply for voice-AI estates: assistants, squads, tools and knowledge bases as files."""


def main() -> None:
    """Run the command line of this process and end it."""
    screen = Screen(*standard_streams())
    # As Ctrl-C: what is held is given back, and the run says how it ended.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    threading.excepthook = lambda failed: _in_a_thread(screen, failed.exc_value)
    code = run(sys.argv[1:], screen)
    if any(not each.daemon for each in threading.enumerate() if each is not threading.main_thread()):
        # Calls that nobody waits for any more (`Abandoned`): the interpreter would.
        os._exit(code)
    sys.exit(code)


def _in_a_thread(screen: Screen, cause: BaseException | None) -> None:
    """No thread prints a traceback of its own; what waits for it finds out that it ended."""
    if cause is not None:
        from callsheet.cli.failures import debug

        debug(screen, cause)


def run(arguments: Sequence[str], screen: Screen) -> int:
    """Run one command line; the exit code. Nothing is raised, whatever happens."""
    screen.format = format_of(arguments)
    guard = Guard(screen)
    # click writes help by itself, to whatever stdout is.
    with guard, redirect_stdout(screen.stdout):
        code = callsheet.main(list(arguments), prog_name="callsheet", standalone_mode=False, obj=screen)
        guard.code = code if isinstance(code, int) else DONE
    with guard:
        screen.close()
    return guard.code


def format_of(arguments: Sequence[str]) -> str:
    """What `-o` asks for, known before the arguments are parsed, so that usage errors are written so too."""
    wanted = ""
    for number, argument in enumerate(arguments):
        if argument == "--":
            break
        if found := _OUTPUT.fullmatch(argument):
            following = arguments[number + 1] if number + 1 < len(arguments) else ""
            wanted = found["value"] or following
    first = next((argument for argument in arguments if not argument.startswith("-")), "")
    return output_format(first, wanted)

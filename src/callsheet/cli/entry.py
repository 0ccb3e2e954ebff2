"""The entry point of the command. What it needs is imported where an interrupt is told, and not shown."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line of this process and end it."""
    try:
        from callsheet.cli.main import main as command

        command()
    except KeyboardInterrupt:
        # Before the guard of `run` is there, or while it explains an earlier one.
        sys.stderr.write("error: interrupted\n")
        sys.exit(1)

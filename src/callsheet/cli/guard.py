"""The guard: whatever leaves a verb becomes an exit code and an explanation, never a traceback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from callsheet.cli.outlet import Unwritable
from callsheet.model.exit_codes import DONE, ERROR

if TYPE_CHECKING:
    from callsheet.cli.screen import Screen


class Guard:
    """A block that no exception leaves. `code` is the result."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self.code = DONE

    def __enter__(self) -> Guard:
        return self

    def __exit__(self, sort: object, cause: BaseException | None, trace: object) -> bool:
        match cause:
            case None:
                pass
            case click.exceptions.Exit():
                self.code = cause.exit_code
            case SystemExit():
                self.code = cause.code if isinstance(cause.code, int) else ERROR
            case BrokenPipeError():
                self.code = ERROR
            case Unwritable():
                self.code = self._told(cause)
            case _:
                self.code = self._explained(cause)
        return True

    def _explained(self, cause: BaseException) -> int:
        from callsheet.cli.failures import explain

        try:
            return explain(self._screen, cause)
        except BrokenPipeError:
            return ERROR
        except Unwritable as unwritable:
            return self._told(unwritable)

    def _told(self, cause: Unwritable) -> int:
        self._screen.stderr.write(f"error: {cause}\n")
        return ERROR

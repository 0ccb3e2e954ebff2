"""Outlets: the process's own streams, made so that a closed or full one is an error people can read."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import TextIO


class Unwritable(Exception):
    """The result of a verb cannot be written."""


class Outlet(io.TextIOWrapper):
    """A stream to write to. Where it cannot be, Unwritable is raised once, or nothing with `quiet`; what
    comes after goes nowhere. BrokenPipeError passes: nobody listens any more, so there is nobody to tell."""

    quiet = False
    closed_before = False

    def write(self, text: str) -> int:
        try:
            if self.closed_before:
                raise OSError(0, "it is closed")
            return super().write(text)
        except BrokenPipeError:
            raise
        except OSError as cause:
            self._give_up(cause)
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except BrokenPipeError:
            raise
        except OSError as cause:
            self._give_up(cause)

    def _give_up(self, cause: OSError) -> None:
        self.closed_before = False
        # What is still buffered must not make the interpreter complain when it ends.
        with suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
        if not self.quiet:
            raise Unwritable(f"stdout cannot be written ({cause.strerror})") from None


def standard_streams() -> tuple[TextIO, Outlet, Outlet]:
    """stdin, stdout and stderr of this process, also where the caller closed some of them.

    Closed ones are opened on the null device first, lowest descriptor first, so that no file which is
    opened later takes their place and gets what was meant for them.
    """
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(os.devnull)), encoding="utf-8")
    sys.stdout = out = _outlet(sys.stdout)
    sys.stderr = err = _outlet(sys.stderr)
    err.quiet = True
    return sys.stdin, out, err


def _outlet(stream: TextIO | None) -> Outlet:
    if not isinstance(stream, io.TextIOWrapper):
        nowhere = io.BufferedWriter(io.FileIO(os.devnull, "w"))
        outlet = Outlet(nowhere, encoding="utf-8", errors="backslashreplace")
        outlet.closed_before = stream is None
        return outlet
    encoding, tty = stream.encoding, stream.line_buffering
    stream.flush()
    return Outlet(stream.detach(), encoding=encoding, errors="backslashreplace", line_buffering=tty)

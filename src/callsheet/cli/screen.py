"""The screen: where output goes. Machine output to stdout, everything else to stderr."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, TextIO

from callsheet import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from callsheet.model.diagnostics import Diagnostic
    from callsheet.model.events import Event, Listener
    from callsheet.operations.session import Session
    from callsheet.reports.json import Stream
    from callsheet.reports.line import Line
    from callsheet.reports.progress import Progress
    from callsheet.reports.terminal import Terminal

TERMINAL, JSON, EVENTS, MARKDOWN, HTML = "terminal", "json", "events", "markdown", "html"
# Renderings that some verbs offer beside those two that all have; `graph` has two of its own.
RENDERED = (MARKDOWN, HTML)
_DRAWN = ("mermaid", "dot")
_STREAMING = ("apply", "destroy", "rollback", "promote", "clone")


def output_format(verb: str, wanted: str) -> str:
    """How a verb writes what `--output` asks for: verbs that take their time write events as they go."""
    if wanted in (*RENDERED, *_DRAWN):
        return wanted
    if wanted != "json":
        return TERMINAL
    return EVENTS if verb in _STREAMING else JSON


class Screen:
    """One call's streams and how they are written to.

    `format` is terminal, json, events (NDJSON), one of RENDERED, or what `graph` writes.
    """

    def __init__(
        self,
        stdin: TextIO,
        stdout: TextIO,
        stderr: TextIO,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.stdin, self.stdout, self.stderr = stdin, stdout, stderr
        self.variables: Mapping[str, str] = dict(os.environ) if variables is None else variables
        self.format = TERMINAL
        self.colour = True
        self.verbose = False
        self.quiet = False
        self.root: Path | None = None
        self._pinned: Callable[[], bool] = lambda: False
        self.secrets: list[Callable[[], Iterable[str]]] = []
        for stream in (stdout, stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")

    def opened(self, session: Session) -> None:
        """Remember a session: its root for excerpts, its secrets for what must never be shown."""
        self.root = session.root
        self._pinned = lambda: session.environment.pinned
        self.secrets.append(session.keeper.known_values)

    # people

    def report(self, lines: Iterable[Line]) -> None:
        """The result of a verb, on stdout."""
        self.pause()
        self._out.print(lines)

    def tell(self, lines: Iterable[Line]) -> None:
        """What goes on beside the result, on stderr."""
        self.pause()
        self._err.print(lines)

    def say(self, text: str) -> None:
        """One line on stderr; nothing with --quiet."""
        from callsheet.reports.line import line

        if not self.quiet:
            self.tell([line(text)])

    def ask(self, question: str) -> str:
        """A line that the person types; empty at the end of input."""
        self.pause()
        self.stderr.write(question)
        self.stderr.flush()
        return self.stdin.readline().strip()

    @property
    def interactive(self) -> bool:
        """Whether there is somebody to ask."""
        return self.format == TERMINAL and self.stdin.isatty()

    def problems(self, diagnostics: Sequence[Diagnostic], exit_code: int) -> None:
        """An error: for people on stderr, for programs on stdout as well."""
        from callsheet.reports.diagnostic_lines import problem_lines

        self.pause()
        known = set(self._known())
        diagnostics = [each.without(known) for each in diagnostics]
        if self.format == EVENTS:
            from callsheet.reports.json import error_body

            self.stream.send("error", error_body(diagnostics, exit_code))
        elif self.format == JSON:
            from callsheet.reports.json import error_document

            self.document(error_document(diagnostics, exit_code))
        self.tell(problem_lines(diagnostics, self.excerpts))

    @property
    def excerpts(self) -> Any:
        from callsheet.model.errors import CallsheetError
        from callsheet.reports.diagnostic_lines import nowhere
        from callsheet.reports.excerpt import Excerpts

        if not self.root:
            return nowhere
        try:
            return Excerpts(self.root, settings=self._pinned(), known=self._known)
        except CallsheetError:
            # Which environment it is cannot be told: then no release is what the findings are about.
            return Excerpts(self.root, known=self._known)

    def _known(self) -> Iterator[str]:
        """Every secret that was resolved so far."""
        return (value for values in self.secrets for value in values())

    # programs

    def document(self, value: Mapping[str, Any]) -> None:
        from callsheet.reports.json import document

        self.stdout.write(document(value))
        self.stdout.flush()

    def data(self, data: bytes) -> None:
        """UTF-8 that a program reads back byte for byte, whatever the encoding of the terminal."""
        if isinstance(self.stdout, io.TextIOWrapper):
            self.stdout.reconfigure(encoding="utf-8")
        self.stdout.write(data.decode())
        self.stdout.flush()

    @cached_property
    def stream(self) -> Stream:
        from callsheet.reports.json import Stream

        return Stream(self.stdout, __version__)

    # events of the engine

    @cached_property
    def listener(self) -> Listener:
        if self.format == EVENTS:
            return self._send
        from callsheet.model.events import silent

        return self._watch if self._progress or self.verbose else silent

    def pause(self) -> None:
        if progress := self.__dict__.get("_progress"):
            progress.pause()

    def _send(self, event: Event) -> None:
        if self.verbose or not event.name.startswith("provider.request"):
            self.stream.send(event.name, event.fields)

    def _watch(self, event: Event) -> None:
        if self.verbose and event.name.startswith("provider."):
            from callsheet.reports.line import Span, line

            fields = " ".join(str(value) for value in event.fields.values())
            self.tell([line(Span(f"{event.name.removeprefix('provider.')}: {fields}", "dim"))])
        elif self._progress:
            self._progress(event)

    @cached_property
    def _progress(self) -> Progress | None:
        if self.format != TERMINAL or self.quiet or not self.stderr.isatty() or self._dumb:
            return None
        from callsheet.reports.progress import Progress

        return Progress(self.stderr, colour=self._coloured(self.stderr))

    @cached_property
    def _out(self) -> Terminal:
        return self._terminal(self.stdout)

    @cached_property
    def _err(self) -> Terminal:
        return self._terminal(self.stderr)

    def _terminal(self, stream: TextIO) -> Terminal:
        from callsheet.reports.terminal import Terminal

        return Terminal(stream, colour=self._coloured(stream))

    def _coloured(self, stream: TextIO) -> bool:
        forced = bool(self.variables.get("FORCE_COLOR"))
        wanted = self.colour and not self.variables.get("NO_COLOR")
        return wanted and (forced or (stream.isatty() and not self._dumb))

    @property
    def _dumb(self) -> bool:
        return self.variables.get("TERM") == "dumb"

    def close(self) -> None:
        """Write out what is left. Where nobody reads any more, keep the interpreter from saying so."""
        self.pause()
        for stream in (self.stdout, self.stderr):
            try:
                stream.flush()
            except (BrokenPipeError, ValueError):
                with suppress(OSError, ValueError):
                    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())

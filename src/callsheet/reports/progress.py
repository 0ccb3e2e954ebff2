"""Progress on a terminal: one line that says what is going on, gone when it is over."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, TextIO

from callsheet.model.events import Event
from callsheet.reports.counting import counted
from callsheet.reports.escaping import shown

if TYPE_CHECKING:
    from rich.status import Status


class Progress:
    """A listener that shows events on a terminal. Called from several threads."""

    def __init__(self, stream: TextIO, *, colour: bool) -> None:
        self._stream = stream
        self._colour = colour
        self._status: Status | None = None
        self._lock = threading.Lock()
        self._total = 0
        self._done = 0

    def __call__(self, event: Event) -> None:
        with self._lock:
            if text := self._text(event.name, event.fields):
                self._show(text)

    def pause(self) -> None:
        """Take the line away, for a report or a question; the next event brings it back."""
        with self._lock:
            if self._status is not None:
                self._status.stop()
                self._status = None

    def _show(self, text: str) -> None:
        from rich.text import Text

        line = Text(shown(text, 100), no_wrap=True, overflow="ellipsis")
        if self._status is None:
            from rich.console import Console

            console = Console(file=self._stream, force_terminal=True, no_color=not self._colour)
            self._status = console.status(line)
            self._status.start()
        else:
            self._status.update(line)

    def _text(self, name: str, fields: dict[str, Any]) -> str:
        match name:
            case "plan.start":
                return f"reading {fields.get('environment', '')}"
            case "refresh.kind":
                noun = f"{fields.get('kind', '')} object"
                return f"read {counted(fields.get('objects', 0), noun)}"
            case "fetch":
                return f"fetching {fields.get('url', '')}"
            case "apply.start":
                self._total, self._done = int(fields.get("changes", 0)), 0
                return f"applying {counted(self._total, 'change')}"
            case "change.start":
                return f"[{self._done}/{self._total}] {fields.get('action')} {fields.get('address')}"
            case "change.done" | "change.failed":
                self._done += 1
                return f"[{self._done}/{self._total}] {fields.get('address')}"
            case "apply.interrupted":
                return "stopping: finishing what is under way"
            case "provider.retry":
                return f"waiting for the provider ({fields.get('why') or fields.get('status') or 'retry'})"
            case _:
                return ""

"""JSON for programs: one document, or a stream of events, one object a line."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from callsheet.model.canonical import plain
from callsheet.model.diagnostics import Diagnostic

EVENTS = "callsheet.events/1"
ERROR = "callsheet.error/1"
VALIDATE = "callsheet.validate/1"
DOCTOR = "callsheet.doctor/1"


def document(value: Mapping[str, Any]) -> str:
    """The document as text that any reader takes, with a final newline. Symbols in their JSON form."""
    return json.dumps(plain(dict(value)), indent=2, ensure_ascii=False) + "\n"


def error_document(diagnostics: Iterable[Diagnostic], exit_code: int) -> dict[str, Any]:
    return {"format": ERROR, "error": error_body(diagnostics, exit_code)}


def error_body(diagnostics: Iterable[Diagnostic], exit_code: int) -> dict[str, Any]:
    return {"exitCode": exit_code, "diagnostics": [each.to_json() for each in diagnostics]}


class Stream:
    """Events as NDJSON. The first line names the format. A reader that went away stops nothing."""

    def __init__(self, out: TextIO, version: str) -> None:
        self._out = out
        self._version = version
        self._lock = threading.Lock()
        self._begun = False
        self.broken = False

    def send(self, event: str, fields: Mapping[str, Any]) -> None:
        with self._lock:
            if not self._begun:
                self._begun = True
                self._write({"event": "format", "format": EVENTS, "callsheet": self._version})
            self._write({"event": event, **fields})

    def _write(self, body: Mapping[str, Any]) -> None:
        if self.broken:
            return
        try:
            # ASCII: a line separator inside of a string must not end a line for anybody.
            self._out.write(
                json.dumps({"event": body["event"], **_plain(body)}, separators=(",", ":")) + "\n"
            )
            self._out.flush()
        except BrokenPipeError:
            # Half an apply is worse than one that nobody watches.
            self.broken = True


def _plain(body: Mapping[str, Any]) -> Any:
    try:
        return plain(dict(body))
    except TypeError:  # an unpaired surrogate in a file's name, say
        return json.loads(json.dumps(body, default=str))

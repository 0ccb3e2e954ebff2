"""JSON for programs: one document, or a stream of events, one object a line."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TextIO

from callsheet.diff.veil import HIDDEN
from callsheet.model.diagnostics import Diagnostic
from callsheet.model.paths import find, pattern, put
from callsheet.model.value import Digest, Text, from_json, transform
from callsheet.reports.escaping import COMMAND
from callsheet.reports.values import withheld

if TYPE_CHECKING:
    from callsheet.plan.plan import Plan

EVENTS = "callsheet.events/1"
ERROR = "callsheet.error/1"
VALIDATE = "callsheet.validate/1"
DOCTOR = "callsheet.doctor/1"
_SIDES = ("old", "new", "applied", "seen", "live")  # of attributes, and of movements of drift


def document(value: Mapping[str, Any]) -> str:
    """The document as text that any reader takes, with a final newline. Symbols in their JSON form."""
    import orjson

    try:
        # Left to itself, orjson would write the fields of a symbol and not its form.
        option = orjson.OPT_INDENT_2 | orjson.OPT_PASSTHROUGH_DATACLASS
        return _inert(orjson.dumps(value, default=_symbol, option=option).decode()) + "\n"
    except TypeError:  # an unpaired surrogate, in the name of a file say, which only this writer escapes
        return _inert(json.dumps(value, default=_symbol, indent=2)) + "\n"


def plan_document(plan: Plan) -> dict[str, Any]:
    """The plan as its file has it, but for secrets that the files have openly: those are for apply alone.
    Of attributes it holds what every other format shows."""
    out = plan.to_json()
    for shown in (*out["changes"], *out["drift"]):
        shown["attributes"] = [_attribute(each) for each in shown["attributes"]]
    for change in out["changes"]:
        shapes = [pattern(text) for text in change.get("masked", ())]
        for name in ("desired", "owned"):
            if change.get(name):
                # Symbols are no text, and stay what they are.
                change[name] = from_json(change[name])
                for shape in shapes:
                    for path, value in list(find(change[name], shape)):
                        change[name] = put(change[name], path, transform(value, _unsaid))
    return out


def _attribute(each: Mapping[str, Any]) -> dict[str, Any]:
    sides = {name: withheld(from_json(each[name]), each["sensitive"]) for name in _SIDES if name in each}
    return {**each, **sides}


def _unsaid(value: Any) -> Any:
    if isinstance(value, Text):
        # What stands openly beside a reference may be another secret.
        return Text(tuple(HIDDEN if isinstance(part, str) else part for part in value.parts), value.digest)
    return Digest("") if isinstance(value, str) else value


def _inert(text: str) -> str:
    """JSON in which no string holds what a CI runner obeys in the middle of a line."""
    return COMMAND.sub(r"#\\u0023", text) if "##" in text else text


def _symbol(value: Any) -> Any:
    return value.to_json()


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
            self._out.write(_inert(json.dumps(body, default=_symbol, separators=(",", ":"))) + "\n")
            self._out.flush()
        except BrokenPipeError:
            # Half an apply is worse than one that nobody watches.
            self.broken = True

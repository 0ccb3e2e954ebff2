"""An audit log as runs write it, and what somebody may do to it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson

from callsheet.audit.check import Checked, check
from callsheet.audit.log import Head, Log
from callsheet.audit.record import Account, Estate, What, Who
from callsheet.audit.tape import Tape, packed
from callsheet.model.canonical import canonical
from callsheet.model.exchange import Exchange
from callsheet.state.store import Store

NAME = "audit/dev/log"
SPACE = "audit/dev"


class Chain:
    """The log of `dev`, and what its state knows of it."""

    def __init__(self, store: Store, lineage: str = "l-1", head: Head | None = None) -> None:
        self.store = store
        self.lineage = lineage
        self.log = Log(store, "dev")
        self.head = head or Head()

    def run(self, *names: str, **more: Any) -> Chain:
        """Runs that end well, one after the other; the records' names of their requests are in `kept`."""
        for name in names:
            written = self.log.append(
                account(name, self.lineage, self.log, **more), self.head, last=name, ours=lambda: None
            )
            self.head = written.head
        return self

    def lines(self) -> list[bytes]:
        return self.store.read_log(NAME)[0]

    def rewrite(self, change: Callable[[list[bytes]], list[bytes]]) -> None:
        """What somebody with the right to write may do."""
        lines = change(self.lines())
        self.store.remove_log(NAME)
        if lines:
            self.store.append(NAME, lines, expected=0)

    def check(self) -> Checked:
        return check(self.log, self.lineage, self.head)

    def found(self) -> list[tuple[str, int, str | None]]:
        return [(each.code, each.number, each.run) for each in self.check().findings]


def account(run: str, lineage: str, log: Log, **more: Any) -> Account:
    tape = Tape()
    tape.start(b"key")
    at = datetime(2026, 11, 20, tzinfo=UTC)
    tape(Exchange(at, "POST", f"/assistant/{run}", "k", 201, "", 0.1, b"sent", b"received"))
    fields: dict[str, Any] = {
        "run": run,
        "verb": "apply",
        "estate": Estate("dev", "i", lineage, None),
        "who": Who("anna", "USER", "host"),
        "what": What("sha256:p"),
        "started_at": at.isoformat(),
        "ended_at": at.isoformat(),
        "outcome": {"ended": "in_order", "exitCode": 0},
        "serial": (1, 2),
        "callsheet": "0",
        "requests": {"count": 1, "writes": 1, "sha256": log.keep(packed(tape.stop()))},
    }
    return Account(**{**fields, **more})


def resealed(line: bytes, **changes: Any) -> bytes:
    """A line whose record somebody changed, with a seal that fits."""
    body = canonical({**orjson.loads(line.partition(b" ")[2]), **changes})
    return hashlib.sha256(body).hexdigest().encode() + b" " + body


def rechained(lines: list[bytes], **changes: Any) -> list[bytes]:
    """The whole log written anew from the first record on, consistent in itself."""
    out: list[bytes] = []
    for line in lines:
        previous = out[-1].partition(b" ")[0].decode() if out else None
        out.append(resealed(line, previous=previous, **changes))
    return out

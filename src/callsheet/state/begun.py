"""Begun steps: what the journal knows of a request that may or may not have happened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callsheet.model.value import Path, Payload
from callsheet.state.record import Record


@dataclass(frozen=True, slots=True)
class Begun:
    """One step whose call was about to be made; written durably before it, and ended by its entry.

    `key` is the change's idempotency key, `run` the run that began it.
    """

    address: str
    step: int
    call: str
    kind: str
    key: str
    run: str
    remote_id: str | None = None
    # What state will remember, but for what only the answer tells; of an update's payload what it touches.
    draft: Record | None = None
    # Where more, or less, is sent than state will remember: what is sent, to be told again by.
    sent: Payload | None = None
    # For an update: what it clears.
    clear: tuple[Path, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.address}#{self.step}"

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {
            "address": self.address,
            "step": self.step,
            "call": self.call,
            "kind": self.kind,
            "key": self.key,
            "run": self.run,
        }
        if self.remote_id:
            out["remoteId"] = self.remote_id
        if self.draft:
            out["draft"] = self.draft.to_json()
        if self.sent is not None:
            out["sent"] = self.sent
        if self.clear:
            out["clear"] = [list(path) for path in self.clear]
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Begun:
        return cls(
            address=data["address"],
            step=data["step"],
            call=data["call"],
            kind=data["kind"],
            key=data["key"],
            run=data["run"],
            remote_id=data.get("remoteId"),
            draft=Record.from_json(data["draft"]) if data.get("draft") else None,
            sent=data.get("sent"),
            clear=tuple(tuple(path) for path in data.get("clear", ())),
        )

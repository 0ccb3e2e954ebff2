"""Changes: what a plan says of one address, for people (attributes) and for apply (steps)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from callsheet.diff.classes import Class
from callsheet.model.canonical import fingerprint
from callsheet.model.paths import ABSENT
from callsheet.model.value import Path, Payload, Secret, Text, Value, from_json, transform


class Action(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    IMPORT = "import"
    MOVE = "move"
    FORGET = "forget"
    REFRESH = "refresh"


class Cause(StrEnum):
    """Why an attribute changes."""

    SPEC = "spec"
    SETTINGS = "settings"
    DRIFT = "drift"
    REFERENCE = "reference"
    SECRET = "secret"
    RENDERER = "renderer"
    IMPORT = "import"
    ROLLBACK = "rollback"


class Call(StrEnum):
    """What a step asks of the provider; RECORD asks nothing and writes state only."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    RECORD = "record"


SIDES = ("old", "new", "applied", "seen")


@dataclass(frozen=True, slots=True)
class Attribute:
    """One line of a change. `old` and `new` are ABSENT where there is none; secrets are symbols.

    `op` is add, change, remove, reorder, release (left as it is, no longer owned) or conflict; only a
    conflict carries `applied` and `seen`.
    """

    path: Path
    op: str
    old: Value = ABSENT
    new: Value = ABSENT
    cause: Cause = Cause.SPEC
    sensitive: bool = False
    at: str | None = None
    applied: Value = ABSENT
    seen: Value = ABSENT

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {"path": list(self.path), "op": self.op, "cause": str(self.cause)}
        for name in SIDES:
            if (value := getattr(self, name)) is not ABSENT:
                out[name] = value
        out["sensitive"] = self.sensitive
        if self.at:
            out["at"] = self.at
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Attribute:
        sides = {name: from_json(data[name]) if name in data else ABSENT for name in SIDES}
        return cls(
            path=tuple(data["path"]),
            op=data["op"],
            cause=Cause(data["cause"]),
            sensitive=data["sensitive"],
            at=data.get("at"),
            **sides,
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One request (or, for RECORD, none) of a change.

    `keys` are the top-level keys of `Change.desired` that are sent; `omit` are paths of desired left
    out (a back edge that a later step adds, a value that was decided to be kept as live has it);
    `clear` are paths to clear. `after` names the steps, as (address, number), that must be done first.
    """

    number: int
    call: Call
    keys: tuple[str, ...] = ()
    omit: tuple[Path, ...] = ()
    clear: tuple[Path, ...] = ()
    after: tuple[tuple[str, int], ...] = ()
    remote_id: str | None = None

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {"number": self.number, "call": str(self.call)}
        if self.keys:
            out["keys"] = list(self.keys)
        for name in ("omit", "clear"):
            if value := getattr(self, name):
                out[name] = [list(path) for path in value]
        if self.after:
            out["after"] = [f"{address}#{number}" for address, number in self.after]
        if self.remote_id:
            out["remoteId"] = self.remote_id
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Step:
        after = []
        for text in data.get("after", ()):
            address, _, number = text.rpartition("#")
            after.append((address, int(number)))
        return cls(
            number=data["number"],
            call=Call(data["call"]),
            keys=tuple(data.get("keys", ())),
            omit=tuple(tuple(path) for path in data.get("omit", ())),
            clear=tuple(tuple(path) for path in data.get("clear", ())),
            after=tuple(after),
            remote_id=data.get("remoteId"),
        )


def _by_name(value: Value) -> Value:
    """The value with its secrets as references, without digests of what they stand for."""

    def leaf(item: Value) -> Value:
        match item:
            case Secret():
                return Secret(item.uri)
            case Text():
                return Text(tuple(leaf(part) for part in item.parts))
        return item

    return transform(value, leaf)


@dataclass(frozen=True, slots=True)
class Change:
    """One address's part of a plan. `desired` is what state will call applied when all steps are done."""

    address: str
    kind: str
    action: Action
    classification: Class
    reason: str
    remote_id: str | None = None
    name: str | None = None
    moved_from: str | None = None
    lost_id: str | None = None  # of a missing object that is made again: the id that is gone
    depends_on: tuple[str, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    desired: Payload | None = None
    owned: Payload | None = None  # what state will call applied, where that is not all of desired
    steps: tuple[Step, ...] = ()
    lifecycle: Mapping[str, Any] | None = None
    labels: Mapping[str, str] | None = None
    digests: Mapping[str, str] | None = None
    masked: tuple[str, ...] = ()
    keeps: tuple[Path, ...] = ()  # conflicts that live wins; state remembers them
    at: str | None = None
    base_fingerprint: str = ""
    change_digest: str = ""
    idempotency_key: str = ""
    conflict: bool = False

    @property
    def destructive(self) -> bool:
        return self.action in (Action.DELETE, Action.REPLACE)

    @property
    def writes(self) -> bool:
        """Whether any step sends a request."""
        return any(step.call is not Call.RECORD for step in self.steps)

    def digested(self) -> dict[str, Any]:
        """What the change digest covers: all that decides what apply will do, and nothing that may
        differ between two plans of the same change (places, baselines, keys, source digests). Secrets
        count by name, so that it does not matter whether they resolve where it is planned."""
        named = replace(
            self,
            desired=_by_name(self.desired),
            owned=_by_name(self.owned),
            attributes=tuple(
                replace(each, **{side: _by_name(getattr(each, side)) for side in SIDES})
                for each in self.attributes
            ),
        )
        out = named.to_json()
        for key in ("at", "baseFingerprint", "changeDigest", "idempotencyKey", "digests", "reason", "class"):
            out.pop(key, None)
        out["attributes"] = [
            {key: value for key, value in attribute.items() if key != "at"} for attribute in out["attributes"]
        ]
        return out

    def compute_digest(self) -> str:
        return fingerprint(self.digested())

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {
            "address": self.address,
            "kind": self.kind,
            "action": str(self.action),
            "class": str(self.classification),
            "remoteId": self.remote_id,
            "reason": self.reason,
            "dependsOn": list(self.depends_on),
            "attributes": [attribute.to_json() for attribute in self.attributes],
            "steps": [step.to_json() for step in self.steps],
            "baseFingerprint": self.base_fingerprint,
            "changeDigest": self.change_digest,
            "idempotencyKey": self.idempotency_key,
        }
        optional = {
            "name": self.name,
            "movedFrom": self.moved_from,
            "lostId": self.lost_id,
            "desired": self.desired,
            "lifecycle": self.lifecycle,
            "labels": self.labels,
            "digests": self.digests,
            "masked": list(self.masked),
            "keeps": [list(path) for path in self.keeps],
            "at": self.at,
            "conflict": self.conflict,
        }
        out.update({key: value for key, value in optional.items() if value})
        if self.owned is not None:
            out["owned"] = self.owned
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Change:
        return cls(
            address=data["address"],
            kind=data["kind"],
            action=Action(data["action"]),
            classification=Class(data["class"]),
            reason=data["reason"],
            remote_id=data["remoteId"],
            name=data.get("name"),
            moved_from=data.get("movedFrom"),
            lost_id=data.get("lostId"),
            depends_on=tuple(data["dependsOn"]),
            attributes=tuple(Attribute.from_json(item) for item in data["attributes"]),
            desired=from_json(data["desired"]) if data.get("desired") else None,
            owned=from_json(data["owned"]) if "owned" in data else None,
            steps=tuple(Step.from_json(item) for item in data["steps"]),
            lifecycle=data.get("lifecycle"),
            labels=data.get("labels"),
            digests=data.get("digests"),
            masked=tuple(data.get("masked", ())),
            keeps=tuple(tuple(path) for path in data.get("keeps", ())),
            at=data.get("at"),
            base_fingerprint=data["baseFingerprint"],
            change_digest=data["changeDigest"],
            idempotency_key=data["idempotencyKey"],
            conflict=data.get("conflict", False),
        )

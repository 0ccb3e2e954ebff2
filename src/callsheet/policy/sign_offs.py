"""Sign-offs: the log `approvals/ENV` in the environment's store, one line each; a revocation is a line too.

Whoever may write to the store could forge it, as everything else in there (see docs/state.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from callsheet.model.canonical import canonical
from callsheet.model.errors import StateError
from callsheet.model.principal import Principal
from callsheet.plan.plan import Plan
from callsheet.state.snapshot import State
from callsheet.state.store import Moved, Store

FORMAT = "callsheet.approval/1"
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Bound:
    """What a sign-off is bound to beside the changes. Before the first apply there is no instance."""

    instance: str | None
    target: Mapping[str, Any]

    @classmethod
    def of(cls, plan: Plan, state: State) -> Bound:
        """The first apply's own plan keeps what it was signed for, also where an attempt at it has begun."""
        first = plan.lineage is None and state.lineage is not None and state.born == plan.digest
        return cls(None if first else state.instance, dict(plan.target))


@dataclass(frozen=True, slots=True)
class SignOff:
    """One principal's word for a set of changes. `author` made the plan that was signed."""

    bound: Bound
    digests: frozenset[str]
    by: Principal
    at: str
    plan: str
    author: Principal | None = None
    comment: str = ""

    @property
    def id(self) -> str:
        return hashlib.sha256(canonical(self.to_json())).hexdigest()[:12]

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "act": "sign",
            "instance": self.bound.instance,
            "target": dict(self.bound.target),
            "digests": sorted(self.digests),
            "by": self.by.to_json() | {"claims": dict(self.by.claims)},
            "at": self.at,
            "plan": self.plan,
            "author": _author(self.author),
            "comment": self.comment,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SignOff:
        return cls(
            Bound(data["instance"], data["target"]),
            frozenset(data["digests"]),
            Principal.from_json(data["by"]),
            data["at"],
            data["plan"],
            _whom(data["author"]),
            data["comment"],
        )


def _author(who: Principal | None) -> Any:
    """A name alone stays one: what is written anew must be what was read, or a sign-off had another id."""
    return who.to_json() if who and who != Principal(who.name) else who.name if who else None


def _whom(author: Any) -> Principal | None:
    return Principal(author) if isinstance(author, str) else Principal.from_json(author) if author else None


def digests_of(plan: Plan) -> frozenset[str]:
    """The digests of a plan's changes, of what they are and not of what the plan says that they are."""
    return frozenset(change.compute_digest() for change in plan.changes)


class Approvals:
    """The sign-offs of one environment."""

    def __init__(self, store: Store, environment: str) -> None:
        self._store = store
        self._log = f"approvals/{environment}"
        self._environment = environment

    def standing(self) -> list[SignOff]:
        """All that were not revoked, in the order of signing. StateError where a line is damaged."""
        return self._standing(self._store.read_log(self._log)[0])

    def sign(self, sign_off: SignOff) -> None:
        self._append(canonical(sign_off.to_json()))

    def revoke(self, sign_off: SignOff, at: str) -> None:
        line = {"format": FORMAT, "act": "revoke", "id": sign_off.id, "by": sign_off.by.to_json(), "at": at}
        self._append(canonical(line))

    def _append(self, line: bytes) -> None:
        for attempt in range(_ATTEMPTS):
            lines, length = self._store.read_log(self._log)
            self._standing(lines)
            try:
                self._store.append(self._log, [line], expected=length)
            except Moved:
                if attempt == _ATTEMPTS - 1:
                    raise
            else:
                return

    def _standing(self, lines: Iterable[bytes]) -> list[SignOff]:
        found: dict[str, SignOff] = {}
        for number, line in enumerate(lines, 1):
            try:
                data = orjson.loads(line)
                known = data["format"] == FORMAT and data["act"] in ("sign", "revoke")
                if known and data["act"] == "sign":
                    sign_off = SignOff.from_json(data)
                    found[sign_off.id] = sign_off
                elif known:
                    found.pop(data["id"], None)
            except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
                known = False
            if not known:
                raise StateError(
                    f"line {number} of the sign-offs of {self._environment} cannot be read",
                    detail="It may be what takes one back, so it is not passed over.",
                    hint="was it written by a later version of Callsheet, or changed by hand?",
                    code="approvals.damaged",
                )
        return list(found.values())

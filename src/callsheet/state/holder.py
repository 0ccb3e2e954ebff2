"""Who holds a lock, and who asks for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from callsheet.model.principal import marked


class Clock(Protocol):
    def monotonic(self) -> float: ...

    def now(self) -> datetime: ...

    def sleep(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock, for people: who, for what, where and since when.

    It is the holder's own word, unless it is `verified`.
    """

    owner: str
    run: str
    host: str
    verb: str
    since: datetime
    until: datetime
    token: int
    verified: bool = False

    def __str__(self) -> str:
        return (
            f"{marked(self.owner, self.verified)} on {self.host}, {self.verb} (run {self.run}), "
            f"since {_text(self.since)}, lease until {_text(self.until)}"
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "owner": self.owner,
            "run": self.run,
            "host": self.host,
            "verb": self.verb,
            "since": _text(self.since),
            "until": _text(self.until),
            "token": self.token,
            "verified": self.verified,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Holder:
        return cls(
            owner=data["owner"],
            run=data["run"],
            host=data["host"],
            verb=data["verb"],
            since=datetime.fromisoformat(data["since"]),
            until=datetime.fromisoformat(data["until"]),
            token=data["token"],
            verified=bool(data.get("verified")),
        )


@dataclass(frozen=True, slots=True)
class Claim:
    """What a process says of itself when it asks for the lock; `how` says where the owner's name is from.

    It is the process's own word, unless it is `verified`.
    """

    owner: str
    run: str
    host: str
    verb: str
    how: str = ""
    verified: bool = False

    @property
    def shown(self) -> str:
        return marked(self.owner, self.verified)


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")

"""Who holds a lock, and who asks for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol


class Clock(Protocol):
    def monotonic(self) -> float: ...

    def now(self) -> datetime: ...

    def sleep(self, seconds: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock, for people: who, for what, where and since when."""

    owner: str
    run: str
    host: str
    verb: str
    since: datetime
    until: datetime
    token: int

    def __str__(self) -> str:
        return (
            f"{self.owner} on {self.host}, {self.verb} (run {self.run}), since {_text(self.since)}, "
            f"lease until {_text(self.until)}"
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
        )


@dataclass(frozen=True, slots=True)
class Claim:
    """What a process says of itself when it asks for the lock; `how` says where the owner's name is from."""

    owner: str
    run: str
    host: str
    verb: str
    how: str = ""


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")

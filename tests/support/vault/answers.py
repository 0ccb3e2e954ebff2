"""Answers as Vault writes them."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from typing import Any

Body = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


NOTHING = Answer(204)


class Problem(Exception):
    def __init__(self, status: int, *words: str, body: Body | None = None) -> None:
        super().__init__(*words)
        self.answer = Answer(status, body if body is not None else {"errors": list(words)})


def many(*words: str) -> str:
    """Several errors in one, in Go's words."""
    count = "1 error occurred" if len(words) == 1 else f"{len(words)} errors occurred"
    return f"{count}:\n" + "".join(f"\t* {each}\n" for each in words) + "\n"


DENIED = Problem(403, many("permission denied"))


def envelope(data: Any = None, **more: Any) -> Body:
    return {
        "request_id": str(uuid.uuid4()), "lease_id": "", "renewable": False, "lease_duration": 0,
        "data": data, "wrap_info": None, "warnings": None, "auth": None, **more,
    }  # fmt: skip


def data(value: Any) -> Answer:
    return Answer(200, envelope(value))


def keys(names: Any) -> Answer:
    """A list; Vault answers 404 to an empty one."""
    if not names:
        raise Problem(404)
    return data({"keys": sorted(names)})


def seconds(value: Any) -> int:
    """A duration as Vault takes it: 300, "300", "5m", "1h30m"."""
    if value in (None, ""):
        return 0
    if isinstance(value, int) or str(value).isdigit():
        return int(value)
    units = {"s": 1, "m": 60, "h": 3600}
    return sum(int(n) * units[u] for n, u in re.findall(r"(\d+)([smh])", str(value)))


def listed(value: Any) -> list[str]:
    """A list, which clients may also send as one string with commas."""
    if isinstance(value, str):
        return [each for each in value.split(",") if each]
    return list(value or [])

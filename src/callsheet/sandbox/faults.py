"""Bad days on demand: which requests go wrong, and how. A schedule, never chance.

A `Fault` counts the requests that fit its method and path; the `nth` of them and the `count - 1` after it
go wrong (`count` None: all from then on). So "the third POST /tool loses its answer" is
`Fault(Effect.LOSE_ANSWER, "POST", "/tool", nth=3)`.
"""

from __future__ import annotations

import fnmatch
import math
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any


class Effect(StrEnum):
    LATENCY = "latency"  # wait `seconds` before anything else
    RATE_LIMIT = "rate-limit"  # more than `limit` requests per `seconds`: 429 with Retry-After
    LOSE_ANSWER = "lose-answer"  # the request is carried out, the connection closes without an answer
    DROP = "drop"  # the connection closes before anything happens
    ERROR = "error"  # `status` and nothing happens; `seconds` is Retry-After
    ERROR_AFTER = "error-after"  # the request is carried out, the answer is `status`
    TRUNCATE = "truncate"  # the answer's body stops half-way and the connection closes
    SLOW_BODY = "slow-body"  # the second half of the answer's body comes `seconds` after the first
    HTML = "html"  # a page with `status` (200), as a proxy in between would send; nothing happens
    LIST_CAP = "list-cap"  # no list has more than `limit` entries, whatever was asked for
    IGNORE_CLEAR = "ignore-clear"  # a PATCH's null for one of `fields` is forgotten
    READ_ONLY = "read-only"  # every write is 403
    FAIL_INDEXING = "fail-indexing"  # an attached file ends as `failed`
    DEFAULTS = "defaults"  # reads of `kind` show `values` where the object has none: a newer server


# These are conditions rather than accidents: they last unless a count says otherwise.
_LASTING = {
    Effect.LATENCY,
    Effect.RATE_LIMIT,
    Effect.LIST_CAP,
    Effect.IGNORE_CLEAR,
    Effect.READ_ONLY,
    Effect.DEFAULTS,
}
_STATUS = {Effect.ERROR: 500, Effect.ERROR_AFTER: 500, Effect.HTML: 200}
# How an answer repeats its request: quoted in messages, as the JSON body that was sent, or as plain text.
ECHOES = ("message", "body", "text")
_LIMIT = {Effect.LIST_CAP: 100, Effect.RATE_LIMIT: 10}


@dataclass(frozen=True, slots=True)
class Fault:
    """One switch. `method` and `path` are shell patterns (`*`, `/assistant/*`); `*` does cross slashes.

    `key`: only requests with that bearer token (never shown again). Where `count` is not given, an accident
    happens once and a condition lasts. `echo` (see ECHOES) makes an error repeat what it was asked, the key
    included. ValueError for what makes no sense.
    """

    effect: Effect
    method: str = "*"
    path: str = "*"
    nth: int = 1
    count: int | None = None
    seconds: float = 0.0
    status: int | None = None
    limit: int | None = None
    fields: tuple[str, ...] = ()
    kind: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = field(default=None, repr=False)
    forever: bool = False
    echo: str = ""

    def __post_init__(self) -> None:
        if self.nth < 1 or (self.count is not None and self.count < 1):
            raise ValueError("nth and count start at 1")
        if not math.isfinite(self.seconds) or self.seconds < 0:
            raise ValueError("seconds must be a number that is not negative")
        if self.status is not None and not 200 <= self.status <= 599:
            raise ValueError("status must be between 200 and 599")
        if self.limit is not None and self.limit < 1:
            raise ValueError("limit starts at 1")
        if self.effect is Effect.IGNORE_CLEAR and not self.fields:
            raise ValueError("ignore-clear needs fields, the names that it is about")
        if self.effect is Effect.DEFAULTS and not (self.kind and self.values):
            raise ValueError("defaults needs kind and values")
        if self.echo and (self.effect not in _STATUS or self.echo not in ECHOES):
            raise ValueError(f"echo is one of {', '.join(ECHOES)}, with error, error-after or html")

    @property
    def last(self) -> float:
        """The number of the last matching request that goes wrong."""
        if self.count is None and (self.forever or self.effect in _LASTING):
            return math.inf
        return self.nth + (self.count or 1) - 1

    @property
    def answer_status(self) -> int:
        return self.status or _STATUS.get(self.effect, 500)

    @property
    def most(self) -> int:
        return self.limit or _LIMIT.get(self.effect, 100)

    def fits(self, method: str, path: str, key: str) -> bool:
        return (
            fnmatch.fnmatchcase(method, self.method.upper())
            and fnmatch.fnmatchcase(path, self.path)
            and (self.key is None or self.key == key)
        )

    def to_json(self) -> dict[str, Any]:
        """The fields that were set, the key masked."""
        plain = Fault(self.effect, fields=self.fields, kind=self.kind, values=self.values)
        out: dict[str, Any] = {"effect": str(self.effect)}
        for each in fields(self):
            value = getattr(self, each.name)
            if each.name in ("fields", "kind", "values") and value:
                out[each.name] = list(value) if each.name == "fields" else value
            elif each.name != "effect" and value != getattr(plain, each.name):
                out[each.name] = "***" if each.name == "key" else value
        return out

    @classmethod
    def from_json(cls, raw: object) -> Fault:
        """The inverse of `to_json`; ValueError says what is wrong."""
        if not isinstance(raw, dict):
            raise ValueError('a switch is an object such as {"effect": "drop", "path": "/tool"}')
        known = {each.name: each for each in fields(cls)}
        if unknown := sorted(map(str, raw.keys() - known.keys())):
            raise ValueError(f"unknown: {', '.join(unknown)}; known are {', '.join(known)}")
        try:
            effect = Effect(str(raw.get("effect")))
        except ValueError:
            raise ValueError(f"effect must be one of {', '.join(Effect)}") from None
        for name, kinds in _TYPES.items():
            if raw.get(name) is not None and (
                not isinstance(raw[name], kinds) or (isinstance(raw[name], bool) and bool not in kinds)
            ):
                raise ValueError(f"{name} must be {_SAID[name]}")
        given = {key: value for key, value in raw.items() if value is not None and key != "effect"}
        if not all(isinstance(item, str) for item in given.get("fields", ())):
            raise ValueError("fields must be a list of names")
        if "fields" in given:
            given["fields"] = tuple(given["fields"])
        return cls(effect, **given)

    @classmethod
    def parse(cls, text: str) -> Fault:
        """`EFFECT [METHOD [PATH]] [name=value …]`, as an option of `callsheet sandbox serve` has it.

        For example `lose-answer POST /tool nth=3`, `latency seconds=0.2`, `ignore-clear fields=voice,name`.
        """
        raw: dict[str, Any] = {}
        positions = iter(("effect", "method", "path"))
        for word in text.split():
            name, equals, value = word.partition("=")
            if not equals:
                name, value = next(positions, ""), word
                if not name:
                    raise ValueError(f"{word!r} is one word too many; write EFFECT METHOD PATH name=value")
            raw[name] = _read(name, value)
        return cls.from_json(raw)


_INT, _NUMBER = (int,), (int, float)
_TYPES: dict[str, tuple[type, ...]] = {
    "method": (str,),
    "path": (str,),
    "nth": _INT,
    "count": _INT,
    "seconds": _NUMBER,
    "status": _INT,
    "limit": _INT,
    "fields": (list,),
    "kind": (str,),
    "values": (dict,),
    "key": (str,),
    "forever": (bool,),
    "echo": (str,),
}
_SAID = {
    name: {
        str: "a text",
        int: "a whole number",
        list: "a list of names",
        dict: "an object",
        bool: "true or false",
    }[kinds[0]]
    for name, kinds in _TYPES.items()
} | {"seconds": "a number"}


def _read(name: str, value: str) -> Any:
    kinds = _TYPES.get(name, (str,))
    try:
        if kinds == _INT:
            return int(value)
        if kinds == _NUMBER:
            return float(value)
    except ValueError:
        raise ValueError(f"{name} must be {_SAID[name]}, and is {value!r}") from None
    if kinds == (list,):
        return [item for item in value.split(",") if item]
    return value == "true" if kinds == (bool,) else value


class Faults:
    """The switches of one application, with their counters. Safe for threads."""

    def __init__(self, switches: Iterable[Fault] = ()) -> None:
        self._lock = threading.Lock()
        self._switches: list[Fault] = list(switches)
        self._seen: list[int] = [0] * len(self._switches)
        self._windows: dict[int, tuple[float, int]] = {}

    @property
    def switches(self) -> tuple[Fault, ...]:
        with self._lock:
            return tuple(self._switches)

    def add(self, *switches: Fault) -> None:
        with self._lock:
            self._switches += switches
            self._seen += [0] * len(switches)

    def clear(self) -> None:
        with self._lock:
            self._switches, self._seen, self._windows = [], [], {}

    def replace(self, switches: Iterable[Fault]) -> None:
        with self._lock:
            self._switches = list(switches)
            self._seen, self._windows = [0] * len(self._switches), {}

    def struck(self, method: str, path: str, key: str, clock: Callable[[], float]) -> Struck:
        """What happens to this request; it is counted."""
        found: list[Fault] = []
        wait: float | None = None
        with self._lock:
            for index, fault in enumerate(self._switches):
                if not fault.fits(method, path, key):
                    continue
                self._seen[index] += 1
                if not fault.nth <= self._seen[index] <= fault.last:
                    continue
                if fault.effect is Effect.RATE_LIMIT:
                    over = self._over(index, fault, clock())
                    wait = over if wait is None else max(wait, over or 0.0)
                else:
                    found.append(fault)
        return Struck(tuple(found), wait)

    def _over(self, index: int, fault: Fault, now: float) -> float | None:
        length = fault.seconds or 1.0
        since, used = self._windows.get(index, (now, 0))
        if now >= since + length:
            since, used = now, 0
        self._windows[index] = (since, used + 1)
        return since + length - now if used >= fault.most else None


@dataclass(frozen=True, slots=True)
class Struck:
    """The switches that this request meets; `wait` is the rest of a rate limit's window in seconds."""

    faults: tuple[Fault, ...]
    wait: float | None = None

    def first(self, *effects: Effect) -> Fault | None:
        return next((fault for fault in self.faults if fault.effect in effects), None)

    def all(self, effect: Effect) -> tuple[Fault, ...]:
        return tuple(fault for fault in self.faults if fault.effect is effect)

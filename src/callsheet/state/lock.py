"""The lock of one environment: a lease that is kept alive, ends by itself, and numbers its holders.

The lock is a document of the store, changed by compare-and-swap alone, so every store has it. Each
acquisition takes the next fencing token; the new holder writes it into state's log first, and from
then on an append of an earlier holder fails, whatever its clock says.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import orjson

from callsheet.model.canonical import canonical
from callsheet.model.errors import StateError
from callsheet.state.store import Moved, Store, Versioned

TTL_SECONDS = 60.0
# A holder that could not renew for this part of its lease treats it as lost, before others may take it.
_SAFE = 0.75
_POLL_SECONDS = 1.0


class Held(Moved):
    """Somebody else holds the lock; the message says who, and until when."""

    code = "lock.held"


class Lost(Moved):
    """This process held the lock and its lease ended: it must not write any more."""

    code = "lock.lost"


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


class Lock:
    """The lock of one environment in a store."""

    def __init__(self, store: Store, environment: str, clock: Clock, ttl: float = TTL_SECONDS) -> None:
        self._store = store
        self._name = f"locks/{environment}"
        self._environment = environment
        self._clock = clock
        self._ttl = ttl

    def holder(self) -> Holder | None:
        """Who holds the lock now; a lease that has ended holds nothing."""
        found = self._read()
        holder = found[1]
        return holder if holder and holder.until > self._clock.now() else None

    def acquire(self, claim: Claim, *, timeout: float = 0.0) -> Lease:
        """Take the lock, waiting up to `timeout` seconds for it. Held says who has it."""
        deadline = self._clock.monotonic() + timeout
        while True:
            try:
                return self._attempt(claim)
            except Moved as cause:
                if self._clock.monotonic() >= deadline:
                    if isinstance(cause, Held):
                        raise
                    raise self._held(self.holder()) from None
            self._clock.sleep(min(_POLL_SECONDS, max(0.0, deadline - self._clock.monotonic())))

    def force_release(self) -> Holder | None:
        """Take the lock away from whoever holds it; who that was. Its next write of state fails."""
        found, holder, token = self._read()
        if found is None or holder is None:
            return None
        # The token goes on, so that the former holder is behind the next one.
        self._store.write(self._name, _document(None, token), expected=found.version)
        return holder

    def _attempt(self, claim: Claim) -> Lease:
        found, holder, token = self._read()
        now = self._clock.now()
        if holder is not None and holder.until > now:
            raise self._held(holder)
        begun = self._clock.monotonic()
        mine = Holder(
            claim.owner, claim.run, claim.host, claim.verb, now, now + timedelta(seconds=self._ttl), token + 1
        )
        version = self._store.write(
            self._name, _document(mine, token + 1), expected=found.version if found else None
        )
        return Lease(self._store, self._name, self._clock, self._ttl, mine, version, begun)

    def _read(self) -> tuple[Versioned | None, Holder | None, int]:
        found = self._store.read(self._name)
        if found is None:
            return None, None, 0
        try:
            data = orjson.loads(found.data)
            holder = Holder.from_json(data["holder"]) if data["holder"] else None
            return found, holder, int(data["token"])
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            raise StateError(
                f"the lock of {self._environment} in {self._store.describe()} is not readable",
                detail="Without it nobody can tell whether an apply is under way.",
                hint="make sure that none is, then remove it with `callsheet state unlock`",
                code="lock.damaged",
            ) from None

    def _held(self, holder: Holder | None) -> Held:
        return Held(
            f"{self._environment} is locked: {holder or 'by somebody who has just taken it'}",
            detail="Nothing was written.",
            hint="wait with --lock-timeout; if that run is dead, its lease ends by itself, "
            "or take it away with `callsheet state unlock`",
        )


class Lease:
    """A held lock. `check` before every call and every write; `release` at the end."""

    def __init__(
        self,
        store: Store,
        name: str,
        clock: Clock,
        ttl: float,
        holder: Holder,
        version: str,
        begun: float,
    ) -> None:
        self._store = store
        self._name = name
        self._clock = clock
        self._ttl = ttl
        self._holder = holder
        self._version = version
        self._renewed = begun
        self._lost: str | None = None
        self._guard = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def token(self) -> int:
        return self._holder.token

    @property
    def holder(self) -> Holder:
        return self._holder

    def keep_alive(self) -> None:
        """Renew from a thread until the lease is released or lost."""
        self._thread = threading.Thread(target=self._beat, name="lease", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Lost when the lease has ended, or might have: then nothing may be written any more."""
        if self._lost is None and self._clock.monotonic() - self._renewed > self._ttl * _SAFE:
            self._lost = "it could not be renewed in time"
        if self._lost is not None:
            raise Lost(
                f"the lock was lost while this run was under way: {self._lost}",
                detail="Another run may have begun, so nothing more was written.",
                hint="run apply again; it first finds out what this run had begun",
            )

    def renew(self) -> None:
        """Move the end of the lease. Lost when somebody else has the lock."""
        with self._guard:
            self.check()
            begun = self._clock.monotonic()
            until = self._clock.now() + timedelta(seconds=self._ttl)
            renewed = Holder(
                self._holder.owner,
                self._holder.run,
                self._holder.host,
                self._holder.verb,
                self._holder.since,
                until,
                self._holder.token,
            )
            try:
                self._version = self._store.write(
                    self._name, _document(renewed, renewed.token), expected=self._version
                )
            except Moved:
                self._lost = "somebody else has taken it"
                self.check()
            self._holder = renewed
            self._renewed = begun

    def release(self) -> None:
        """Give the lock back; nothing happens where it was lost."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        with self._guard:
            if self._lost is None:
                try:
                    self._store.write(self._name, _document(None, self._holder.token), expected=self._version)
                except Moved:
                    self._lost = "somebody else has taken it"

    def _beat(self) -> None:
        while not self._stop.wait(self._ttl / 4):
            try:
                self.renew()
            except Lost:
                return
            except StateError:
                # The store may come back before the lease ends; `check` knows when it is too late.
                continue


def _document(holder: Holder | None, token: int) -> bytes:
    return canonical({"holder": holder.to_json() if holder else None, "token": token})


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")

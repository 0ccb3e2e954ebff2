"""The lock of one environment: a lease that is kept alive, ends by itself, and numbers its holders.

The lock is a document of the store, changed by compare-and-swap alone, so every store has it. Each
acquisition takes the next fencing token; the new holder writes it into state's log first, and from
then on an append of an earlier holder fails, whatever its clock says.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from callsheet.model.errors import Abandoned, StateError
from callsheet.state.holder import Claim as Claim
from callsheet.state.holder import Clock
from callsheet.state.holder import Holder as Holder
from callsheet.state.lease import Lease as Lease
from callsheet.state.lease import Lost as Lost
from callsheet.state.lease import document, free_from
from callsheet.state.store import Moved, Store

TTL_SECONDS = 60.0
UNREADABLE = "lock.damaged"
_POLL_SECONDS = 1.0


class Held(Moved):
    """Somebody else holds the lock; the message says who, and until when."""

    code = "lock.held"


class _Unreadable(StateError):
    """The document is there, and it is no lock."""

    code = UNREADABLE

    def __init__(self, environment: str, where: str, version: str) -> None:
        super().__init__(
            f"the lock of {environment} in {where} is not readable",
            detail="Without it nobody can tell whether an apply is under way.",
            hint="make sure that none is, then remove it with `callsheet state unlock`",
        )
        self.version = version


@dataclass(frozen=True, slots=True)
class _Found:
    """The lock as it lies in the store; `free`: taken away, and nobody's before that."""

    version: str | None
    holder: Holder | None = None
    token: int = 0
    free: datetime | None = None


class Lock:
    """The lock of one environment in a store. Its tokens are beyond `after`, those of a store before it."""

    def __init__(
        self, store: Store, environment: str, clock: Clock, ttl: float = TTL_SECONDS, *, after: int = 0
    ) -> None:
        self._store = store
        self._name = f"locks/{environment}"
        self._environment = environment
        self._clock = clock
        self._ttl = ttl
        self._after = after

    def holder(self) -> Holder | None:
        """Who holds the lock now; a lease that has ended holds nothing."""
        holder = self._read().holder
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

    def force_release(self, fence: int = 0) -> Holder | None:
        """Take the lock away from whoever holds it; who that was. Its next write of state fails.

        A lock that is not readable is made anew; `fence` is the last token that state knows.
        """
        try:
            found = self._read()
            if found.holder is None:
                return None
        except _Unreadable as cause:
            found = _Found(cause.version, token=fence)
        # The token goes on, so that the former holder is behind the next one.
        free = free_from(self._clock.now(), self._ttl)
        self._store.write(self._name, document(None, found.token, free), expected=found.version)
        return found.holder

    def _attempt(self, claim: Claim) -> Lease:
        found = self._read()
        now = self._clock.now()
        if found.holder is not None and found.holder.until > now:
            raise self._held(found.holder)
        if found.free is not None and found.free > now:
            self._clock.sleep(min(found.free - now, free_from(now, self._ttl) - now).total_seconds())
            now = self._clock.now()
        begun = self._clock.monotonic()
        token, until = max(found.token, self._after) + 1, now + timedelta(seconds=self._ttl)
        mine = Holder(claim.owner, claim.run, claim.host, claim.verb, now, until, token, claim.verified)
        version = self._store.write(self._name, document(mine, token), expected=found.version)
        return Lease(self._store, self._name, self._clock, self._ttl, mine, version, begun)

    def _read(self) -> _Found:
        found = self._store.read(self._name)
        if found is None:
            return _Found(None)
        try:
            data = orjson.loads(found.data)
            holder = Holder.from_json(data["holder"]) if data["holder"] else None
            free = datetime.fromisoformat(data["free"]) if data.get("free") else None
            return _Found(found.version, holder, int(data["token"]), free)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            pass
        raise _Unreadable(self._environment, self._store.describe(), found.version)

    def _held(self, holder: Holder | None) -> Held:
        return Held(
            f"{self._environment} is locked: {holder or 'by somebody who has just taken it'}",
            detail="Nothing was written.",
            hint="wait with --lock-timeout; if that run is dead, its lease ends by itself, "
            "or take it away with `callsheet state unlock`",
        )


@contextmanager
def holding(lock: Lock, claim: Claim, timeout: float) -> Iterator[Lease]:
    """The lock, kept alive while the block runs, and given back. Held says who has it."""
    lease = lock.acquire(claim, timeout=timeout)
    lease.keep_alive()
    try:
        yield lease
    except Abandoned:
        lease.abandon()
        raise
    finally:
        lease.release()

"""A lease: a lock that is held, for as long as its holder can show that nobody else took it."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from callsheet.model.canonical import canonical
from callsheet.model.errors import StateError
from callsheet.state.holder import Clock, Holder
from callsheet.state.store import Moved, Store

# A holder that could not renew for this part of its lease treats it as lost, before others may take it.
_SAFE = 0.75
# No call is begun when the store was last asked whose the lock is longer ago than this part of a lease.
_SURE = 0.05
_TAKEN = "somebody else has taken it"


class Lost(Moved):
    """This process held the lock and its lease ended: it must not write any more."""

    code = "lock.lost"


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
        self._sure = begun
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
        if self._lost is None and self._clock.now() >= self._holder.until:
            # The monotonic clock of a machine that slept did not move.
            self._lost = "its lease has ended"
        if self._lost is not None:
            raise Lost(
                f"the lock was lost while this run was under way: {self._lost}",
                detail="Another run may have begun, so nothing more was written.",
                hint="run apply again; it first finds out what this run had begun",
            )

    def vouch(self) -> None:
        """Before a call: Lost also where the store says that somebody took it. StateError where it can't.

        It is asked once in a while: whoever takes a lock away waits for as long before it is free.
        """
        with self._guard:
            self.check()
            asked = self._clock.monotonic()
            if asked - self._sure <= self._ttl * _SURE:
                return
            found = self._store.read(self._name)
            if found is None or found.version != self._version:
                self._lost = _TAKEN
                self.check()
            # The read itself may have taken longer than the lease.
            self.check()
            self._sure = asked

    def renew(self) -> None:
        """Move the end of the lease. Lost when somebody else has the lock."""
        with self._guard:
            self.check()
            begun = self._clock.monotonic()
            until = self._clock.now() + timedelta(seconds=self._ttl)
            renewed = replace(self._holder, until=until)
            try:
                self._version = self._store.write(
                    self._name, document(renewed, renewed.token), expected=self._version
                )
            except Moved:
                self._lost = _TAKEN
                self.check()
            self._holder = renewed
            self._renewed = self._sure = begun

    def release(self) -> None:
        """Give the lock back; nothing happens where it was lost, or where the store is: it ends by itself."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        with self._guard:
            if self._lost is None:
                self._lost = "it was given back"
                with suppress(Moved, StateError):
                    self._store.write(self._name, document(None, self._holder.token), expected=self._version)

    def abandon(self) -> None:
        """Hold it no longer, but leave it to end by itself: what is under way may still come about."""
        self._stop.set()
        self._thread = None
        self._lost = "it was given up"

    def _beat(self) -> None:
        while not self._stop.wait(self._ttl / 4):
            try:
                self.renew()
            except Lost:
                return
            except StateError:
                # The store may come back before the lease ends; `check` knows when it is too late.
                continue


def free_from(now: datetime, ttl: float) -> datetime:
    """From when on a lock that was taken away is free: until then its holder may still be sure of it."""
    return now + timedelta(seconds=ttl * _SURE)


def document(holder: Holder | None, token: int, free: datetime | None = None) -> bytes:
    """The lock as it lies in the store."""
    said = {"holder": holder.to_json() if holder else None, "token": token}
    return canonical(said | ({"free": free.isoformat(timespec="milliseconds")} if free else {}))

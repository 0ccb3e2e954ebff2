"""One apply, killed at one boundary after the other, gone on with, and looked at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL, SIGSTOP
from typing import Any

import orjson

from callsheet.model.errors import PARTIAL, STALE, CallsheetError
from callsheet.operations.plan import plan
from callsheet.operations.runs import verified
from callsheet.operations.show import read_archive
from callsheet.plan.archive import pack
from callsheet.plan.change import Call
from callsheet.plan.inputs import Options
from callsheet.state.snapshot import State
from faults import estate
from faults.applying import Applying, Order, Told
from faults.choice import ALL, SHARES, instead, to_kill_at, to_stop_at
from faults.ground import Ground
from support.world import go_on, writes

FRESH, SAME, KILLED_AGAIN = "a fresh plan", "the same plan", "a fresh plan, killed as well"
Inventory = Mapping[tuple[str, str], Mapping[str, Any]]
# How an apply that was killed is gone on with, in turn: each share has all of them, early and late.
WAYS = (FRESH, KILLED_AGAIN, FRESH, SAME)
OPTIONS = {"allow_mass_delete": True}
# What differs from run to run and means nothing.
_TIMES = re.compile(r'"(createdAt|updatedAt|latestVersion|key|url|path)":("[^"]*"|\d+|\{[^}]*\}),?')


@dataclass
class Suite:
    """An estate that was applied once, a plan for its change, and how an apply of that goes and ends.

    `first`: it was not, and the plan is for all of it.
    """

    ground: Ground
    applying: Applying
    first: bool = False
    theirs: Inventory = field(init=False, repr=False)
    boundaries: tuple[str, ...] = field(init=False, repr=False)
    _ends: Mapping[str, Any] = field(init=False, repr=False)
    _creates: int = field(init=False)

    def __post_init__(self) -> None:
        world = self.ground.world
        estate.before(world)
        if not self.first:
            assert world.apply().exit_code == 0
        self.theirs = free(self._state(), estate.inventory(world))
        if not self.first:
            estate.after(world)
        planned = world.plan(**OPTIONS)
        assert self.first or estate.is_whole(planned.plan)
        self._creates = sum(
            step.call is Call.CREATE for change in planned.plan.changes for step in change.steps
        )
        self._archive.write_bytes(pack(planned.archive))
        self.ground.keep()
        told = self.applying.run(self._order(str(self._archive), None))
        assert told.status == 0, told
        self.boundaries = told.passed
        self._ends = by_address(self._state(), estate.inventory(world))
        self.look()

    def kill_share(self, share: int, around: str | None = None) -> None:
        """Kill at the boundaries of one share of them all; AssertionError tells everything that is wrong."""
        backend, problems = self.ground.backend, []
        chosen = to_kill_at(self.boundaries, backend, first=self.first, around=around)
        for number, fatal in list(enumerate(chosen))[share::SHARES]:
            way = WAYS[(number + number // SHARES) % len(WAYS)]
            for again in (FRESH, SAME, KILLED_AGAIN) if ALL and backend == "file" else (way,):
                try:
                    self.kill(fatal, again)
                except (AssertionError, CallsheetError) as cause:
                    problems.append(f"{fatal}, then {again}: {cause}")
        assert not problems, "\n".join(problems)

    def kill(self, fatal: str, again: str) -> None:
        """Kill at a boundary, go on, look. AssertionError for what is wrong then."""
        # Killed somewhere once more, and somewhere else for each boundary.
        then = 1 + self.boundaries.index(fatal) * 7 % 150 if again == KILLED_AGAIN else None
        self._die_at(fatal)
        while then is not None and not self._died(told := self._run(None, f"#{then}")):
            then = 1 + then % len(told.passed)
            self._die_at(fatal)
        with self.ground.world.session() as session:
            archive = read_archive(self._archive) if again == SAME else None
            outcome = go_on(session, archive, **OPTIONS)
        assert outcome.exit_code == 0, outcome.to_json()
        self.look()

    def _die_at(self, fatal: str) -> None:
        """Die there, whatever it takes; what came before is as if it had not been."""
        at: str | None = fatal
        while at is not None:
            self.ground.back()
            if self._died(told := self._run(str(self._archive), at)):
                return
            at = instead(at, told.passed)
        raise AssertionError("the apply never got there")

    def stop_some(self) -> None:
        """Stop at a few boundaries, let the lease end and another one do it all, and wake the stopped."""
        problems = []
        for fatal in to_stop_at(self.boundaries, self.ground.backend):
            try:
                self.stop(fatal)
            except (AssertionError, CallsheetError) as cause:
                problems.append(f"stopped {fatal}: {cause}")
        assert not problems, "\n".join(problems)

    def stop(self, fatal: str) -> None:
        self.ground.back()
        world = self.ground.world
        told = self.applying.run(self._order(str(self._archive), fatal, asleep=120))
        assert told.status == -SIGSTOP, told.said
        world.time_passes(120)
        try:
            with world.session() as session:
                assert go_on(session, None, **OPTIONS).exit_code == 0
            self.look()
            with world.counted() as counts:
                told = self.applying.wake()
        except BaseException:
            self.applying.wake()
            raise
        # Where nothing was left to do, only its record could not be written any more.
        assert told.status in (STALE, PARTIAL) or told.said == ("audit.unwritten",), told
        assert not writes(counts)
        world.app.requests.reset()
        self.look(exactly_once=False)

    def look(self, *, exactly_once: bool = True) -> None:
        """Nothing twice, nothing lost, nothing foreign touched; state and live are one; nothing is to do.

        `exactly_once`: no request but those that were answered has made anything, however briefly.
        """
        world = self.ground.world
        if exactly_once:
            made = [
                each for each in world.app.requests.writes if each.method == "POST" and each.status == 201
            ]
            assert len([each for each in made if each.path in estate.LISTS.values()]) == self._creates
        with world.session() as session:
            again = plan(session, Options()).plan
            assert again.empty
            assert not again.drift
            assert session.lock.holder() is None
            audit = verified(session)
            assert (audit["findings"], audit["unrecorded"]) == ([], None)
            state = session.ledger.load()
        assert not state.begun
        live = estate.inventory(world)
        assert free(state, live) == self.theirs
        assert by_address(state, live) == self._ends

    def _run(self, archive: str | None, fatal: str) -> Told:
        told = self.applying.run(self._order(archive, fatal))
        self.ground.quiet()
        # The dead cannot give its lock back: its lease ends.
        self.ground.world.time_passes(120)
        return told

    def _died(self, told: Told) -> bool:
        assert told.status in (0, -SIGKILL), told.said
        return told.status == -SIGKILL

    def _order(self, archive: str | None, fatal: str | None, asleep: float = 0.0) -> Order:
        world = self.ground.world
        seconds = world.clock.monotonic()
        backend, variables = self.ground.backend, world.variables
        return Order(str(world.root), backend, variables, archive, fatal, seconds, OPTIONS, asleep)

    def _state(self) -> State:
        with self.ground.world.session() as session:
            return session.ledger.load()

    @property
    def _archive(self) -> Path:
        return self.ground.folder.parent / "change.plan"


def free(state: State, live: Inventory) -> Inventory:
    """What is live and belongs to no address."""
    return {key: each for key, each in live.items() if not state.owns(*key)}


def by_address(state: State, live: Inventory) -> dict[str, Any]:
    """What is live by the address it belongs to; ids are told as addresses, and times are not told."""
    names = {record.remote_id: address for address, record in state.records.items()}
    out = {}
    for address, record in state.records.items():
        text = orjson.dumps(live[(record.kind, record.remote_id)], option=orjson.OPT_SORT_KEYS).decode()
        out[address] = re.sub(_ID, lambda found: names.get(found[0], "?"), _TIMES.sub("", text))
    return out


_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")

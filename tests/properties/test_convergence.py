"""Generated edits, edits behind Callsheet's back, bad days, kills and stores that fail: it converges, and
touches nothing else.

A kill is an exception that nothing catches; `tests/faults` has the real ones.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from callsheet.apply.outcome import Outcome
from callsheet.model.errors import CallsheetError, StateError
from callsheet.operations.runs import verified
from faults.boundaries import Boundaries, Gone, Watched, gone, watched
from support.world import World, go_on, writes

NAMES = ("a", "b", "c")
TOOLS = ("t", "u")
WORDS = st.sampled_from(["", "hello", "Say {{name}}.", "two\nlines", "no", "${"[:1], "ünï"])
OBJECTS: dict[str, dict[str, Any]] = {
    "voice": {"provider": "11labs", "voiceId": "burt", "stability": 0.5},
    "transcriber": {"provider": "deepgram", "model": "nova-3"},
    "server": {"url": "https://acme.example"},
    "analysisPlan": {"summaryPlan": {"enabled": False}},
}
FAULTS = (
    "error POST /assistant status=500",
    "error PATCH /assistant/* status=400",
    "lose-answer POST /assistant",
    "lose-answer PATCH /assistant/*",
    "drop POST /tool",
    "error DELETE * status=503",
    "error POST * status=429 count=2",
    "lose-answer DELETE *",
)


def options(edited: bool) -> dict[str, Any]:
    """Where nobody else has edited anything, nothing is to be decided."""
    return {"on_conflict": "overwrite" if edited else None, "allow_mass_delete": True}


@dataclass
class Failing:
    """Calls that write to a store fail from the number `at` on, so many `times`; `late`: after they wrote."""

    at: int
    times: int
    late: bool
    _count: int = 0

    def over(self, store: Any) -> Any:
        return Watched(store, cast(Boundaries, self))

    def around(self, label: str, act: Callable[[], Any]) -> Any:
        self._count += 1
        fails = self.at <= self._count < self.at + self.times
        if fails and self.late:
            act()
        if fails:
            raise StateError(f"{label}: the disk is on fire", code="state.unwritable")
        return act()


class Estate(RuleBasedStateMachine):
    """Files are what `declared` says; live is the server's; in between there is Callsheet."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.world = World(self.folder)
        self.declared: dict[str, dict[str, Any]] = {}
        self.tools: dict[str, str] = {}
        self.theirs: dict[str, Any] = {}
        self.wrong_stops = 0
        self.edited = False  # by somebody, since an apply went through

    def teardown(self) -> None:
        try:
            self.settles()
        finally:
            self.world.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    @initialize()
    def an_anchor(self) -> None:
        # Something is always declared: an emptied estate is refused by design.
        self.world.assistant("anchor")

    @rule(
        name=st.sampled_from(NAMES),
        prompt=WORDS,
        first=st.none() | WORDS,
        temperature=st.none() | st.sampled_from([0, 0.5, 1.0]),
        tools=st.sets(st.sampled_from(TOOLS)),
        seconds=st.none() | st.integers(10, 600),
        whole=st.sets(st.sampled_from(sorted(OBJECTS))),
    )
    def declare(
        self,
        name: str,
        prompt: str,
        first: str | None,
        temperature: float | None,
        tools: set[str],
        seconds: int | None,
        whole: set[str],
    ) -> None:
        spec: dict[str, Any] = {"tools": [{"ref": tool} for tool in sorted(tools) if tool in self.tools]}
        # Objects that come and go whole.
        native: dict[str, Any] = {key: OBJECTS[key] for key in whole}
        if first is not None:
            spec["firstMessage"] = first
        if temperature is not None:
            native["model"] = {"temperature": temperature}
        if seconds is not None:
            native["maxDurationSeconds"] = seconds
        self.declared[name] = {"prompt": prompt, "first": first, "seconds": seconds}
        self.world.assistant(name, prompt=prompt or "x", native=native, **spec)

    @rule(name=st.sampled_from(TOOLS), kind=st.sampled_from(["function", "handoff"]))
    def declare_tool(self, name: str, kind: str) -> None:
        native: dict[str, Any] = {"function": {"name": name}}
        if kind == "handoff":
            # A cycle as soon as the anchor's neighbour uses it.
            native["destinations"] = [{"type": "assistant", "assistantId": {"ref": "anchor"}}]
        self.tools[name] = kind
        self.world.document("Tool", name, {"type": kind, "native": native})

    @precondition(lambda self: self.declared)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.declared)))
        del self.declared[name]
        self.world.remove(f"assistants/{name}.yaml")

    @rule(name=st.sampled_from(NAMES), field=st.sampled_from(["firstMessage", "endCallMessage"]), word=WORDS)
    def edited_by_somebody(self, name: str, field: str, word: str) -> None:
        for each in self.world.api("GET", "/assistant"):
            if each.get("name") == name:
                self.world.api("PATCH", f"/assistant/{each['id']}", {field: word or None})
                self.edited = True

    @rule(name=st.sampled_from(NAMES))
    def deleted_by_somebody(self, name: str) -> None:
        for each in self.world.api("GET", "/assistant"):
            if each.get("name") == name:
                self.world.api("DELETE", f"/assistant/{each['id']}")
                self.edited = True

    @rule(word=WORDS)
    def made_by_somebody(self, word: str) -> None:
        made = self.world.api("POST", "/assistant", {"name": "theirs", "firstMessage": word})
        self.theirs[made["id"]] = made

    @rule(fault=st.sampled_from(FAULTS))
    def bad_day(self, fault: str) -> None:
        # Only Callsheet meets it; the others have a good day.
        self.world.bad_day(f"{fault} key=canary-key")

    @rule()
    def plan_writes_nothing(self) -> None:
        with self.world.counted() as counts:
            self._quietly(lambda: self.world.plan())
            self._quietly(lambda: self.world.drift())
        assert writes(counts) == {}

    @rule()
    def apply(self) -> None:
        self._quietly(lambda: self._through(self.world.apply(**options(self.edited))))

    @rule(at=st.integers(1, 90))
    def killed(self, at: int) -> None:
        with suppress(Gone):
            self._quietly(lambda: self._go_on(Boundaries(f"#{at}", gone)))
        # The dead cannot give its lock back: its lease ends.
        self.world.time_passes(120)

    @rule(at=st.integers(1, 30), times=st.integers(1, 3), late=st.booleans())
    def store_fails(self, at: int, times: int, late: bool) -> None:
        self._quietly(lambda: self._go_on(failing=Failing(at, times, late)))
        self.world.time_passes(120)

    @precondition(lambda self: self.declared and not self.edited)
    @rule(data=st.data(), words=st.lists(st.sampled_from("abcdef"), min_size=3, max_size=3, unique=True))
    def changed_and_not_heard_of(self, data: st.DataObject, words: list[str]) -> None:
        """The second of three values arrives, and no answer to it: the third is nobody's conflict."""
        name = data.draw(st.sampled_from(sorted(self.declared)))
        self.declared[name] = {"prompt": "x", "first": words[2], "seconds": None}
        unheard = "error-after PATCH /assistant/* status=502 count=50 key=canary-key"
        for word, day in zip(words, ([], [unheard], None), strict=True):
            self.world.assistant(name, prompt="x", firstMessage=word)
            if day is not None:
                self.world.bad_day(*day)
                self.apply()
        self.world.bad_day()

    def _go_on(self, boundaries: Boundaries | None = None, failing: Failing | None = None) -> None:
        with self.world.session() as session:
            if failing is not None:
                session.__dict__["store"] = failing.over(session.store)
            with watched(session, boundaries) if boundaries else nullcontext():
                self._through(go_on(session, None, **options(self.edited)))

    def _through(self, outcome: Outcome) -> None:
        self.edited = self.edited and outcome.exit_code != 0

    def _quietly(self, run: Any) -> None:
        try:
            run()
        except CallsheetError as cause:
            # Bad days may stop a verb; they may not stop it without a word, nor as somebody's edit.
            conflict = any(each.code == "stale.conflict" for each in cause.diagnostics)
            self.wrong_stops += not cause.diagnostics or (conflict and not self.edited)

    def settles(self) -> None:
        self.world.bad_day()
        assert self.wrong_stops == 0
        self.world.time_passes(120)
        for _ in range(4):
            with self.world.session() as session:
                outcome = go_on(session, None, **options(self.edited))
            assert outcome.exit_code == 0, outcome.to_json()
            if not outcome.results:
                break
        with self.world.counted() as counts:
            assert self.world.plan().plan.empty
            assert self.world.apply().exit_code == 0
        assert writes(counts) == {}
        live = self.world.api("GET", "/assistant")
        assert sorted(each["name"] for each in live if each["id"] not in self.theirs) == sorted(
            ["anchor", *self.declared]
        )
        # Nothing that is not ours was touched.
        assert {each["id"]: each for each in live if each["id"] in self.theirs} == self.theirs
        assert sorted(each["function"]["name"] for each in self.world.api("GET", "/tool")) == sorted(
            self.tools
        )
        with self.world.session() as session:
            assert not session.ledger.load().begun
            audit = verified(session)
            assert (audit["findings"], audit["unrecorded"]) == ([], None)
        for each in live:
            if each["name"] in self.declared:
                wanted = self.declared[each["name"]]
                assert each["model"]["messages"][0]["content"] == (wanted["prompt"] or "x")
                if wanted["first"] is not None:
                    assert each["firstMessage"] == wanted["first"]


TestConvergence = Estate.TestCase
TestConvergence.settings = settings(
    max_examples=25, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)

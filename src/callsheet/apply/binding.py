"""Binding: a run writes to the organisation that plan and state are about, and to no other environment's."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from callsheet.apply.recheck import check_organisation
from callsheet.model.errors import CallsheetError, Refused
from callsheet.model.resource import RemoteObject
from callsheet.plan.plan import Plan
from callsheet.state.snapshot import State

# Refused where the objects show an organisation that is another environment's.
Whose = Callable[[State, Iterable[RemoteObject]], None]


class Misplaced(Refused):
    """The answer to a create came from an organisation that is not to be written to."""

    code = "refused.organisation"


class Binding:
    """Threads share it. An organisation without any object does not say which one it is, before something is
    made there: `known` tells whether any object has."""

    def __init__(self, plan: Plan, state: State, whose: Whose) -> None:
        self._plan, self._state, self._whose = plan, state, whose
        self._fitting: str | None = None

    @property
    def known(self) -> bool:
        return self._fitting is not None

    def look(self, remotes: Iterable[RemoteObject]) -> None:
        """Refused or Stale where the objects are of an organisation that is not this environment's."""
        objects = [each for each in remotes if each.organisation not in (None, self._fitting)]
        if not objects:
            return
        check_organisation(self._plan, self._state, objects)
        self._whose(self._state, objects)
        self._fitting = objects[0].organisation

    def keep(self, address: str, made: RemoteObject, take_back: Callable[[], None]) -> None:
        """Misplaced where what was made is not where it should be; then `take_back` deletes it again."""
        try:
            self.look([made])
            return
        except CallsheetError as cause:
            first = cause.diagnostics[0]
        what = f"The {made.kind} that was made there, {made.id},"
        try:
            take_back()
            said = f"{what} was deleted again, and nothing else was written."
        except CallsheetError as cause:
            said = f"{what} could not be deleted again ({cause.diagnostics[0].summary}): it has to be."
        raise Misplaced(first.summary, detail=said, hint=first.hint, place=first.place, address=address)

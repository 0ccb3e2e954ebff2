"""`drift --all`: every environment of the project, and what became of telling about it.

In an environment that nothing is applied in any more, nothing drifts: what was told of it is taken back, also
where the file no longer has it. That alone says nothing: the file may be an old branch's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from callsheet.model.diagnostics import Diagnostic
from callsheet.model.errors import CHANGES, DONE, ERROR, PARTIAL, REFUSED, STALE, CallsheetError, SpecError
from callsheet.operations.drift import Drift, drift
from callsheet.operations.notices import Recipient, Told, left_notices, notify
from callsheet.operations.session import Session
from callsheet.plan.drift import DriftReport
from callsheet.state.ledger import Ledger
from callsheet.state.snapshot import State

if TYPE_CHECKING:
    from callsheet.operations.drift_issues import Issues

FORMAT = "callsheet.drifts/1"
_WORST = (ERROR, PARTIAL, STALE, REFUSED, CHANGES, DONE)


@dataclass(slots=True)
class Checked:
    """One environment. Without a drift, `nothing` or `problems` say why."""

    environment: str
    drift: Drift | None = None
    nothing: str = "nothing was ever applied here"
    told: list[Told] = field(default_factory=list)
    problems: list[Diagnostic] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        return worst(self.codes)

    def to_json(self) -> dict[str, Any]:
        return {
            "environment": self.environment,
            "exitCode": self.exit_code,
            "applied": self.drift is not None or bool(self.problems),
            "report": self.drift.to_json() if self.drift else None,
            "told": [each.to_json() for each in self.told],
            "problems": [each.to_json() for each in self.problems],
        }


@dataclass(frozen=True, slots=True)
class Drifts:
    checked: tuple[Checked, ...]

    @property
    def exit_code(self) -> int:
        return worst(each.exit_code for each in self.checked)

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "exitCode": self.exit_code,
            "environments": [each.to_json() for each in self.checked],
        }


def worst(codes: Iterable[int]) -> int:
    """The one exit code of several."""
    return min(codes, key=_WORST.index, default=DONE)


@dataclass(frozen=True, slots=True)
class Following:
    """What follows a check: who is told, what signs it, and what becomes of the issue."""

    fail_on: str
    recipients: Sequence[Recipient] = ()
    key: str | None = None
    issues: Issues | None = None

    def up(self, session: Session, out: Checked, found: Drift) -> None:
        """Judge what was found and tell of it. What goes wrong is in the problems, and stops nothing else."""
        out.codes.append(found.exit_code(self.fail_on))
        with _collected(out):
            if self.recipients:
                out.told, problems = notify(session, found, self.fail_on, self.recipients, self.key)
                out.problems += problems
                out.codes += [ERROR] * bool(problems)
        with _collected(out):
            if self.issues:
                self.issues.tell(session, found)


def check_all(
    session: Session, following: Following, opened: Callable[[Session], None] = lambda _: None
) -> Drifts:
    """Every environment that was ever applied; what is wrong with one hides no other."""
    names = session.environments.environments
    checked = [_checked(session.beside(name), name, following, opened) for name in names]
    return Drifts((*checked, *_removed(session, checked, following)))


def _removed(session: Session, checked: Sequence[Checked], following: Following) -> Iterator[Checked]:
    """Environments that the file no longer has, of which something was told: in the stores that it has, and
    at the code host. What cannot be looked for is in the problems of those that were checked."""
    known = session.environments.environments
    notices: dict[str, Session] = {}
    issues: list[str] = []
    for each in checked:
        with _collected(each):
            if following.recipients and not each.problems:
                beside = session.beside(each.environment)
                for name in left_notices(beside, following.recipients):
                    notices.setdefault(name, beside)
    for each in checked[-1:]:
        with _collected(each):
            issues += following.issues.open(session) if following.issues else []
    for name in sorted({*notices, *issues} - known.keys()):
        out = Checked(name, nothing="environments.yaml no longer has it")
        part = replace(
            following,
            recipients=following.recipients if name in notices else (),
            issues=following.issues if name in issues else None,
        )
        with _collected(out):
            if _is_over(session, name):
                part.up(at := notices.get(name, session), out, _none(at, State(name)))
            else:
                out.nothing += ", and its state is in no store that the file has, so what was told stands"
        yield out


def _is_over(session: Session, name: str) -> bool:
    """Whether a store of the file says that nothing is applied there any more. SpecError where one says that
    something is."""
    stores = (session.beside(each).store for each in session.environments.environments)
    states = [Ledger(store, name).load() for store in stores]
    if left := max(len(state.records) for state in states):
        raise SpecError(
            f"environments.yaml lacks {name!r}, and its state has {left} resource{'s' * (left != 1)}",
            detail="Whether they drift is not looked at, so what was told of them stands.",
            hint="check the branch that has it; to give the environment up, `callsheet destroy` it first",
            code="drift.environment-lacking",
        )
    return any(state.lineage is not None for state in states)


def _none(session: Session, state: State) -> Drift:
    checked_at = session.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    return Drift(state.environment, DriftReport(), checked_at, state)


def _checked(session: Session, name: str, following: Following, opened: Callable[[Session], None]) -> Checked:
    out = Checked(name)
    with _collected(out):
        opened(session)
        state = session.ledger.load()
        if not state.records and following.fail_on == "managed":
            # Without a lineage it may be the store that is not the right one, and that clears nothing.
            if state.lineage is not None:
                out.nothing = "nothing is applied here any more"
                following.up(session, out, _none(session, state))
            return out
        out.drift = drift(session, every_kind=following.fail_on != "managed")
        following.up(session, out, out.drift)
    return out


@contextmanager
def _collected(out: Checked) -> Iterator[None]:
    try:
        yield
    except CallsheetError as cause:
        out.problems += cause.diagnostics
        out.codes.append(cause.exit_code)

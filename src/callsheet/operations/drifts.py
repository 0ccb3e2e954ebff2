"""`drift --all`: every environment of the project, and what became of telling about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from callsheet.model.diagnostics import Diagnostic
from callsheet.model.errors import CHANGES, DONE, ERROR, PARTIAL, REFUSED, STALE, CallsheetError
from callsheet.operations.drift import Drift, drift
from callsheet.operations.notices import Recipient, Told, notify
from callsheet.operations.session import Session

FORMAT = "callsheet.drifts/1"
_WORST = (ERROR, PARTIAL, STALE, REFUSED, CHANGES, DONE)


@dataclass(slots=True)
class Checked:
    """One environment. Without a drift, nothing was ever applied there or `problems` say why."""

    environment: str
    drift: Drift | None = None
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
    """What follows a check: who is told, what signs it, and what else is done with what was found."""

    fail_on: str
    recipients: Sequence[Recipient] = ()
    key: str | None = None
    then: Callable[[Session, Drift], None] | None = None

    def up(self, session: Session, out: Checked) -> None:
        """Judge what was found and tell of it. What goes wrong is in the problems, and stops nothing else."""
        assert out.drift is not None
        out.codes.append(out.drift.exit_code(self.fail_on))
        with _collected(out):
            if self.recipients:
                out.told, problems = notify(session, out.drift, self.fail_on, self.recipients, self.key)
                out.problems += problems
                out.codes += [ERROR] * bool(problems)
        with _collected(out):
            if self.then:
                self.then(session, out.drift)


def check_all(
    session: Session, following: Following, opened: Callable[[Session], None] = lambda _: None
) -> Drifts:
    """Every environment that was ever applied; what is wrong with one hides no other."""
    return Drifts(
        tuple(
            _checked(session.beside(name), name, following, opened)
            for name in session.environments.environments
        )
    )


def _checked(session: Session, name: str, following: Following, opened: Callable[[Session], None]) -> Checked:
    out = Checked(name)
    with _collected(out):
        opened(session)
        if not session.ledger.load().records and following.fail_on == "managed":
            return out
        out.drift = drift(session, every_kind=following.fail_on != "managed")
        following.up(session, out)
    return out


@contextmanager
def _collected(out: Checked) -> Iterator[None]:
    try:
        yield
    except CallsheetError as cause:
        out.problems += cause.diagnostics
        out.codes.append(cause.exit_code)

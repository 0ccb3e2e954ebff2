"""`secrets check`: does every reference of an environment resolve here? Values are read, not shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from callsheet.model.diagnostics import Diagnostic, Place
from callsheet.model.errors import DONE, ERROR, SecretError
from callsheet.model.value import Payload, Secret, Text, Value, symbols
from callsheet.operations.plan import desired
from callsheet.operations.routes import check_route
from callsheet.operations.session import Session
from callsheet.operations.sources import Source, promotable
from callsheet.secrets.base import SCHEME

FORMAT = "callsheet.secrets/1"


@dataclass(frozen=True, slots=True)
class Use:
    """What needs a reference: an address, or a setting of the environment."""

    by: str
    place: Place | None

    def to_json(self) -> dict[str, str]:
        return {"by": self.by, **({"at": str(self.place)} if self.place else {})}


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference with everything that needs it. `problem` says why it does not resolve."""

    uri: str
    uses: tuple[Use, ...]
    problem: Diagnostic | None = None

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {
            "reference": self.uri,
            "resolves": self.problem is None,
            "uses": [use.to_json() for use in self.uses],
        }
        return {**out, "problem": self.problem.to_json()} if self.problem else out


@dataclass(frozen=True, slots=True)
class Checked:
    environment: str
    references: tuple[Reference, ...]

    @property
    def unresolved(self) -> int:
        return sum(each.problem is not None for each in self.references)

    @property
    def exit_code(self) -> int:
        return ERROR if self.unresolved else DONE

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "environment": self.environment,
            "references": [each.to_json() for each in self.references],
            "summary": {"references": len(self.references), "unresolved": self.unresolved},
        }


def check(session: Session, start: str | None = None) -> Checked:
    """Resolve every reference of the environment, once each. SpecError where the files are wrong.

    With `start`, of what it would run after a promotion from there.
    """
    source = None
    if start:
        check_route(session.beside(start).environment, session.environment)
        source = promotable(session, start, session.ledger.load())
    asked = sorted(references(session, source).items())
    found = [Reference(uri, uses, _problem(session, uri)) for uri, uses in asked]
    return Checked(session.environment.name, tuple(found))


def check_payloads(session: Session, payloads: Iterable[Payload]) -> list[Reference]:
    """Resolve every reference in payloads, once each."""
    found = {uri for payload in payloads for _, symbol in symbols(payload) for uri in _uris(symbol)}
    return [Reference(uri, (), _problem(session, uri)) for uri in sorted(found)]


def references(session: Session, source: Source | None = None) -> dict[str, tuple[Use, ...]]:
    """Every reference that plan and apply of this environment would resolve, with what needs it."""
    out: dict[str, dict[Use, None]] = {}
    for resource in desired(session, source).resources.values():
        for path, symbol in symbols(resource.payload):
            for uri in _uris(symbol):
                out.setdefault(uri, {})[Use(str(resource.address), resource.place(path))] = None
    for path, value in _settings(session):
        place = session.environment.origin(path).place()
        for uri in _uris(value):
            out.setdefault(uri, {})[Use(".".join(path), place)] = None
    return {uri: tuple(uses) for uri, uses in out.items()}


def _settings(session: Session) -> Iterator[tuple[tuple[str, ...], Value]]:
    if session.sandbox_name is None:
        yield ("provider", "apiKey"), session.environment.provider.api_key
    for key, value in session.environment.state.items():
        yield ("state", key), value


def _uris(value: Value) -> list[str]:
    if isinstance(value, str):
        # The `state` above all environments is not expanded.
        return [value] if value.startswith(SCHEME) else []
    parts = value.parts if isinstance(value, Text) else (value,)
    return [part.uri for part in parts if isinstance(part, Secret)]


def _problem(session: Session, uri: str) -> Diagnostic | None:
    try:
        session.keeper.value(Secret(uri))
    except SecretError as cause:
        return cause.diagnostics[0]
    return None

"""Environments are apart: one's organisation is no other's, and none holds ids of another's objects.

What the others have is read from their state, where that needs no more credentials than this
environment has: from the same store, or from one of files or Git.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from callsheet.model.address import Address
from callsheet.model.diagnostics import Diagnostic, error
from callsheet.model.errors import CallsheetError, Refused, SpecError
from callsheet.model.resource import RemoteObject, Resource
from callsheet.model.value import Path, Text, Value
from callsheet.operations.session import SANDBOX, Session
from callsheet.spec.environments import Environment
from callsheet.state.ledger import Ledger
from callsheet.state.snapshot import State
from callsheet.state.store import Store
from callsheet.state.stores import DEFAULT, open_store

# Stores that are where the project is, for whoever has the project.
_AT_HAND = ("file", "git")
# What may be an id, alone or within a text such as an address.
_TOKEN = re.compile(r"\b[A-Za-z0-9_-]{12,}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another environment of the project. `held` has the address of each remote id that is its own;
    `unread` says why its state could not be read, where it could not."""

    environment: str
    organisation: str | None = None
    held: Mapping[str, str] = field(default_factory=dict)
    unread: str = ""


class Isolation:
    """What keeps the session's environment apart from the project's others. Their states are read once,
    when they are first needed."""

    def __init__(self, session: Session) -> None:
        self._session = session

    @cached_property
    def neighbours(self) -> tuple[Neighbour, ...]:
        """The other environments, in the file's order. One whose state cannot be read is no error."""
        own = self._session.environment
        every = self._session.environments.environments.values()
        return tuple(_neighbour(self._session, each) for each in every if each.name != own.name)

    def check_target(self) -> None:
        """Refused where another environment leads to the same embedded sandbox."""
        own = self._session.environment
        if self._session.sandbox_name is None:
            return
        for other in self._session.environments.environments.values():
            if other.name != own.name and other.provider.base_url == own.provider.base_url:
                raise Refused(
                    f"{own.name} and {other.name} both lead to {own.provider.base_url}",
                    detail="Each environment has an organisation of its own. Nothing was written.",
                    hint=f"write `baseUrl: {SANDBOX}{own.name}` in the section of {own.name}",
                    place=own.origin(("provider", "baseUrl")).place(),
                    code="refused.shared-sandbox",
                )

    def check_organisation(
        self, state: State, remotes: Iterable[RemoteObject], *, leaving: bool = False
    ) -> None:
        """Refused where the organisation that holds the objects is another environment's.

        It is where another environment's state says so or, as long as this one is bound to none, where an
        object carries another's mark. With `leaving`, what is bound to it already may be removed from it.
        """
        objects = list(remotes)
        found = next((remote.organisation for remote in objects if remote.organisation), None)
        bound = found is not None and found == state.organisation
        if found is not None and not (bound and leaving):
            for other in self.neighbours:
                if other.organisation == found:
                    raise self._refused(found, other.environment, f"state of {other.environment} says so")
        if not bound:
            for remote in objects:
                if (environment := self._marked(remote)) is not None:
                    why = f"its {remote.kind} {remote.id} carries the mark of {environment}"
                    raise self._refused(remote.organisation, environment, why)

    def check_payloads(self, resources: Mapping[Address, Resource], state: State) -> None:
        """SpecError with every place at which an id of another environment's object stands."""
        foreign = {
            remote_id: (address, other.environment)
            for other in self.neighbours
            for remote_id, address in other.held.items()
        }
        if not foreign:
            return
        own = dict(_held(state))
        problems = [
            _foreign(resource, path, remote_id, *foreign[remote_id], resources)
            for resource in resources.values()
            for path, text in _texts(resource.payload)
            for remote_id in _TOKEN.findall(text)
            if remote_id in foreign and remote_id not in own
        ]
        if problems:
            raise SpecError(diagnostics=dict.fromkeys(problems))

    def _marked(self, remote: RemoteObject) -> str | None:
        """The other environment of this project whose mark the object carries."""
        mark, own = remote.label or {}, self._session.identity
        environment = mark.get("env")
        known = self._session.environments.environments
        if mark.get("app") != own["app"] or environment == own["env"] or environment not in known:
            return None
        return environment

    def _refused(self, organisation: str | None, other: str, why: str) -> Refused:
        own = self._session.environment
        which = f"the organisation {organisation}" if organisation else "an organisation"
        return Refused(
            f"the key of {own.name} opens {which}, which is {other}'s",
            detail=f"Each environment has an organisation of its own, and {why}. Nothing was written.",
            hint=f"give {own.name} the key of its own organisation: provider.apiKey in environments.yaml",
            place=own.origin(("provider", "apiKey")).place(),
            code="refused.other-environment",
        )


def _neighbour(session: Session, other: Environment) -> Neighbour:
    store, why = _store(session, other)
    if store is None:
        return Neighbour(other.name, unread=why)
    try:
        state = Ledger(store, other.name).load()
    except CallsheetError as cause:
        return Neighbour(other.name, unread=cause.diagnostics[0].summary)
    return Neighbour(other.name, state.organisation, dict(_held(state)))


def _store(session: Session, other: Environment) -> tuple[Store | None, str]:
    """The store of another environment, or why it is not looked into."""
    if other.state == session.environment.state:
        return session.store, ""
    backend = other.state.get("backend", DEFAULT)
    if backend not in _AT_HAND:
        return None, f"it is kept in {backend}, which takes credentials of its own"
    try:
        store = open_store(
            other.state, root=session.root, variables=session.variables, secret=session.keeper.value
        )
    except CallsheetError as cause:
        return None, cause.diagnostics[0].summary
    return store, ""


def _held(state: State) -> Iterator[tuple[str, str]]:
    """Every remote id that is the environment's own: of objects, of predecessors, of what came along."""
    for record in state.records.values():
        for name, value in record.attributes.items():
            if name.endswith("Id") and isinstance(value, str):
                yield value, record.address
        for remote_id in (record.remote_id, *record.replaced):
            yield remote_id, record.address


def _texts(value: Value, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every plain text of a payload with its path; of a text with secrets, what stands between them."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*path, index))
    elif isinstance(value, Text):
        for part in value.parts:
            if isinstance(part, str):
                yield path, part


def _foreign(
    resource: Resource,
    path: Path,
    remote_id: str,
    address: str,
    environment: str,
    resources: Mapping[Address, Resource],
) -> Diagnostic:
    known = any(str(each) == address for each in resources)
    return error(
        "plan.foreign-id",
        f"{remote_id} is the id of {address} of {environment}",
        detail="An id means nothing in another organisation, and what it stands for there is not this "
        "environment's to use.",
        hint=f"write {{ref: {address}}}, which is this environment's own"
        if known
        else f"declare {address} for this environment too, and write {{ref: {address}}}",
        place=resource.place(path),
        address=str(resource.address),
    )

"""Which values must not be shown, wherever they turn up: in a prompt, in an echo, in somebody's note."""

from __future__ import annotations

from collections.abc import Iterable

from callsheet.model.resource import Resource
from callsheet.model.value import Secret, Text, symbols
from callsheet.operations.session import Session
from callsheet.spec.mentions import mentioned
from callsheet.state.record import Record
from callsheet.state.snapshot import State


def known_secrets(
    session: Session,
    state: State,
    resources: Iterable[Resource] | None = None,
    records: Iterable[Record] = (),
) -> tuple[str, ...]:
    """The provider's key and every value that files, state or `records` refer to, as far as it resolves here.

    `resources` are what the files were rendered to, where they were.
    """
    asked: set[Secret | Text] = set()
    if resources is None:
        asked.update(mentioned(session.readable, session.environment))
    payloads = [resource.payload for resource in resources or ()]
    payloads += [record.applied_symbols for record in (*state.records.values(), *records)]
    for payload in payloads:
        for _, symbol in symbols(payload):
            if isinstance(symbol, Secret):
                asked.add(Secret(symbol.uri))
            elif isinstance(symbol, Text):
                asked.update(Secret(part.uri) for part in symbol.parts if isinstance(part, Secret))
    for symbol in asked:
        session.keeper.digest(symbol, state.key)
    known = set(session.keeper.known_values())
    if isinstance(key := session.environment.provider.api_key, str):
        known.add(key)
    return tuple(sorted(known))

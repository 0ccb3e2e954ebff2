"""Refresh: what is live now, one list per kind, kinds in parallel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from callsheet.model.diagnostics import Diagnostic, error
from callsheet.model.errors import CallsheetError
from callsheet.model.events import Event, Listener
from callsheet.model.resource import RemoteObject, Resource
from callsheet.model.value import External, symbols
from callsheet.providers.base import Reader
from callsheet.state.snapshot import State


@dataclass(slots=True)
class Live:
    """Objects by kind and id, and the ids of external objects by kind and name."""

    objects: dict[str, dict[str, RemoteObject]] = field(default_factory=dict)
    externals: dict[tuple[str, str], str] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    @property
    def every(self) -> Iterator[RemoteObject]:
        return (remote for found in self.objects.values() for remote in found.values())

    @property
    def organisation(self) -> str | None:
        """The organisation that the key opened, as any object tells; None where there is no object."""
        return next((remote.organisation for remote in self.every if remote.organisation), None)


def refresh(reader: Reader, kinds: Iterable[str], state: State, listener: Listener) -> Live:
    """List the kinds, then ask for each object that state knows and no list showed.

    A list may be capped or lag behind: only the provider's own "not found" makes an object missing.
    """
    live = Live()
    held = {record.kind for record in state.records.values()}
    if unknown := sorted(held - reader.catalogue.kinds.keys()):
        raise CallsheetError(
            f"state of {state.environment} holds kinds that {reader.target.provider} does not have: "
            f"{', '.join(unknown)}",
            detail="State belongs to another provider, or to a newer version of Callsheet.",
            hint="look at provider.type in environments.yaml, or use the version that applied last",
            code="state.unknown-kind",
        )
    names = sorted(set(kinds) | held)
    with ThreadPoolExecutor(max(1, reader.capabilities.parallel_reads), thread_name_prefix="read") as pool:
        for name, found in zip(names, pool.map(lambda kind: list(reader.list_all(kind)), names), strict=True):
            live.objects[name] = {remote.id: remote for remote in found}
            listener(Event("refresh.kind", {"kind": name, "objects": len(found)}))
        unseen = [
            record for record in state.records.values() if record.remote_id not in live.objects[record.kind]
        ]
        again = pool.map(lambda record: reader.read(record.kind, record.remote_id), unseen)
        for record, remote in zip(unseen, again, strict=True):
            if remote is not None:
                live.objects[record.kind][record.remote_id] = remote
    return live


def look_up_externals(reader: Reader, resources: Mapping[object, Resource], live: Live) -> None:
    """Find the objects that `external` names; found twice is an error, not found is the planner's to tell."""
    wanted: dict[tuple[str, str], Resource] = {}
    for resource in resources.values():
        for _, symbol in symbols(resource.payload):
            if isinstance(symbol, External):
                wanted.setdefault((symbol.kind, symbol.name), resource)
    for (kind, name), resource in wanted.items():
        found = reader.look_up(kind, name)
        if len(found) == 1:
            live.externals[(kind, name)] = found[0].id
        elif found:
            ids = ", ".join(sorted(remote.id for remote in found))
            live.diagnostics.append(
                error(
                    "plan.external-ambiguous",
                    f"{len(found)} objects are called {kind}/{name} in the organisation ({ids})",
                    hint="rename all but one of them at the provider",
                    place=resource.place(),
                    address=str(resource.address),
                )
            )
    if live.diagnostics:
        raise CallsheetError(diagnostics=live.diagnostics)


def check_organisation(state: State, live: Live, *, may_be_empty: bool = False) -> None:
    """A key that opens another organisation than the recorded one must not get any further.

    An empty organisation cannot say which one it is, so it is not taken for the recorded one either.
    """
    found = live.organisation
    missing = all(
        record.remote_id not in live.objects.get(record.kind, {}) for record in state.records.values()
    )
    if state.organisation and not found and state.records and missing and not may_be_empty:
        raise CallsheetError(
            f"the key opens an organisation without any object, and {state.environment} was applied to "
            f"{state.organisation}, where state knows {len(state.records)}",
            detail="An empty organisation does not say which one it is. If it is another one, everything "
            "would be made again in the wrong place.",
            hint="use the key of the right organisation; if everything was really deleted there, "
            "`callsheet destroy` takes what is gone out of state, and the next apply makes it again",
            code="provider.empty-organisation",
        )
    if state.organisation and found and found != state.organisation:
        raise CallsheetError(
            f"the key opens the organisation {found}, and {state.environment} was applied to "
            f"{state.organisation}",
            detail="Everything would look missing, and would be made again in the wrong place.",
            hint="use the key of the right organisation; look at provider.apiKey in environments.yaml",
            code="provider.other-organisation",
        )

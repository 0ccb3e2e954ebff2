"""Reading from Vapi. Writes are in `writer`, which only the applier may reach."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from callsheet.model.errors import ProviderError
from callsheet.model.events import Listener
from callsheet.model.exchange import Tap, untapped
from callsheet.model.resource import RemoteObject
from callsheet.providers.base import NotFound, Target, Writer
from callsheet.providers.clock import Clock
from callsheet.providers.redaction import Redactor
from callsheet.providers.settings import Limits
from callsheet.providers.transport import Transport
from callsheet.providers.vapi.capabilities import CAPABILITIES, EXPLANATIONS
from callsheet.providers.vapi.catalogue import VapiCatalogue
from callsheet.providers.vapi.decode import item_path, remote
from callsheet.providers.vapi.paging import pages
from callsheet.providers.vapi.routes import DICTIONARY_PROVIDERS, route
from callsheet.providers.vapi.writer import VapiWriter

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class VapiProvider:
    """See `providers.base.Provider`."""

    def __init__(
        self,
        *,
        base_url: str,
        api_key: str,
        clock: Clock,
        on_event: Listener,
        wsgi_app: WSGIApplication | None = None,
        limits: Limits | None = None,
        secrets: Callable[[], Iterable[str]] = tuple,
        tap: Tap = untapped,
    ) -> None:
        self.catalogue = VapiCatalogue()
        self.capabilities = CAPABILITIES
        self.target = Target("vapi", base_url)
        self._clock = clock
        redactor = Redactor(secrets)
        self._transport = Transport(
            "Vapi",
            base_url,
            api_key,
            clock=clock,
            on_event=on_event,
            redactor=redactor,
            explanations=EXPLANATIONS,
            limits=limits,
            wsgi_app=wsgi_app,
            tap=tap,
            sends_keys=CAPABILITIES.idempotency_key,
        )
        self._found: dict[str, list[RemoteObject]] = {}
        self._lock = threading.Lock()

    def writer(self, alive: Callable[[], None] = lambda: None) -> Writer:
        return VapiWriter(self._transport, self._clock, alive)

    def close(self) -> None:
        self._transport.close()

    def list_all(self, kind: str) -> Iterator[RemoteObject]:
        """Every object of the kind, without those that belong to Vapi and not to the organisation."""
        return (item for item in self._list(kind) if not _stock(item))

    def read(self, kind: str, remote_id: str) -> RemoteObject | None:
        if kind == "PronunciationDictionary":
            return self._read_dictionary(remote_id)
        return self._get(kind, remote_id, {})

    def look_up(self, kind: str, name: str) -> Sequence[RemoteObject]:
        """Objects with that name, Vapi's own among them."""
        if kind == "Voice":
            raise ProviderError(
                f"Voice/{name} cannot be looked up: Vapi publishes no list of voices",
                detail="Neither its OpenAPI document of 2026-08-19 nor its documentation has one.",
                hint="write the voice's id, as the voice's provider shows it",
                code="provider.no-list",
            )
        with self._lock:
            if kind not in self._found:
                self._found[kind] = list(self._list(kind))
            return [item for item in self._found[kind] if item.name == name]

    def _list(self, kind: str) -> Iterator[RemoteObject]:
        seen: set[str] = set()
        for path, fixed in _collections(kind):
            for item in self._items(kind, path):
                found = self._whole(kind, {**fixed, **item})
                if found and found.id not in seen:
                    seen.add(found.id)
                    yield found

    def _items(self, kind: str, path: str) -> Iterator[dict[str, Any]]:
        where, ask = route(kind), partial(self._ask, path)
        try:
            yield from pages(where.paging, path, ask, {}, limited=where.limited)
            return
        except ProviderError as refused:
            # A refusal comes with the first page, before anything was given out.
            if not where.instead or refused.diagnostics[0].code != "provider.invalid":
                raise
        for query in where.instead:
            yield from pages(where.paging, path, ask, query, limited=where.limited)

    def _ask(self, path: str, query: Mapping[str, str]) -> Any:
        return self._transport.request("GET", path, query=query, expect=(list, dict))

    def _whole(self, kind: str, item: dict[str, Any]) -> RemoteObject | None:
        """Lists hold whole objects, but for knowledge bases: their files are in the object alone."""
        found = remote(kind, item)
        if kind == "KnowledgeBase" and not {"files", "toolId"} <= item.keys():
            return self._get(kind, found.id, {})
        return found

    def _get(self, kind: str, remote_id: str, fixed: Mapping[str, Any]) -> RemoteObject | None:
        try:
            item = self._transport.request("GET", item_path(kind, fixed, remote_id))
        except NotFound:
            return None
        return remote(kind, {**fixed, **item})

    def _read_dictionary(self, remote_id: str) -> RemoteObject | None:
        """The id does not tell which vendor keeps the dictionary."""
        for provider in DICTIONARY_PROVIDERS:
            fixed = {"provider": provider}
            if found := self._get("PronunciationDictionary", remote_id, fixed):
                return found
        return None


def _collections(kind: str) -> list[tuple[str, Mapping[str, str]]]:
    """The lists of a kind with what being on one says about an object."""
    path = route(kind).path
    if "{provider}" not in path:
        return [(path, {})]
    return [(path.replace("{provider}", each), {"provider": each}) for each in DICTIONARY_PROVIDERS]


def _stock(item: RemoteObject) -> bool:
    """Vapi's own personalities belong to no organisation and cannot be deleted (gitops tool)."""
    return item.kind == "Personality" and item.payload.get("orgId", "") is None

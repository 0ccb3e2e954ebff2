"""Symbols of desired state with what is known of them: ids of targets, digests of secrets."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from callsheet.model.diagnostics import Diagnostic, error, warning
from callsheet.model.paths import get
from callsheet.model.resource import RemoteObject, Resource
from callsheet.model.value import (
    After,
    Digest,
    External,
    Path,
    Payload,
    Ref,
    Secret,
    Text,
    Value,
    symbols,
    transform,
)
from callsheet.plan.inputs import Inputs
from callsheet.plan.matching import Matches


class Resolution:
    """Resolves payloads against one refresh.

    `remade` are addresses whose remote object will be a new one, `moving` attributes (address and name)
    that this plan changes: neither is known yet. `held` are missing objects that are left missing for now:
    they stand for what they were.
    """

    def __init__(self, inputs: Inputs, matches: Matches, held: Collection[str] = ()) -> None:
        self._inputs = inputs
        self._live: Mapping[str, RemoteObject] = matches.live
        self._held = {address: matches.records[address] for address in held}
        self._secrets: dict[Secret | Text, str | None] = {}
        self.diagnostics: list[Diagnostic] = []
        self._told: set[str] = set()

    def resolve(
        self, resource: Resource, remade: Collection[str], moving: Collection[tuple[str, str]] = ()
    ) -> Payload:
        """The payload with ids and digests filled in where they are known now."""

        def leaf(value: Value) -> Value:
            if isinstance(value, Ref):
                return Ref(value.address, value.attribute, self._id(value, remade, moving))
            if isinstance(value, External):
                return External(value.kind, value.name, self._inputs.externals.get((value.kind, value.name)))
            if isinstance(value, Secret):
                return Secret(value.uri, self._digest(value, resource))
            if isinstance(value, Text):
                return Text(value.parts, self._digest(value, resource))
            return value

        payload: Payload = transform(resource.payload, leaf)
        return payload

    def _id(self, ref: Ref, remade: Collection[str], moving: Collection[tuple[str, str]]) -> str | None:
        live = self._live.get(ref.address)
        if record := self._held.get(ref.address):
            value = record.remote_id if ref.attribute == "id" else record.attributes.get(ref.attribute)
        elif live is None or ref.address in remade or (ref.address, ref.attribute) in moving:
            return None
        else:
            value = live.id if ref.attribute == "id" else get(live.payload, (ref.attribute,))
        return value if isinstance(value, str) else None

    def _digest(self, symbol: Secret | Text, resource: Resource) -> str | None:
        if symbol not in self._secrets:
            self._secrets[symbol] = self._inputs.digest_of(symbol)
            if self._secrets[symbol] is None:
                uris = [part.uri for part in parts(symbol)]
                for uri in uris:
                    if uri not in self._told:
                        self._told.add(uri)
                        self.diagnostics.append(
                            warning(
                                "plan.secret-not-compared",
                                f"{uri} cannot be resolved here, so its value was not compared",
                                detail="Apply needs it where the resource is created or updated.",
                                address=str(resource.address),
                                place=resource.place(),
                            )
                        )
        return self._secrets[symbol]


def parts(symbol: Secret | Text) -> list[Secret]:
    if isinstance(symbol, Secret):
        return [symbol]
    return [part for part in symbol.parts if isinstance(part, Secret)]


def references(payload: Payload) -> list[tuple[Path, Ref]]:
    return [(path, symbol) for path, symbol in symbols(payload) if isinstance(symbol, Ref)]


def missing_externals(inputs: Inputs) -> list[Diagnostic]:
    """One error per external object that was not found (found twice is told by the look-up itself)."""
    found: list[Diagnostic] = []
    told: set[tuple[str, str]] = set()
    for resource in inputs.resources.values():
        for path, symbol in symbols(resource.payload):
            if isinstance(symbol, External):
                key = (symbol.kind, symbol.name)
                if key not in inputs.externals and key not in told:
                    told.add(key)
                    found.append(
                        error(
                            "plan.external-missing",
                            f"{symbol.kind}/{symbol.name} is not in the organisation",
                            detail="`external` stands for an object that Callsheet does not manage.",
                            hint="create it at the provider, or correct the name",
                            place=resource.place(path),
                            address=str(resource.address),
                        )
                    )
    return found


def shown(value: Value) -> Value:
    """The value as a plan shows it: no digests, and `$after` for what is not there yet."""

    def leaf(item: Value) -> Value:
        if isinstance(item, Ref) and item.id is None:
            return After(item.address, item.attribute)
        if isinstance(item, Secret):
            return Secret(item.uri)
        if isinstance(item, Text):
            return Text(item.parts)
        if isinstance(item, Digest):
            return Digest("")
        return item

    return transform(value, leaf)

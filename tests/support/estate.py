"""Small estates for tests of planning: resources, state and live without files or a provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from callsheet.diff.view import secret_patterns, view
from callsheet.model.address import Address
from callsheet.model.canonical import plain
from callsheet.model.document import Document, Lifecycle
from callsheet.model.kinds import Kind, Reference, Replacement, SecretField
from callsheet.model.paths import pattern, patterns
from callsheet.model.resource import RemoteObject, Resource
from callsheet.model.value import Payload, Ref, Secret, Text, transform
from callsheet.plan.inputs import Inputs, Options
from callsheet.plan.plan import Plan
from callsheet.plan.planner import make_plan
from callsheet.state.record import Record
from callsheet.state.snapshot import State

KEY = b"k" * 32

KINDS: Mapping[str, Kind] = {
    "Assistant": Kind(
        "Assistant",
        "test",
        label_path=("metadata", "callsheet"),
        server_owned=patterns("id", "orgId", "updatedAt"),
        references=(
            Reference(
                pattern("model.toolIds[*]"), {"Tool": "id", "KnowledgeBase": "toolId"}, deferrable=True
            ),
            Reference(pattern("hooks[*].do.toolId"), {"Tool": "id"}, deferrable=True),
        ),
        identity=((pattern("model.messages"), (("role",),)),),
        unions=((pattern("model"), "provider"),),
        id_sets=patterns("model.toolIds"),
        secrets=(
            SecretField(pattern("server.headers.*")),
            SecretField(pattern("server.secret"), "never", ("isServerSecretSet",)),
        ),
    ),
    "Tool": Kind(
        "Tool",
        "test",
        server_owned=patterns("id", "updatedAt"),
        references=(Reference(pattern("destinations[*].assistantId"), {"Assistant": "id"}),),
        immutable=patterns("type"),
    ),
    "KnowledgeBase": Kind(
        "KnowledgeBase",
        "test",
        server_owned=patterns("id", "toolId", "updatedAt"),
        references=(Reference(pattern("fileIds[*]"), {"File": "id"}),),
        id_sets=patterns("fileIds"),
        after_create=patterns("fileIds"),
        irreversible=True,
        exports=("toolId",),
    ),
    "File": Kind(
        "File",
        "test",
        server_owned=patterns("id"),
        write_only=patterns("content"),
        immutable=patterns("content"),
    ),
    "Number": Kind(
        "Number", "test", server_owned=patterns("id"), immutable=patterns("provider"), irreversible=True
    ),
    "Domain": Kind(
        "Domain",
        "test",
        server_owned=patterns("id"),
        immutable=patterns("zone"),
        replacement=Replacement.DELETE_FIRST,
    ),
}


def resource(address: str, payload: Payload, kind: str | None = None, **lifecycle: Any) -> Resource:
    where = Address.parse(address)
    document = Document(where.document, payload, lifecycle=Lifecycle(**lifecycle), files_digest=repr(payload))
    return Resource(where, kind or where.kind, {"name": where.name, **payload}, document)


def live_object(
    kind: str, identity: str, payload: Payload, label: Mapping[str, str] | None = None
) -> RemoteObject:
    name = payload.get("name")
    return RemoteObject(
        kind, identity, {"id": identity, **payload}, name if isinstance(name, str) else None, label
    )


@dataclass
class Estate:
    """An environment under test. `managed` puts a resource into state and live as an apply would."""

    resources: dict[Address, Resource] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    live: dict[str, dict[str, RemoteObject]] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)
    lineage: str | None = "lineage-1"
    serial: int = 3

    def declare(self, *resources: Resource) -> Estate:
        self.resources.update({each.address: each for each in resources})
        return self

    def drop(self, address: str) -> Estate:
        del self.resources[Address.parse(address)]
        return self

    def exists(
        self, kind: str, identity: str, payload: Payload, label: Mapping[str, str] | None = None
    ) -> Estate:
        self.live.setdefault(kind, {})[identity] = live_object(kind, identity, payload, label)
        return self

    def managed(
        self, item: Resource, identity: str, *, extra: Payload | None = None, **record: Any
    ) -> Estate:
        """Declared, applied and live, all the same; `extra` is what the provider added by itself."""
        self.declare(item)
        ids = {each.address: each.remote_id for each in self.records.values()}

        def kept(value: Any) -> Any:
            if isinstance(value, Ref):
                return Ref(value.address, value.attribute, ids.get(value.address, value.id))
            if isinstance(value, Secret):
                return Secret(value.uri, self._digest(value))
            if isinstance(value, Text):
                return Text(value.parts, self._digest(value))
            return value

        def wire(value: Any) -> Any:
            if isinstance(value, Ref):
                return ids.get(value.address, value.id)
            if isinstance(value, Secret | Text):
                return self._value(value)
            return value

        kind = KINDS[item.kind]
        sent = {key: value for key, value in item.payload.items() if (key,) not in kind.write_only}
        payload = {**transform(sent, wire), **(extra or {})}
        self.exists(item.kind, identity, payload)
        masked = secret_patterns(item.payload)
        remote = self.live[item.kind][identity]
        self.records[str(item.address)] = Record(
            address=str(item.address),
            kind=item.kind,
            remote_id=identity,
            name=remote.name,
            applied=plain(transform(item.payload, kept)),
            seen=plain(view(kind, remote, KEY, masked)),
            attributes={"id": identity, **{name: payload.get(name) for name in kind.exports}},
            depends_on=tuple(sorted(_targets(item.payload))),
            prevent_destroy=(
                kind.irreversible
                if item.lifecycle.prevent_destroy is None
                else item.lifecycle.prevent_destroy
            ),
            on_remove=item.lifecycle.on_remove,
            masked=masked,
            files_digest=item.document.files_digest,
            **record,
        )
        return self

    def edit(self, kind: str, identity: str, **payload: Any) -> Estate:
        """What somebody else does to a live object; None removes a key."""
        old = self.live[kind][identity]
        new = {**old.payload, **payload}
        self.live[kind][identity] = replace(
            old, payload={key: value for key, value in new.items() if value is not None}
        )
        return self

    def vanish(self, kind: str, identity: str) -> Estate:
        del self.live[kind][identity]
        return self

    def inputs(self, **more: Any) -> Inputs:
        options = more.pop("options", None) or Options(
            **{key: more.pop(key) for key in list(more) if key in Options.__dataclass_fields__}
        )
        state = State(
            "dev", self.lineage, self.serial, KEY if self.lineage else b"", "instance", records=self.records
        )
        return Inputs(
            environment="dev",
            resources=self.resources,
            state=state,
            live=self.live,
            kinds=KINDS,
            digest_of=lambda symbol: self._digest(symbol) if self._known(symbol) else None,
            identity={"app": "acme", "env": "dev"},
            callsheet="0.1.0",
            created_at="2026-01-01T00:00:00Z",
            today="2026-01-01",
            options=options,
            **more,
        )

    def plan(self, **more: Any) -> Plan:
        return make_plan(self.inputs(**more))

    def _known(self, symbol: Secret | Text) -> bool:
        parts = symbol.parts if isinstance(symbol, Text) else (symbol,)
        return all(isinstance(part, str) or part.uri in self.secrets for part in parts)

    def _value(self, symbol: Secret | Text) -> str:
        parts = symbol.parts if isinstance(symbol, Text) else (symbol,)
        return "".join(part if isinstance(part, str) else self.secrets[part.uri] for part in parts)

    def _digest(self, symbol: Secret | Text) -> str:
        from callsheet.secrets.keeper import keyed_digest

        return keyed_digest(KEY, self._value(symbol))


def _targets(payload: Payload) -> set[str]:
    found: set[str] = set()

    def leaf(value: Any) -> Any:
        if isinstance(value, Ref):
            found.add(value.address)
        return value

    transform(payload, leaf)
    return found


def actions(plan: Plan) -> dict[str, str]:
    return {change.address: str(change.action) for change in plan.changes}


def lines(plan: Plan, address: str) -> list[tuple[str, str, Any, Any, str]]:
    """(path, op, old, new, cause) of every attribute of one change; ABSENT shows as "-"."""
    from callsheet.model.paths import ABSENT, show

    [change] = [each for each in plan.changes if each.address == address]

    def side(value: Any) -> Any:
        return "-" if value is ABSENT else value

    return [
        (show(each.path), each.op, side(each.old), side(each.new), str(each.cause))
        for each in change.attributes
    ]


def steps(plan: Plan) -> dict[str, list[tuple[str, Sequence[str]]]]:
    """Per address the calls with what they wait for."""
    return {
        change.address: [
            (str(step.call), [f"{address}#{number}" for address, number in step.after])
            for step in change.steps
        ]
        for change in plan.changes
    }

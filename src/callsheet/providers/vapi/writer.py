"""Writing to Vapi. Importable by the applier and by `provider` alone (import-linter holds it)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import orjson

from callsheet.model.errors import ProviderError
from callsheet.model.paths import drop_all, find
from callsheet.model.resource import RemoteObject
from callsheet.model.value import Content, Path, Payload
from callsheet.providers.base import ContentLoader, NotFound
from callsheet.providers.clock import Clock
from callsheet.providers.transport import Transport, Upload
from callsheet.providers.vapi.attachments import Attachments
from callsheet.providers.vapi.decode import collection_path, item_path, remote
from callsheet.providers.vapi.kinds import KINDS

# The key that tells variants apart goes along with an update, so that the server can tell which one is
# meant (OpenAPI document; Vapi's own guide for tools). The gitops tool leaves `type` out everywhere.
_DISCRIMINATORS = {"Tool": "type", "PhoneNumber": "provider"}
# What an update must hold although it does not change (UpdateSquadDTO requires members).
_REQUIRED = {"Squad": ("members",)}
# What stays as it was created and is no part of an update's body (gitops tool, live).
_UNSENT = {"StructuredOutput": ("type",), "Eval": ("type",)}
# Only these are taken by an update (OpenAPI document and documentation).
_UPDATABLE = {"File": ("name",), "PronunciationDictionary": ("rules", "items")}


class VapiWriter:
    """See `providers.base.Writer`. Payloads are final; secrets in them are kept out of every error."""

    def __init__(self, transport: Transport, clock: Clock, alive: Callable[[], None]) -> None:
        self._request = partial(transport.request, alive=alive)
        self._attachments = Attachments(transport, clock, alive)

    def create(self, kind: str, payload: Payload, *, key: str, content: ContentLoader) -> RemoteObject:
        if kind == "File":
            return self._upload(payload, content, key)
        body = _body(kind, payload)
        files = body.pop("fileIds", None) if kind == "KnowledgeBase" else None
        if kind == "PronunciationDictionary":
            body.pop("provider", None)
        path = collection_path(kind, payload)
        item = self._request("POST", path, json=body, secrets=_secrets(kind, payload), key=key)
        if kind == "PronunciationDictionary":
            item = {**payload, **item}
        made = remote(kind, item)
        if kind == "KnowledgeBase":
            return self._attachments.settle(made, files or [], key)
        return made

    def update(
        self, kind: str, live: RemoteObject, set_: Mapping[str, object], clear: Sequence[Path], *, key: str
    ) -> RemoteObject:
        body = _body(kind, dict(set_))
        for path in clear:
            assert len(path) == 1, "what is beneath the top is cleared by leaving it out of the value sent"
            body[str(path[0])] = None
        files = body.pop("fileIds", None) if kind == "KnowledgeBase" else None
        cleared = kind == "KnowledgeBase" and ("fileIds",) in [tuple(path) for path in clear]
        reached = self._patch(kind, live, body, key) if body else live
        if kind == "KnowledgeBase" and (files is not None or cleared):
            wanted = [str(each) for each in _listed(files)]
            return self._attachments.settle(_carried(reached, live), wanted, key)
        return _carried(reached, live) if kind == "KnowledgeBase" else reached

    def delete(self, kind: str, live: RemoteObject, *, key: str) -> None:
        try:
            self._request("DELETE", item_path(kind, live.payload, live.id), key=key)
        except NotFound:
            return

    def _patch(self, kind: str, live: RemoteObject, body: Payload, key: str) -> RemoteObject:
        if kind in _UPDATABLE:
            body = {name: value for name, value in body.items() if name in _UPDATABLE[kind]}
            if not body:
                return live
        body = {name: value for name, value in body.items() if name not in _UNSENT.get(kind, ())}
        for name in _REQUIRED.get(kind, ()):
            if name not in body and name in live.payload:
                body = {**body, name: live.payload[name]}
        if (tag := _DISCRIMINATORS.get(kind)) and tag in live.payload:
            body = {tag: live.payload[tag], **body}
        item = self._request(
            "PATCH",
            item_path(kind, live.payload, live.id),
            query=_query(kind, live, body),
            json=body,
            secrets=_secrets(kind, body),
            key=key,
        )
        if kind == "PronunciationDictionary":
            # The answer may leave out what did not change.
            item = {**live.payload, **item}
        return remote(kind, item)

    def _upload(self, payload: Payload, content: ContentLoader, key: str) -> RemoteObject:
        held = payload.get("content")
        if not isinstance(held, Content):
            raise ProviderError("a file cannot be created without its content", code="provider.body")
        fields = {"purpose": str(payload["purpose"])} if payload.get("purpose") else {}
        if payload.get("metadata"):
            fields["metadata"] = orjson.dumps(payload["metadata"]).decode()
        name = str(payload.get("name") or held.name)
        upload = Upload(name, content(held.sha256), fields)
        return remote("File", self._request("POST", "/file", upload=upload, key=key))


def _body(kind: str, payload: Payload) -> Payload:
    """What may be sent of a payload: nothing that the server owns."""
    body: Payload = dict(drop_all(payload, KINDS[kind].server_owned))
    return body


def _query(kind: str, live: RemoteObject, body: Payload) -> Mapping[str, str] | None:
    """A structured output's update says whether its schema may change its type at the top."""
    if kind != "StructuredOutput":
        return None
    schema, before = body.get("schema"), live.payload.get("schema")
    changes = (
        isinstance(schema, Mapping)
        and isinstance(before, Mapping)
        and schema.get("type") != before.get("type")
    )
    return {"schemaOverride": "true" if changes else "false"}


def _secrets(kind: str, payload: Payload) -> list[str]:
    """The strings of a body that are secret by the facts of its kind."""
    return [
        text
        for field in KINDS[kind].secrets
        for _, value in find(payload, field.at)
        for text in _strings(value)
    ]


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else []


def _carried(reached: RemoteObject, live: RemoteObject) -> RemoteObject:
    """The answer to a knowledge base's update names no files: those of the last read still hold."""
    held: Payload = {key: live.payload[key] for key in ("files", "fileIds", "toolId") if key in live.payload}
    return remote("KnowledgeBase", {**held, **reached.payload})

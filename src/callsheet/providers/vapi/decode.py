"""From Vapi's answers to remote objects, in the shape of payloads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from callsheet.model.errors import ProviderError
from callsheet.model.resource import RemoteObject
from callsheet.providers.vapi.kinds import KINDS
from callsheet.providers.vapi.routes import route

Object = dict[str, Any]


def remote(kind: str, item: Object) -> RemoteObject:
    """An object as the engine knows it; ProviderError when it has no id."""
    payload = _DECODERS.get(kind, dict)(item)
    identity = payload.get("id")
    if not isinstance(identity, str) or not identity:
        raise ProviderError(f"Vapi answered with a {kind} that has no id", code="provider.unreadable")
    known = KINDS.get(kind)
    name = known.name_of(payload) if known else payload.get("name")
    owner = payload.get("orgId")
    return RemoteObject(
        kind,
        identity,
        payload,
        name if isinstance(name, str) else None,
        _label(kind, payload),
        owner if isinstance(owner, str) else None,
    )


def item_path(kind: str, payload: Mapping[str, Any], identity: str) -> str:
    """The address of one object; ids are quoted, as they come from state and from answers."""
    return f"{collection_path(kind, payload)}/{quote(identity, safe='')}"


def collection_path(kind: str, payload: Mapping[str, Any]) -> str:
    """The address of the collection that an object belongs to."""
    return route(kind).path.replace("{provider}", quote(str(payload.get("provider", "")), safe=""))


def _label(kind: str, payload: Object) -> Mapping[str, str] | None:
    path = KINDS[kind].label_path if kind in KINDS else None
    value: Any = payload
    for step in path or ():
        value = value.get(step) if isinstance(value, dict) else None
    if path and isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
        return dict(value)
    return None


def _knowledge_base(item: Object) -> Object:
    """`fileIds` are the files attached; an answer without `files` says nothing about them.

    A file that could not be indexed is attached and not found by any search, so it does not count.
    """
    files = item.get("files")
    if not isinstance(files, list):
        return dict(item)
    ids = [
        file["fileId"]
        for file in files
        if isinstance(file, dict) and isinstance(file.get("fileId"), str) and file.get("status") != "failed"
    ]
    return {**item, "fileIds": ids}


def _dictionary(item: Object) -> Object:
    """Either the envelope of the OpenAPI document (`resource`), or flat as in the documentation."""
    inner: Any = item.get("resource")
    inner = inner if isinstance(inner, dict) else item
    held: Object = {key: value for key, value in inner.items() if key in ("items", "rules", "versionId")}
    name = item.get("name") or inner.get("name") or inner.get("dictionaryName")
    resource = item.get("resourceId") or inner.get("pronunciationDictionaryId") or inner.get("id")
    more = {"name": name, "resourceId": resource, "id": item.get("id") or resource}
    return {**item, **held, **{key: value for key, value in more.items() if value is not None}}


_DECODERS = {"KnowledgeBase": _knowledge_base, "PronunciationDictionary": _dictionary}

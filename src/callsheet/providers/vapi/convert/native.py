"""Kinds that are Vapi's own through and through: `native`, and the few fields that every document has."""

from __future__ import annotations

from callsheet.model.document import Document
from callsheet.model.kinds import Rendered
from callsheet.providers.vapi import facts
from callsheet.providers.vapi.convert.draft import Draft, named

KEYS = frozenset({"name", "description", "native"})
# Kinds with a single type, which need not be written.
_TYPES = {"Eval": "chat.mockConversation"}


def render(document: Document) -> Rendered:
    kind, spec, draft = document.address.kind, document.spec, Draft()
    named(draft, document)
    if kind in _TYPES:
        draft.set(("type",), _TYPES[kind], ())
    if _describes(kind):
        draft.set(("description",), spec.get("description"), ("spec", "description"))
    draft.merge(spec.get("native"))
    return Rendered((draft.resource(document.address, kind, document),), (document.address,))


def _describes(kind: str) -> bool:
    root = facts.roots().get(kind, {})
    return "ref" in root and "description" in facts.shapes()[root["ref"]]["properties"]

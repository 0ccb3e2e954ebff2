"""Squads: members in order, the first of which answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callsheet.model.document import Document
from callsheet.model.kinds import Rendered
from callsheet.model.value import Path
from callsheet.providers.vapi.convert.assistant import qualified
from callsheet.providers.vapi.convert.draft import Draft, Findings, named

KEYS = frozenset({"name", "description", "members", "native"})
_MEMBER = ("assistant", "destinations", "overrides")


def render(document: Document) -> Rendered:
    findings, draft = Findings(document), Draft()
    named(draft, document)
    for index, member in enumerate(document.spec.get("members") or ()):
        at: Path = ("spec", "members", index)
        if not isinstance(member, Mapping) or "assistant" not in member:
            findings.error("vapi.squad-member", "a member needs its assistant: {assistant: {ref: NAME}}", at)
            continue
        for key in member.keys() - set(_MEMBER):
            findings.error("vapi.squad-member", f"a member has no {key!r}", (*at, key))
        _member(draft, index, member, at)
    draft.merge(document.spec.get("native"))
    resource = draft.resource(document.address, "Squad", document)
    return Rendered((resource,), (document.address,), tuple(findings.found))


def _member(draft: Draft, index: int, member: Mapping[str, Any], at: Path) -> None:
    fields: dict[str, Any] = {"assistantId": qualified(member["assistant"], "Assistant")}
    destinations = [_destination(destination) for destination in member.get("destinations") or ()]
    if destinations:
        fields["assistantDestinations"] = destinations
    if member.get("overrides"):
        fields["assistantOverrides"] = member["overrides"]
    draft.append(("members",), fields, at)
    here: Path = ("members", index)
    draft.origins[(*here, "assistantId")] = (*at, "assistant")
    draft.origins[(*here, "assistantOverrides")] = (*at, "overrides")
    draft.origins[(*here, "assistantDestinations")] = (*at, "destinations")
    for number in range(len(destinations)):
        for key in ("assistantId", "assistantName"):
            place = (*here, "assistantDestinations", number, key)
            draft.origins[place] = (*at, "destinations", number, "assistant")


def _destination(given: Any) -> dict[str, Any]:
    """A hand-off by id; with a message to be spoken, a transfer, which Vapi keeps by name."""
    if not isinstance(given, Mapping):
        given = {"assistant": given}
    rest = {key: given[key] for key in ("message", "description") if given.get(key) is not None}
    if "message" in rest:
        name = qualified(given.get("assistant"), "Assistant", "name")
        return {"type": "assistant", "assistantName": name, **rest}
    return {"type": "assistant", "assistantId": qualified(given.get("assistant"), "Assistant"), **rest}

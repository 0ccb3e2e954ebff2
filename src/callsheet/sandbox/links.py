"""What ties objects together: references that are checked, pins that hold, lists that mirror each other."""

from __future__ import annotations

from typing import Any

import orjson

from callsheet.model.paths import ABSENT, drop, find, get, put
from callsheet.sandbox.problems import Pinned, Problem
from callsheet.sandbox.session import Row, Session
from callsheet.sandbox.shapes import quirks

Json = dict[str, Any]


def check_references(session: Session, org: str, body: Json) -> None:
    """Refuse a handoff to an assistant that is not there (facts §5.5); other dead references pass (§4)."""
    errors = []
    for _, tool in _handoffs(body):
        for destination in tool.get("destinations") or ():
            id_ = destination.get("assistantId") if isinstance(destination, dict) else None
            if isinstance(id_, str) and session.get(org, "assistant", id_) is None:
                errors.append(f"Assistant with ID {id_} not found")
    if errors:
        raise Problem(400, errors[0] if len(errors) == 1 else errors)


def _handoffs(body: Json) -> list[tuple[Any, Json]]:
    if body.get("type") == "handoff" or ("destinations" in body and "type" not in body):
        return [((), body)]
    return [
        (path, tool)
        for path, tool in find(body, ("**", "tools", "*"))
        if isinstance(tool, dict) and tool.get("type") == "handoff"
    ]


def check_pins(session: Session, row: Row) -> None:
    """409 where another object names a version of this one: a squad's member, an assistant's toolRefs."""
    if row.kind == "assistant":
        for holder in session.mentioning(row.org, "squad", row.id):
            for _, member in find(orjson.loads(holder.body), ("members", "*")):
                if member.get("assistantId") == row.id and member.get("assistantVersion"):
                    raise Pinned(
                        "assistant",
                        f"Assistant {row.id} is pinned to {member['assistantVersion']} by squad {holder.id}",
                    )
    elif row.kind == "tool":
        for holder in session.mentioning(row.org, "assistant", row.id):
            for _, entry in find(orjson.loads(holder.body), ("model", "toolRefs", "*")):
                if entry.get("toolId") == row.id and entry.get("version"):
                    raise Pinned(
                        "tool", f"Tool {row.id} is pinned to {entry['version']} by assistant {holder.id}"
                    )


def mirror(session: Session, org: str, kind: str, id_: str, old: Json, new: Json) -> None:
    """Keep the other side of a list that is stored on both sides.

    The other side's `updatedAt` and version stay: its own configuration was not written (?).
    """
    for rule in quirks()["mirrors"]:
        if kind == rule["kind"]:
            near, far, far_kind = (rule["list"],), tuple(rule["at"]), rule["holder"]
        elif kind == rule["holder"]:
            near, far, far_kind = tuple(rule["at"]), (rule["list"],), rule["kind"]
        else:
            continue
        before, after = _ids(old, near), _ids(new, near)
        for other in before:
            if other not in after:
                _edit(session, org, far_kind, other, far, id_, present=False)
        for other in after:
            if other not in before:
                _edit(session, org, far_kind, other, far, id_, present=True)


def _ids(body: Json, path: tuple[str, ...]) -> list[str]:
    found = get(body, path)
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []


def _edit(
    session: Session, org: str, kind: str, id_: str, path: tuple[str, ...], entry: str, *, present: bool
) -> None:
    row = session.get(org, kind, id_)
    if row is None:
        return
    body = orjson.loads(row.body)
    ids = [item for item in _ids(body, path) if item != entry] + ([entry] if present else [])
    if ids or get(body, path) is not ABSENT:
        body = put(body, path, ids) if ids or len(path) == 1 else drop(body, path)
    session.update(
        Row(
            row.org,
            row.kind,
            row.id,
            row.created,
            row.updated,
            orjson.dumps(body),
            row.name,
            row.parent,
            row.hidden,
        )
    )

"""Filling, emptying and dumping an organisation without going through HTTP.

An *estate* is a mapping of kinds (`assistant`, `tool`, `knowledge-base`, …) to lists of objects as the API
would return them. What is seeded is taken as it is: it stands for what a server holds, legacy tool types
and unknown fields included. An `id` that is given is kept, so objects can refer to each other.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any

import orjson

from callsheet.model.diagnostics import Diagnostic, error, nearest
from callsheet.model.errors import CallsheetError
from callsheet.sandbox import knowledge, links, writing
from callsheet.sandbox.call import Author, Settings
from callsheet.sandbox.resource import BY_KIND, DICTIONARY, FILE, KNOWLEDGE_BASE
from callsheet.sandbox.rewriting import conceal
from callsheet.sandbox.session import Row, Selection, Session
from callsheet.sandbox.stock import STOCK
from callsheet.sandbox.store import Store

# Objects that others refer to come first, so that mirrored lists find their other side.
_FIRST = ("file", "credential", "structured-output", "scorecard", "tool", "assistant", "knowledge-base")
KINDS = (*_FIRST, *(kind for kind in (*BY_KIND, "dictionary") if kind not in _FIRST))
_RESOURCES = BY_KIND | {"file": FILE, "knowledge-base": KNOWLEDGE_BASE, "dictionary": DICTIONARY}


def reset(store: Store, organisation: str) -> None:
    """Forget everything that the organisation holds. Its id stays."""
    org = store.organisation(organisation)
    with store.writing() as session:
        session.clear(org)


def seed(
    store: Store,
    organisation: str,
    estate: Mapping[str, Any] | None = None,
    *,
    clock: Callable[[], float] = time.time,
    ids: Callable[[], str] = lambda: str(uuid.uuid4()),
) -> dict[str, int]:
    """Add an estate (None: the small built-in one) to the organisation; how many objects of each kind.

    CallsheetError, and nothing added, where the estate is not of that form or an id is taken.
    """
    estate = learning_estate() if estate is None else estate
    if problems := _problems(estate):
        raise CallsheetError(diagnostics=problems)
    author = Author(store.organisation(organisation), Settings(clock, ids, time.sleep))
    added: dict[str, int] = {}
    with store.writing() as session:
        for kind in KINDS:
            for entry in estate.get(kind, ()):
                if (id_ := entry.get("id")) and session.get(author.org, kind, id_):
                    raise CallsheetError(
                        f"the organisation {organisation} has a {kind} with the id {id_} already",
                        hint="Reset it first, or leave the id out.",
                        code="sandbox.seed",
                    )
                _add(session, author, kind, dict(entry))
                added[kind] = added.get(kind, 0) + 1
    return added


def dump(store: Store, organisation: str) -> dict[str, list[dict[str, Any]]]:
    """Everything the organisation holds, as an estate; contents that are no text are left out."""
    org = store.organisation(organisation)
    out: dict[str, list[dict[str, Any]]] = {}
    with store.reading() as session:
        for kind in KINDS:
            for row in session.rows(org, Selection(kind, ascending=True)):
                if row.parent != STOCK:
                    out.setdefault(kind, []).append(_dumped(session, row))
    return out


def learning_estate() -> dict[str, Any]:
    """A small estate with one object of most kinds, to look at and to change."""
    path = resources.files("callsheet.sandbox") / "data" / "learning-estate.json"
    loaded: dict[str, Any] = orjson.loads(path.read_bytes())
    return loaded


def _problems(estate: Mapping[str, Any]) -> list[Diagnostic]:
    out = []
    if not isinstance(estate, Mapping):
        return [error("sandbox.seed", "an estate is a mapping of kinds to lists of objects")]
    for kind, entries in estate.items():
        if kind not in KINDS:
            hint = nearest(str(kind), KINDS) or f"Known are {', '.join(sorted(KINDS))}."
            out.append(error("sandbox.seed", f"{kind!r} is no kind that the sandbox knows", hint=hint))
        elif not isinstance(entries, list):
            out.append(error("sandbox.seed", f"{kind} is no list of objects"))
        else:
            out += [
                error(
                    "sandbox.seed", f"{kind}[{index}] is no object with an id that is a text, or without one"
                )
                for index, entry in enumerate(entries)
                if not isinstance(entry, dict) or not isinstance(entry.get("id", ""), str)
            ]
    return out


def _add(session: Session, author: Author, kind: str, entry: dict[str, Any]) -> None:
    id_ = entry.pop("id", None)
    config = {key: value for key, value in entry.items() if key not in writing.SERVER_OWNED}
    content, file_ids = config.pop("content", None), config.pop("fileIds", None) or ()
    attached = config.pop("files", None) or ()
    tool_id = config.pop("toolId", None) if kind == "knowledge-base" else None
    config, hidden = conceal(kind, config)
    if kind == "file":
        text = str(content or "").encode()
        config = {"object": "file", "status": "done", "mimetype": "text/plain", "bytes": len(text)} | config
    parent = str(config.get("provider", "")) if kind == "dictionary" else ""
    row = writing.insert(session, author, _RESOURCES[kind], config, hidden, id_=id_, parent=parent)
    if kind == "file":
        session.put_content(author.org, row.id, str(config["mimetype"]), text)
    elif kind == "knowledge-base":
        knowledge.restore(
            session, author, row, [*file_ids, *(item["fileId"] for item in attached)], tool_id=tool_id
        )
    else:
        links.mirror(session, author.org, kind, row.id, {}, config)


def _dumped(session: Session, row: Row) -> dict[str, Any]:
    body: dict[str, Any] = orjson.loads(row.body)
    body.pop("orgId", None)
    if row.kind == "file" and (found := session.content(row.org, row.id)):
        with contextlib.suppress(UnicodeDecodeError):
            body["content"] = found[1].decode()
    elif row.kind == "knowledge-base":
        attached = session.rows(row.org, Selection("knowledge-base-file", parent=row.id, ascending=True))
        body |= {"toolId": row.parent, "fileIds": [item.name for item in attached]}
    return body

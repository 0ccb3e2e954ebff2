"""Knowledge bases (v2): attached files that take a while to index, and the search tool that comes along.

A knowledge base's row keeps its tool's id in `parent`; an attachment's row keeps its knowledge base's id in
`parent` and the file's in `name`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import orjson
from werkzeug.wrappers import Response

from callsheet.sandbox import writing
from callsheet.sandbox.call import Author, Call, answer
from callsheet.sandbox.checking import check
from callsheet.sandbox.clock import iso
from callsheet.sandbox.listing import join
from callsheet.sandbox.problems import Problem, not_found
from callsheet.sandbox.resource import BY_KIND, FILE, KNOWLEDGE_BASE
from callsheet.sandbox.session import Row, Selection, Session
from callsheet.sandbox.shapes import shape

_KIND, _ATTACHED = "knowledge-base", "knowledge-base-file"


def create(call: Call) -> Response:
    config = writing.prepare(KNOWLEDGE_BASE, call.json())
    with call.store.writing() as session:
        row = writing.insert(session, call.author, KNOWLEDGE_BASE, config, {})
        tool = writing.insert(session, call.author, BY_KIND["tool"], search_tool(row), {})
        session.update(replace(row, parent=tool.id))
    return answer(row.body, 201)


def search_tool(row: Row) -> dict[str, Any]:
    """The tool that comes with a knowledge base."""
    name = re.sub(r"[^a-zA-Z0-9_-]+", "_", row.name or "")[:50].strip("_") or row.id[:8]
    return {
        "type": "knowledgeBase",
        "knowledgeBaseId": row.id,
        "function": {
            "name": f"search_{name}",
            "description": f"Search the knowledge base {row.name}.",
            "parameters": {
                "type": "object",
                "properties": {"query": {"type": "string", "description": "What to look for."}},
                "required": ["query"],
            },
            "strict": False,
        },
    }


def read(call: Call, id_: str) -> Response:
    row, files, tool = _view(call, id_)
    return answer(orjson.dumps(orjson.loads(row.body) | {"files": files, "toolId": tool}))


def list_files(call: Call, id_: str) -> Response:
    _, files, _ = _view(call, id_)
    return answer(join(orjson.dumps(body) for body in files))


def _view(call: Call, id_: str) -> tuple[Row, list[Any], str | None]:
    """The knowledge base, its attachments as they are now, its tool's id.

    Looking at what is being indexed moves it on; where nothing is, a read stays a read.
    """
    with call.store.reading() as session:
        row = _require(session, call, id_)
        files = [orjson.loads(item.body) for item in _attachments(session, row)]
        tool = session.get(call.org, "tool", row.parent)
    if any(body["status"] == "indexing" for body in files):
        with call.store.writing() as session:
            files = [_looked_at(session, call, item) for item in _attachments(session, row)]
    return row, files, tool.id if tool else None


def _attachments(session: Session, base: Row) -> list[Row]:
    return list(session.rows(base.org, Selection(_ATTACHED, parent=base.id, ascending=True)))


def _looked_at(session: Session, call: Call, row: Row) -> Any:
    body = orjson.loads(row.body)
    if body["status"] != "indexing":
        return body
    row = _advance(call, row)
    session.update(row)
    return orjson.loads(row.body)


def delete(call: Call, id_: str) -> Response:
    with call.store.writing() as session:
        row = _require(session, call, id_)
        for attached in session.rows(call.org, Selection(_ATTACHED, parent=id_)):
            session.delete(attached)
        if tool := session.get(call.org, "tool", row.parent):
            session.delete(tool)
        session.delete(row)
    return answer(row.body)


def attach(call: Call, id_: str) -> Response:
    checked = check(call.json(), shape("AttachKnowledgeBaseV2FileDTO"), defaults=True)
    if checked.errors:
        raise Problem(400, checked.errors)
    file_id = checked.value["fileId"]
    with call.store.writing() as session:
        _require(session, call, id_)
        file = session.get(call.org, "file", file_id)
        if file is None:
            raise not_found(FILE.label, file_id)
        if next(session.rows(call.org, Selection(_ATTACHED, parent=id_, name=file_id)), None):
            raise Problem(409, f"File with ID {file_id} is attached to this knowledge base already")
        row = _attachment(session, call.author, id_, file, fails=call.fails_indexing)
        session.insert(row)
    return answer(row.body, 201)


def _attachment(session: Session, author: Author, id_: str, file: Row, *, fails: bool) -> Row:
    shown = orjson.loads(file.body)
    attachment, at = author.new_id(), session.stamp(author.org, author.now)
    body = {
        "id": attachment,
        "knowledgeBaseV2Id": id_,
        "fileId": file.id,
        "fileName": shown.get("name", ""),
        "mimetype": shown["mimetype"],
        "bytes": shown["bytes"],
        "status": "indexing",
        "createdAt": iso(at),
        "updatedAt": iso(at),
    }
    hidden = _progress(0, at, fails=fails or shown["bytes"] == 0)
    return Row(author.org, _ATTACHED, attachment, at, at, orjson.dumps(body), file.id, id_, hidden)


def restore(
    session: Session, author: Author, row: Row, file_ids: Iterable[str], *, tool_id: str | None
) -> None:
    """Give a seeded knowledge base its search tool and its files, ready at once."""
    if tool_id is None or session.get(author.org, "tool", tool_id) is None:
        tool_id = writing.insert(session, author, BY_KIND["tool"], search_tool(row), {}, id_=tool_id).id
    session.update(replace(row, parent=tool_id))
    for file_id in file_ids:
        if file := session.get(author.org, "file", file_id):
            made = _attachment(session, author, row.id, file, fails=False)
            session.insert(_with_status(made, "ready", made.created, made.hidden))


def detach(call: Call, id_: str, file_id: str) -> Response:
    with call.store.writing() as session:
        row = _attached(session, call, id_, file_id)
        session.delete(row)
    return answer(row.body)


def retry(call: Call, id_: str, file_id: str) -> Response:
    with call.store.writing() as session:
        row = _attached(session, call, id_, file_id)
        body = orjson.loads(row.body)
        if body["status"] != "failed":
            raise Problem(400, f"File with ID {file_id} has not failed; it is {body['status']}")
        at = session.stamp(call.org, call.author.now)
        row = _with_status(
            row, "indexing", at, _progress(0, at, fails=call.fails_indexing or not body["bytes"])
        )
        session.update(row)
    return answer(row.body, 201)


def _advance(call: Call, row: Row) -> Row:
    progress = orjson.loads(row.hidden)
    settings, reads = call.author.settings, progress["reads"]
    if settings.indexing_seconds is not None:
        done = call.author.now >= progress["since"] + settings.indexing_seconds * 1000
    else:
        done = reads >= settings.indexing_reads
    if done:
        return _with_status(row, "failed" if progress["fails"] else "ready", call.author.now, row.hidden)
    hidden = _progress(reads + 1, progress["since"], fails=progress["fails"])
    return Row(row.org, row.kind, row.id, row.created, row.updated, row.body, row.name, row.parent, hidden)


def _with_status(row: Row, status: str, at: int, hidden: str) -> Row:
    body = orjson.loads(row.body) | {"status": status, "updatedAt": iso(at)}
    return Row(row.org, row.kind, row.id, row.created, at, orjson.dumps(body), row.name, row.parent, hidden)


def _progress(reads: int, since: int, *, fails: bool) -> str:
    return orjson.dumps({"reads": reads, "since": since, "fails": fails}).decode()


def _require(session: Session, call: Call, id_: str) -> Row:
    row = session.get(call.org, _KIND, id_)
    if row is None:
        raise not_found(KNOWLEDGE_BASE.label, id_)
    return row


def _attached(session: Session, call: Call, id_: str, file_id: str) -> Row:
    _require(session, call, id_)
    row = next(session.rows(call.org, Selection(_ATTACHED, parent=id_, name=file_id)), None)
    if row is None:
        raise not_found(FILE.label, file_id)
    return row

"""Files: multipart upload, rename, delete, and the bytes behind `url`."""

from __future__ import annotations

import mimetypes
from typing import Any

import orjson
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from callsheet.sandbox.call import Call, answer
from callsheet.sandbox.checking import check
from callsheet.sandbox.clock import iso
from callsheet.sandbox.listing import join
from callsheet.sandbox.problems import Problem, not_found
from callsheet.sandbox.resource import FILE
from callsheet.sandbox.session import Row, Selection, Session
from callsheet.sandbox.shapes import shape

PURPOSES = ("assistant", "composer-attachment", "knowledge-base-v2")
CONTENT_PATH = "/__sandbox__/files"
_METADATA_LIMIT = 4096
_NAME_LIMIT = 40


def upload(call: Call) -> Response:
    try:
        form, files = call.request.form, call.request.files
    except RequestEntityTooLarge:
        raise Problem(413, "request entity too large") from None
    sent = files.get("file")
    errors = [] if sent is not None else ["file should not be empty"]
    errors += [
        f"property {key} should not exist"
        for key in (*form, *files)
        if key not in ("file", "purpose", "metadata")
    ]
    purpose = form.get("purpose")
    if purpose is not None and purpose not in PURPOSES:
        errors.append(f"purpose must be one of the following values: {', '.join(PURPOSES)}")
    metadata = _metadata(form.get("metadata"), errors)
    if errors or sent is None:
        raise Problem(400, errors)
    data, name = sent.read(), sent.filename or "file"
    mimetype = sent.mimetype or mimetypes.guess_type(name)[0] or "application/octet-stream"
    with call.store.writing() as session:
        id_, at = call.author.new_id(), session.stamp(call.org, call.author.now)
        key = f"{call.org}/{id_}"
        body: dict[str, Any] = {
            "id": id_,
            "orgId": call.org,
            "object": "file",
            "status": "done",
            "name": name[:_NAME_LIMIT],
            "originalName": name,
            "bytes": len(data),
            "mimetype": mimetype,
            "bucket": "sandbox",
            "key": key,
            "path": key,
            "url": f"{call.request.host_url.rstrip('/')}{CONTENT_PATH}/{key}",
            "createdAt": iso(at),
            "updatedAt": iso(at),
        }
        if purpose is not None:
            body["purpose"] = purpose
        if metadata is not None:
            body["metadata"] = metadata
        row = Row(call.org, "file", id_, at, at, orjson.dumps(body), body["name"])
        session.insert(row)
        session.put_content(call.org, id_, mimetype, data)
    return answer(row.body, 201)


def _metadata(text: str | None, errors: list[str]) -> Any:
    if text is None:
        return None
    if len(text) > _METADATA_LIMIT:
        errors.append(f"metadata must be shorter than or equal to {_METADATA_LIMIT} characters")
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        errors.append("metadata must be a JSON object")
    return value


def list_files(call: Call) -> Response:
    """Every file of the purpose; without one, every purpose but composer attachments (SDK 3.0.0)."""
    purpose = call.request.args.get("purpose")
    if purpose is not None and purpose not in PURPOSES:
        raise Problem(400, [f"purpose must be one of the following values: {', '.join(PURPOSES)}"])
    with call.store.reading() as session:
        rows = list(session.rows(call.org, Selection("file")))
    chosen = []
    for row in rows:
        of = orjson.loads(row.body).get("purpose")
        if of == purpose or (purpose is None and of != "composer-attachment"):
            chosen.append(row.body)
    return answer(join(chosen if call.list_cap is None else chosen[: call.list_cap]))


def rename(call: Call, id_: str) -> Response:
    checked = check(call.json(), shape("UpdateFileDTO"), defaults=False)
    if checked.errors:
        raise Problem(400, checked.errors)
    with call.store.writing() as session:
        row = _require(session, call, id_)
        old = orjson.loads(row.body)
        new = old | checked.value
        if new != old:
            at = session.stamp(call.org, call.author.now)
            new["updatedAt"] = iso(at)
            row = Row(row.org, row.kind, row.id, row.created, at, orjson.dumps(new), new["name"])
            session.update(row)
    return answer(row.body)


def delete(call: Call, id_: str) -> Response:
    with call.store.writing() as session:
        row = _require(session, call, id_)
        session.delete(row)
        session.delete_content(call.org, id_)
        for attached in session.rows(call.org, Selection("knowledge-base-file", name=id_)):
            session.delete(attached)
    return answer(row.body)


def content(call: Call, org: str, id_: str) -> Response:
    """The bytes; no key is asked for, as for a link to a bucket."""
    with call.store.reading() as session:
        found = session.content(org, id_)
    if found is None:
        raise not_found(FILE.label, id_)
    # A download, whatever it says it is: nothing uploaded may run in a browser as this server's own page.
    return Response(
        found[1],
        mimetype=found[0],
        headers={"Content-Disposition": "attachment", "X-Content-Type-Options": "nosniff"},
    )


def _require(session: Session, call: Call, id_: str) -> Row:
    row = session.get(call.org, "file", id_)
    if row is None:
        raise not_found(FILE.label, id_)
    return row

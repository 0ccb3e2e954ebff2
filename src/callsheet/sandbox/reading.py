"""GET of single objects and of their versions."""

from __future__ import annotations

import orjson
from werkzeug.wrappers import Response

from callsheet.sandbox.call import Call, answer
from callsheet.sandbox.listing import DEFAULT_LIMIT, MAX_LIMIT, join, with_defaults
from callsheet.sandbox.problems import Problem, not_found
from callsheet.sandbox.resource import Resource


def read(call: Call, resource: Resource, id_: str) -> Response:
    with call.store.reading() as session:
        row = session.get(call.org, resource.kind, id_)
    if row is None:
        raise not_found(resource.label, id_)
    if call.defaults and (extra := call.defaults.get(resource.kind)):
        return answer(with_defaults(row.body, extra))
    return answer(row.body)


def versions(call: Call, resource: Resource, id_: str) -> Response:
    """The versions of an object, newest first."""
    text = call.request.args.get("limit", str(DEFAULT_LIMIT))
    if not text.isdecimal() or not 1 <= int(text) <= MAX_LIMIT:
        raise Problem(400, [f"limit must be between 1 and {MAX_LIMIT}"])
    limit = int(text)
    with call.store.reading() as session:
        if session.get(call.org, resource.kind, id_) is None:
            raise not_found(resource.label, id_)
        found = session.versions(call.org, resource.kind, id_, limit + 1)
    metadata = {"limit": limit, "hasNextPage": len(found) > limit}
    return answer(b'{"results":' + join(found[:limit]) + b',"metadata":' + orjson.dumps(metadata) + b"}")


def version(call: Call, resource: Resource, id_: str, label: str) -> Response:
    number = label.removeprefix("v")
    with call.store.reading() as session:
        body = (
            session.version(call.org, resource.kind, id_, int(number))
            if number.isdecimal() and len(number) < 10
            else None
        )
    if body is None:
        raise Problem(404, f"{resource.label} with ID {id_} has no version {label}")
    return answer(body)

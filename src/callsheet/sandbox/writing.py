"""POST, PATCH and DELETE of the resources that behave alike."""

from __future__ import annotations

from typing import Any

import orjson
from werkzeug.wrappers import Response

from callsheet.model.canonical import canonical, fingerprint
from callsheet.sandbox import links
from callsheet.sandbox.call import Author, Call, answer
from callsheet.sandbox.checking import UUID, Checked, check
from callsheet.sandbox.clock import iso
from callsheet.sandbox.problems import Problem, not_found
from callsheet.sandbox.resource import Resource
from callsheet.sandbox.rewriting import (
    conceal,
    drop_silently,
    indicators,
    is_null_echoed,
    keep_hidden,
    rewrite,
    uuid_paths,
)
from callsheet.sandbox.session import Row, Session
from callsheet.sandbox.shapes import create_shape, update_shape, variants
from callsheet.sandbox.stock import STOCK

Json = dict[str, Any]
SERVER_OWNED = ("id", "orgId", "createdAt", "updatedAt", "latestVersion", "isServerUrlSecretSet")


def prepare(resource: Resource, body: Json) -> Json:
    """A POST's body as checked and completed; Problem 400 with everything that is wrong with it."""
    body = drop_silently(resource.kind, body)
    shape = create_shape(resource.kind, _variant(resource, body))
    checked = check(body, shape, defaults=True)
    _refuse(resource.kind, checked)
    echoed = {
        key: None for key in checked.cleared if is_null_echoed(resource.kind, key, shape.properties[key])
    }
    return rewrite(resource.kind, checked.value | echoed)


def create(call: Call, resource: Resource) -> Response:
    prepared = prepare(resource, call.json())
    config, hidden = conceal(resource.kind, prepared)
    with call.store.writing() as session:
        links.check_references(session, call.org, prepared)
        row = insert(session, call.author, resource, _complete(session, call, resource.kind, config), hidden)
        links.mirror(session, call.org, resource.kind, row.id, {}, orjson.loads(row.body))
    return answer(row.body, 201)


def insert(
    session: Session,
    author: Author,
    resource: Resource,
    config: Json,
    hidden: dict[str, str],
    *,
    id_: str | None = None,
    parent: str = "",
) -> Row:
    """Store a new object of the kind, with its first version where the kind has versions."""
    id_, at = id_ or author.new_id(), session.stamp(author.org, author.now)
    body = {"id": id_, "orgId": author.org} | config | indicators(resource.kind, hidden)
    body |= {"createdAt": iso(at), "updatedAt": iso(at)}
    if resource.versioned:
        body["latestVersion"] = "v1"
        _add_version(session, author, resource, body, 1)
    row = Row(
        author.org, resource.kind, id_, at, at, orjson.dumps(body), _name(config), parent, _hidden(hidden)
    )
    session.insert(row)
    return row


def update(call: Call, resource: Resource, id_: str) -> Response:
    body = drop_silently(resource.kind, call.json())
    if resource.kind == "structured-output":
        _check_schema_override(call)
    body = {key: item for key, item in body.items() if item is not None or key not in call.ignored_clears}
    with call.store.writing() as session:
        row = session.get(call.org, resource.kind, id_)
        if row is None or row.parent == STOCK:
            raise not_found(resource.label, id_)
        row = change(session, call, resource, row, body)
    return answer(row.body)


def change(session: Session, call: Call, resource: Resource, row: Row, body: Json) -> Row:
    """Merge a PATCH body into an object, top-level keys as wholes; the row as it is afterwards."""
    old: Json = orjson.loads(row.body)
    variant = str(old.get(resource.discriminator, "")) if resource.discriminator else ""
    if variant not in variants(resource.kind):
        raise Problem(400, f"{resource.label} of type {variant} cannot be updated")
    shape = update_shape(resource.kind, variant)
    checked = check(body, shape, defaults=False)
    _refuse(resource.kind, checked)
    if resource.kind == "structured-output":
        _check_schema_type(call, old, checked.value)
    new = old | checked.value
    for key in checked.cleared:
        node = shape.properties[key]
        if node.default is not None:
            new[key] = node.default
        elif is_null_echoed(resource.kind, key, node):
            new[key] = None
        else:
            new.pop(key, None)
    links.check_references(session, call.org, checked.value)
    new, fresh = conceal(resource.kind, rewrite(resource.kind, new))
    kept = keep_hidden(orjson.loads(row.hidden), fresh, frozenset(body))
    hidden = _hidden(kept)
    new.pop("isServerUrlSecretSet", None)
    new |= indicators(resource.kind, kept)
    if canonical(new) == canonical(old) and hidden == row.hidden:
        return row
    at = session.stamp(call.org, call.author.now)
    new["updatedAt"] = iso(at)
    if resource.versioned:
        number = int(str(old.get("latestVersion", "v0")).removeprefix("v")) + 1
        new["latestVersion"] = f"v{number}"
        _add_version(session, call.author, resource, new, number)
    changed = Row(
        row.org, row.kind, row.id, row.created, at, orjson.dumps(new), _name(new), row.parent, hidden
    )
    session.update(changed)
    links.mirror(session, call.org, resource.kind, row.id, old, new)
    return changed


def delete(call: Call, resource: Resource, id_: str) -> Response:
    with call.store.writing() as session:
        row = session.get(call.org, resource.kind, id_)
        if row is None or row.parent == STOCK:
            raise not_found(resource.label, id_)
        links.check_pins(session, row)
        old = orjson.loads(row.body)
        if resource.kind == "tool" and old.get("type") == "knowledgeBase":
            raise Problem(400, f"Tool with ID {id_} belongs to a knowledge base and goes with it")
        session.delete(row)
        links.mirror(session, call.org, resource.kind, row.id, old, {})
    return answer(row.body)


def _variant(resource: Resource, body: Json) -> str:
    if not resource.discriminator:
        return ""
    known, given = variants(resource.kind), body.get(resource.discriminator)
    if given not in known:
        raise Problem(
            400, [f"{resource.discriminator} must be one of the following values: {', '.join(known)}"]
        )
    return str(given)


def _refuse(kind: str, checked: Checked) -> None:
    errors = checked.errors + [
        f"each value in {place} must be a UUID"
        for place, value in uuid_paths(kind, checked.value)
        if not (isinstance(value, str) and UUID.fullmatch(value))
    ]
    if errors:
        raise Problem(400, errors)


def _complete(session: Session, call: Call, kind: str, config: Json) -> Json:
    """Fields that the server adds on creation."""
    if kind != "phone-number":
        return config
    made: Json = {"status": "active"}
    if config["provider"] == "vapi" and "sipUri" not in config:
        # One number per millisecond of the organisation's clock: unique, and the same in a replay.
        serial = session.stamp(call.org, call.author.now) % 10_000_000
        made["number"] = f"+1{config.get('numberDesiredAreaCode', '415')}{serial:07d}"
    return config | made


def _check_schema_override(call: Call) -> None:
    if call.request.args.get("schemaOverride") not in ("true", "false"):
        raise Problem(400, ["schemaOverride must be a boolean string"])


def _check_schema_type(call: Call, old: Json, new: Json) -> None:
    schema = new.get("schema")
    if schema is None or call.request.args["schemaOverride"] == "true":
        return
    before = (old.get("schema") or {}).get("type")
    if schema.get("type") != before:
        raise Problem(
            400,
            f"schema.type cannot change from {before} to {schema.get('type')} without schemaOverride=true",
        )


def _add_version(session: Session, author: Author, resource: Resource, body: Json, number: int) -> None:
    config = {key: item for key, item in body.items() if key not in SERVER_OWNED}
    version = config | {
        "id": author.new_id(),
        "orgId": author.org,
        f"{resource.kind}Id": body["id"],
        "version": f"v{number}",
        "configHash": fingerprint(config).removeprefix("sha256:"),
        "createdAt": body["updatedAt"],
        "createdBy": None,
        "parentVersion": f"v{number - 1}" if number > 1 else None,
    }
    session.add_version(author.org, resource.kind, body["id"], number, orjson.dumps(version))


def _name(config: Json) -> str | None:
    name = config.get("name")
    return name if isinstance(name, str) else None


def _hidden(hidden: dict[str, str]) -> str:
    return orjson.dumps(hidden, option=orjson.OPT_SORT_KEYS).decode()

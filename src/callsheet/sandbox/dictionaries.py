"""Pronunciation dictionaries: kept at the voice provider, wrapped by Vapi as a provider resource.

The document leaves the request bodies open; the forms are those of the two vendors as SDK 3.0.0
describes the answers.
"""

from __future__ import annotations

from typing import Any

import orjson
from werkzeug.wrappers import Response

from callsheet.model.canonical import fingerprint
from callsheet.sandbox.call import Call, answer
from callsheet.sandbox.clock import iso
from callsheet.sandbox.problems import Problem, not_found
from callsheet.sandbox.resource import DICTIONARY
from callsheet.sandbox.session import Row, Session

Json = dict[str, Any]
_CREATE = {"11labs": {"name", "description", "rules", "workspaceAccess"}, "cartesia": {"name", "items"}}
_UPDATE = {"11labs": {"rules"}, "cartesia": {"items"}}
_LIST = {"11labs": "rules", "cartesia": "items"}


def create(call: Call, provider: str) -> Response:
    body = call.json()
    _check(body, provider, _CREATE[provider], required=("name", _LIST[provider]))
    with call.store.writing() as session:
        id_, at = call.author.new_id(), session.stamp(call.org, call.author.now)
        made = _eleven_labs(call, body, at) if provider == "11labs" else _cartesia(call, body, at)
        resource_id = made["pronunciationDictionaryId" if provider == "11labs" else "id"]
        wrapped = {
            "id": id_,
            "orgId": call.org,
            "provider": provider,
            "resourceName": "pronunciation-dictionary",
            "resourceId": resource_id,
            "resource": made,
            "createdAt": iso(at),
            "updatedAt": iso(at),
        }
        row = Row(
            call.org,
            DICTIONARY.kind,
            id_,
            at,
            at,
            orjson.dumps(wrapped),
            body["name"],
            provider,
            _rules(body),
        )
        session.insert(row)
    return answer(row.body, 201)


def _rules(body: Json) -> str:
    """What ElevenLabs says of a dictionary holds no rules, so only their fingerprint is kept."""
    return orjson.dumps({"rules": fingerprint(body["rules"])} if "rules" in body else {}).decode()


def _eleven_labs(call: Call, body: Json, at: int) -> Json:
    out = {
        "pronunciationDictionaryId": call.author.new_id().replace("-", "")[:20],
        "dictionaryName": body["name"],
        "createdBy": "sandbox",
        "creationTimeUnix": at // 1000,
        "versionId": call.author.new_id().replace("-", "")[:20],
        "versionRulesNum": len(body["rules"]),
    }
    return out | {key: body[key] for key in ("description",) if key in body}


def _cartesia(call: Call, body: Json, at: int) -> Json:
    return {
        "id": f"pdict_{call.author.new_id().replace('-', '')[:16]}",
        "name": body["name"],
        "ownerId": "sandbox",
        "pinned": False,
        "items": body["items"],
        "createdAt": iso(at),
    }


def read(call: Call, provider: str, id_: str) -> Response:
    with call.store.reading() as session:
        return answer(_require(session, call, provider, id_).body)


def update(call: Call, provider: str, id_: str) -> Response:
    body = call.json()
    _check(body, provider, _UPDATE[provider], required=(_LIST[provider],))
    with call.store.writing() as session:
        row = _require(session, call, provider, id_)
        old = orjson.loads(row.body)
        hidden = _rules(body)
        made = old["resource"] | {key: value for key, value in body.items() if key != "rules"}
        if made == old["resource"] and hidden == row.hidden:
            return answer(row.body)
        if provider == "11labs":
            made["versionId"] = call.author.new_id().replace("-", "")[:20]
            made["versionRulesNum"] = len(body["rules"])
        at = session.stamp(call.org, call.author.now)
        new = old | {"resource": made, "updatedAt": iso(at)}
        row = Row(row.org, row.kind, row.id, row.created, at, orjson.dumps(new), row.name, row.parent, hidden)
        session.update(row)
    return answer(row.body)


def delete(call: Call, provider: str, id_: str) -> Response:
    with call.store.writing() as session:
        row = _require(session, call, provider, id_)
        session.delete(row)
    return answer(row.body)


def _check(body: Json, provider: str, known: set[str], required: tuple[str, ...]) -> None:
    errors = [f"property {key} should not exist" for key in body if key not in known]
    for key in required:
        if key == "name":
            if not isinstance(body.get("name"), str) or not body["name"]:
                errors.append("name must be a string")
        elif not isinstance(body.get(key), list):
            errors.append(f"{key} must be an array")
        else:
            mark = "stringToReplace" if provider == "11labs" else "text"
            errors += [
                f"{key}.{index}.{mark} must be a string"
                for index, entry in enumerate(body[key])
                if not isinstance(entry, dict) or not isinstance(entry.get(mark), str)
            ]
    if errors:
        raise Problem(400, errors)


def _require(session: Session, call: Call, provider: str, id_: str) -> Row:
    row = session.get(call.org, DICTIONARY.kind, id_)
    if row is None or row.parent != provider:
        raise not_found(DICTIONARY.label, id_)
    return row

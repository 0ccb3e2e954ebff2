"""What Vapi does to a body beside storing it: `data/vapi-quirks.json`, and the few rules that need code."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from callsheet.model.paths import drop, find
from callsheet.sandbox.shapes import Node, create_shape, quirks, shape

Json = dict[str, Any]


def drop_silently(kind: str, body: Json) -> Json:
    """The body without what Vapi takes and forgets, before it is checked."""
    for rule in quirks()["silentlyDropped"]:
        if rule["kind"] != kind:
            continue
        for path, value in reversed(list(find(body, tuple(rule["at"])))):
            if (
                rule["when"] == "always"
                or (rule["when"] == "null" and value is None)
                or (rule["when"] == "unknown-on" and not _known_hook(kind, value))
            ):
                body = drop(body, path)
    return body


def _known_hook(kind: str, hook: Any) -> bool:
    return isinstance(hook, dict) and hook.get("on") in set(
        _hook_events(create_shape(kind).properties["hooks"])
    )


def _hook_events(hooks: Node) -> Iterator[str]:
    assert hooks.items is not None
    for option in hooks.items.any_of:
        assert option.ref is not None
        event = shape(option.ref).properties["on"]
        yield from event.enum or ()


def rewrite(kind: str, body: Json) -> Json:
    """The body as Vapi stores it."""
    if kind == "assistant":
        return _assistant(body)
    return body


def _assistant(body: Json) -> Json:
    model, voice = body.get("model"), body.get("voice")
    if isinstance(model, dict) and model.get("toolRefs") and model.get("toolIds"):
        # Facts §2: an entry of toolIds is dropped when the same id is in toolRefs.
        pinned = {entry.get("toolId") for entry in model["toolRefs"]}
        kept = [id_ for id_ in model["toolIds"] if id_ not in pinned]
        body = body | {"model": model | {"toolIds": kept}}
    if isinstance(voice, dict) and any(
        voice.get(key) for key in ("pronunciationDictId", "pronunciationDictionaryLocators")
    ):
        # Facts §2: SSML parsing is switched on where a dictionary is attached.
        body = body | {"voice": voice | {"enableSsmlParsing": True}}
    return body


def uuid_paths(kind: str, body: Json) -> Iterator[tuple[str, Any]]:
    """Values that must be UUIDs although their shape does not say so, with where they stand."""
    for rule in quirks()["uuids"]:
        if rule["kind"] == kind:
            for path, value in find(body, tuple(rule["at"])):
                yield ".".join(map(str, path[:-1])), value


def conceal(kind: str, body: Json) -> tuple[Json, dict[str, str]]:
    """The body without what is never returned, and a digest of each such value by its path."""
    secrets: dict[str, Any] = {}
    for rule in quirks()["notEchoed"]:
        if rule["kind"] == kind:
            secrets |= {".".join(map(str, path)): value for path, value in find(body, tuple(rule["at"]))}
            for path, _ in list(find(body, tuple(rule["at"]))):
                body = drop(body, path)
    if kind == "credential":
        body = _without_keys(body, (), secrets)
    elif kind == "assistant" and isinstance(body.get("credentials"), list):
        body = body | {"credentials": _without_keys(body["credentials"], ("credentials",), secrets)}
    return body, {path: _digest(value) for path, value in secrets.items()}


def indicators(kind: str, hidden: Mapping[str, str]) -> Json:
    """Fields that tell that something is set which is never returned."""
    return {
        rule["field"]: True
        for rule in quirks()["secretIndicators"]
        if rule["kind"] == kind and rule["path"] in hidden
    }


def _without_keys(value: Any, path: tuple[str, ...], secrets: dict[str, Any]) -> Any:
    fields = quirks()["credentialSecrets"]["fields"]
    if isinstance(value, dict):
        out = {}
        for key, item in value.items():
            if key in fields:
                secrets[".".join((*path, key))] = item
            else:
                out[key] = _without_keys(item, (*path, key), secrets)
        return out
    if isinstance(value, list):
        return [_without_keys(item, (*path, str(index)), secrets) for index, item in enumerate(value)]
    return value


def _digest(value: Any) -> str:
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()


def keep_hidden(old: Mapping[str, str], fresh: Mapping[str, str], touched: frozenset[str]) -> dict[str, str]:
    """The digests after an update: those beneath a touched top-level property are replaced."""
    return {path: value for path, value in old.items() if path.split(".")[0] not in touched} | dict(fresh)


def is_null_echoed(kind: str, key: str, node: Node) -> bool:
    return node.nullable or key in quirks()["nullEchoed"].get(kind, ())

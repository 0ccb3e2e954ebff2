"""All that is live, in what can be written of it, whatever ids and times it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from support.world import World

KINDS = {
    "assistant": "/assistant",
    "tool": "/tool",
    "squad": "/squad",
    "file": "/file",
    "knowledge-base": "/v2/knowledge-base",
}
# What the server makes by itself; files are told by their content, which is asked for.
_SERVERS = {
    "id",
    "orgId",
    "createdAt",
    "updatedAt",
    "latestVersion",
    "isServerUrlSecretSet",
    "toolId",
    "files",
}
_OF_FILES = {"name", "purpose", "bytes", "originalName"}


def everything(world: World) -> dict[str, Any]:
    """Objects by kind and name; ids of others are written as kind and name of what has them."""
    found = [(kind, each) for kind, path in KINDS.items() for each in world.api("GET", path)]
    names = {each["id"]: f"{kind}:{_name(each)}" for kind, each in found}
    names |= {each["toolId"]: f"search:{_name(each)}" for _, each in found if "toolId" in each}
    out = {}
    for kind, each in found:
        keys = each.keys() & _OF_FILES if kind == "file" else each.keys() - _SERVERS
        body = {key: _plain(each[key], names) for key in sorted(keys) if each[key] is not None}
        metadata = {
            key: value for key, value in (body.pop("metadata", None) or {}).items() if key != "callsheet"
        }
        out[names[each["id"]]] = body | ({"metadata": metadata} if metadata else {})
    assert len(out) == len(found), "names tell them apart"
    return out


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What is not the same, as (before, after) by object and key."""
    out: dict[str, Any] = {}
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        if one is None or other is None:
            out[name] = ("there" if one else "not there", "there" if other else "not there")
        elif one != other:
            keys = sorted(one.keys() | other.keys())
            out[name] = {
                key: (one.get(key), other.get(key)) for key in keys if one.get(key) != other.get(key)
            }
    return out


def _name(each: Mapping[str, Any]) -> str:
    return str(each.get("name") or each.get("function", {}).get("name"))


def _plain(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        # A cleared value reads back as null where there was none before; the two are one (decision 5).
        return {key: _plain(item, names) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_plain(item, names) for item in value]
    return names.get(value, value) if isinstance(value, str) else value

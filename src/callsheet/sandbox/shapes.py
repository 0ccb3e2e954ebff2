"""Shapes: what a request may hold, read from the dated data beside this package.

`data/vapi-shapes.json` is made from Vapi's OpenAPI document by `tests/unit/sandbox/shapes_from_openapi.py`
and names its source and date; `data/vapi-quirks.json` holds what the document does not say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import orjson

_TYPES = frozenset({"string", "number", "boolean", "object", "array"})


@dataclass(frozen=True, slots=True)
class Node:
    """One value's rule. `ref` names a closed shape; `any_of` is a choice; else `type` and bounds."""

    type: str = "object"
    ref: str | None = None
    any_of: tuple[Node, ...] = ()
    items: Node | None = None
    enum: tuple[Any, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: re.Pattern[str] | None = None
    uuid: bool = False
    nullable: bool = False
    default: Any = None


@dataclass(frozen=True, slots=True)
class Shape:
    """A closed object: its properties, and which of them must be there. An open one holds anything."""

    name: str
    properties: Mapping[str, Node]
    required: tuple[str, ...] = ()
    open: bool = False

    @property
    def defaults(self) -> Mapping[str, Any]:
        return {key: node.default for key, node in self.properties.items() if node.default is not None}


@cache
def _data() -> dict[str, Any]:
    loaded: dict[str, Any] = orjson.loads(_read("vapi-shapes.json"))
    return loaded


@cache
def quirks() -> dict[str, Any]:
    """What Vapi is known to do beside its document: see the file for each entry's source."""
    loaded: dict[str, Any] = orjson.loads(_read("vapi-quirks.json"))
    return loaded


def _read(name: str) -> bytes:
    return (resources.files("callsheet.sandbox") / "data" / name).read_bytes()


def variants(kind: str) -> tuple[str, ...]:
    """The values of the kind's discriminator; `("",)` where it has none."""
    return tuple(_data()["kinds"][kind])


@cache
def create_shape(kind: str, variant: str = "") -> Shape:
    """What a POST of the kind may hold."""
    return shape(_data()["kinds"][kind][variant]["create"])


@cache
def update_shape(kind: str, variant: str = "") -> Shape:
    """What a PATCH of the kind may hold."""
    entry = _data()["kinds"][kind][variant]
    base = shape(entry["create"])
    lacks = entry.get("updateLacks", ())
    properties = {key: node for key, node in base.properties.items() if key not in lacks}
    properties |= {key: _node(raw) for key, raw in entry.get("updateAdds", {}).items()}
    return Shape(base.name.replace("Create", "Update"), properties, tuple(entry.get("updateRequires", ())))


@cache
def shape(name: str) -> Shape:
    """The shape of that name, with the properties that the document leaves out (`extras`)."""
    raw = _data()["shapes"][name]
    properties = {key: _node(value) for key, value in raw.get("properties", {}).items()}
    properties |= {key: _node(value) for key, value in quirks()["extras"]["shapes"].get(name, {}).items()}
    return Shape(name, properties, tuple(raw.get("required", ())), bool(raw.get("open")))


def _node(raw: Any) -> Node:
    if isinstance(raw, str):
        return Node(ref=raw[1:]) if raw.startswith("@") else Node(type=_known(raw))
    enum = raw.get("enum")
    if isinstance(enum, str):
        enum = _data()["enums"][enum]
    pattern = raw.get("pattern")
    return Node(
        type=_known(raw.get("type", "object")),
        ref=raw["ref"][1:] if "ref" in raw else None,
        any_of=tuple(_node(option) for option in raw.get("any", ())),
        items=_node(raw["items"]) if "items" in raw else None,
        enum=tuple(enum) if enum is not None else None,
        minimum=raw.get("minimum"),
        maximum=raw.get("maximum"),
        min_length=raw.get("minLength"),
        max_length=raw.get("maxLength"),
        pattern=_pattern(pattern) if pattern else None,
        uuid=raw.get("format") == "uuid",
        nullable=bool(raw.get("nullable")),
        default=raw.get("default"),
    )


def _known(name: str) -> str:
    if name not in _TYPES:
        raise ValueError(f"vapi-shapes.json holds the unknown type {name!r}")
    return name


def _pattern(text: str) -> re.Pattern[str]:
    # The document writes JavaScript literals: /…/ with flags; \p{L} is a letter.
    body = re.sub(r"^/|/[a-z]*$", "", text).replace(r"\/", "/")
    return re.compile(body.replace(r"[\p{L}\d]", r"[^\W_]").replace(r"\p{L}", r"[^\W\d_]"))

"""Values: JSON, plus the few symbols that stand for what is not known or not shown yet.

A *payload* is a tree of dicts, lists and scalars in the provider's own shape. Where desired state
cannot hold the final value, it holds a symbol:

========== ==========================================  =======================================
symbol     stands for                                   JSON form
========== ==========================================  =======================================
Ref        an attribute (the id) of another resource    {"$ref": "Tool/jira", "id": "…"}
External   the id of an object Callsheet does not own   {"$external": "Credential/x", "id": "…"}
Secret     a value that only apply may know             {"$secret": "secrets://env/X"}
Text       a string with secrets inside                 {"$text": ["Bearer ", {"$secret": …}]}
Content    the bytes of a file to upload                {"$content": "sha256:…", "name", "size"}
Digest     a secret that was sent or seen, by digest    {"$digest": "…"}
========== ==========================================  =======================================
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Step: TypeAlias = str | int
Path: TypeAlias = tuple[Step, ...]
# A tree of dict, list, str, int, float, bool, None and the symbols below.
Value: TypeAlias = Any
Payload: TypeAlias = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Ref:
    """An attribute of a managed resource. `id` is filled once the remote object is known."""

    address: str
    attribute: str = "id"
    id: str | None = None

    def to_json(self) -> dict[str, str]:
        out = {"$ref": self.address}
        if self.attribute != "id":
            out["attribute"] = self.attribute
        if self.id is not None:
            out["id"] = self.id
        return out


@dataclass(frozen=True, slots=True)
class External:
    """The id of a remote object that is looked up by kind and name and never written."""

    kind: str
    name: str
    id: str | None = None

    def to_json(self) -> dict[str, str]:
        out = {"$external": f"{self.kind}/{self.name}"}
        if self.id is not None:
            out["id"] = self.id
        return out


@dataclass(frozen=True, slots=True)
class Secret:
    """A `secrets://RESOLVER/…` reference. The value never travels in this type."""

    uri: str

    def to_json(self) -> dict[str, str]:
        return {"$secret": self.uri}


@dataclass(frozen=True, slots=True)
class Text:
    """A string that has at least one secret inside; the parts concatenate to the final string."""

    parts: tuple[str | Secret, ...]

    def to_json(self) -> dict[str, Any]:
        return {"$text": [part if isinstance(part, str) else part.to_json() for part in self.parts]}


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes to upload, by content address. `size` is in bytes; `name` is the file's base name."""

    sha256: str
    name: str
    size: int

    def to_json(self) -> dict[str, Any]:
        return {"$content": f"sha256:{self.sha256}", "name": self.name, "size": self.size}


@dataclass(frozen=True, slots=True)
class Digest:
    """A keyed digest in the place of a secret value (state, plans and comparisons)."""

    digest: str

    def to_json(self) -> dict[str, str]:
        return {"$digest": self.digest}


Symbol: TypeAlias = Ref | External | Secret | Text | Content | Digest
SYMBOLS = (Ref, External, Secret, Text, Content, Digest)
_MARKERS = {"$ref", "$external", "$secret", "$text", "$content", "$digest"}


def from_json(value: Value) -> Value:
    """Bring the symbols of a JSON tree back (the inverse of canonical encoding)."""
    if isinstance(value, dict):
        if len(value) <= 3 and not _MARKERS.isdisjoint(value):
            return _symbol(value)
        return {key: from_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [from_json(item) for item in value]
    return value


def _symbol(value: Mapping[str, Any]) -> Symbol:
    if "$ref" in value:
        return Ref(value["$ref"], value.get("attribute", "id"), value.get("id"))
    if "$external" in value:
        kind, _, name = value["$external"].partition("/")
        return External(kind, name, value.get("id"))
    if "$secret" in value:
        return Secret(value["$secret"])
    if "$text" in value:
        return Text(
            tuple(part if isinstance(part, str) else Secret(part["$secret"]) for part in value["$text"])
        )
    if "$content" in value:
        return Content(value["$content"].removeprefix("sha256:"), value["name"], value["size"])
    return Digest(value["$digest"])


def has_marker(value: Value) -> str | None:
    """The first key that looks like a symbol's JSON form; such keys may not come from files or wire."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key in _MARKERS:
                return str(key)
            if found := has_marker(item):
                return found
    elif isinstance(value, list):
        for item in value:
            if found := has_marker(item):
                return found
    return None


def transform(value: Value, leaf: Callable[[Value], Value]) -> Value:
    """A copy of the tree with `leaf` applied to everything that is neither dict nor list."""
    if isinstance(value, dict):
        return {key: transform(item, leaf) for key, item in value.items()}
    if isinstance(value, list):
        return [transform(item, leaf) for item in value]
    return leaf(value)


def symbols(value: Value, path: Path = ()) -> Iterator[tuple[Path, Symbol]]:
    """Every symbol in the tree with its path."""
    if isinstance(value, SYMBOLS):
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from symbols(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from symbols(item, (*path, index))

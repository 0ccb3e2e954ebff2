"""Values: JSON, plus the few symbols that stand for what is not known or not shown yet.

A *payload* is a tree of dicts, lists and scalars in the provider's own shape. Where desired state
cannot hold the final value, it holds a symbol:

========== ==========================================  =======================================
symbol     stands for                                   JSON form
========== ==========================================  =======================================
Ref        an attribute (the id) of another resource    {"$ref": "Tool/jira", "id": "…"}
After      the same, once an earlier step has made it   {"$after": "Tool/jira"}
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

from callsheet.model.address import ADDRESS

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
class After:
    """An attribute of a resource that this plan makes first; shown in a plan, never kept in state."""

    address: str
    attribute: str = "id"

    def to_json(self) -> dict[str, str]:
        out = {"$after": self.address}
        if self.attribute != "id":
            out["attribute"] = self.attribute
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
    """A `secrets://RESOLVER/…` reference. The value never travels in this type, its keyed digest may."""

    uri: str
    digest: str | None = None

    def to_json(self) -> dict[str, str]:
        out = {"$secret": self.uri}
        if self.digest is not None:
            out["digest"] = self.digest
        return out


@dataclass(frozen=True, slots=True)
class Text:
    """A string that has at least one secret inside; the parts concatenate to the final string."""

    parts: tuple[str | Secret, ...]
    digest: str | None = None

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {
            "$text": [part if isinstance(part, str) else part.to_json() for part in self.parts]
        }
        if self.digest is not None:
            out["digest"] = self.digest
        return out


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


Symbol: TypeAlias = Ref | After | External | Secret | Text | Content | Digest
SYMBOLS = (Ref, After, External, Secret, Text, Content, Digest)


def from_json(value: Value) -> Value:
    """Bring the symbols of a JSON tree back (the inverse of canonical encoding)."""
    if isinstance(value, dict):
        return _symbol(value) if marker(value) else {key: from_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [from_json(item) for item in value]
    return value


def marker(value: Mapping[str, Any]) -> str | None:
    """The marker key of a mapping that is exactly the JSON form of a symbol, else None.

    Exactly, because `$ref` has a meaning of its own in JSON Schemas: `{"$ref": "#/$defs/Item"}` holds
    no address and is therefore data.
    """
    if not 0 < len(value) <= 3:
        return None
    found = next((key for key in value if key in _FORMS), None)
    return found if found is not None and _FORMS[found](value) else None


def _is_ref(value: Mapping[str, Any]) -> bool:
    return (
        value.keys() <= {"$ref", "attribute", "id"}
        and all(isinstance(item, str) for item in value.values())
        and ADDRESS.fullmatch(value["$ref"]) is not None
    )


def _is_after(value: Mapping[str, Any]) -> bool:
    return (
        value.keys() <= {"$after", "attribute"}
        and all(isinstance(item, str) for item in value.values())
        and ADDRESS.fullmatch(value["$after"]) is not None
    )


def _is_external(value: Mapping[str, Any]) -> bool:
    named = value.keys() <= {"$external", "id"} and all(isinstance(item, str) for item in value.values())
    return named and "/" in value["$external"]


def _is_secret(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and {"$secret"} <= value.keys() <= {"$secret", "digest"}
        and all(isinstance(item, str) for item in value.values())
    )


def _is_text(value: Mapping[str, Any]) -> bool:
    parts = value["$text"]
    return (
        value.keys() <= {"$text", "digest"}
        and isinstance(value.get("digest", ""), str)
        and isinstance(parts, list)
        and all(isinstance(part, str) or _is_secret(part) for part in parts)
    )


def _is_content(value: Mapping[str, Any]) -> bool:
    return (
        value.keys() == {"$content", "name", "size"}
        and isinstance(value["$content"], str)
        and value["$content"].startswith("sha256:")
        and isinstance(value["name"], str)
        and isinstance(value["size"], int)
    )


def _is_digest(value: Mapping[str, Any]) -> bool:
    return len(value) == 1 and isinstance(value["$digest"], str)


_FORMS: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "$ref": _is_ref,
    "$after": _is_after,
    "$external": _is_external,
    "$secret": _is_secret,
    "$text": _is_text,
    "$content": _is_content,
    "$digest": _is_digest,
}


def _symbol(value: Mapping[str, Any]) -> Symbol:
    if "$ref" in value:
        return Ref(value["$ref"], value.get("attribute", "id"), value.get("id"))
    if "$after" in value:
        return After(value["$after"], value.get("attribute", "id"))
    if "$external" in value:
        kind, _, name = value["$external"].partition("/")
        return External(kind, name, value.get("id"))
    if "$secret" in value:
        return Secret(value["$secret"], value.get("digest"))
    if "$text" in value:
        parts = value["$text"]
        return Text(
            tuple(part if isinstance(part, str) else from_json(part) for part in parts), value.get("digest")
        )
    if "$content" in value:
        return Content(value["$content"].removeprefix("sha256:"), value["name"], value["size"])
    return Digest(value["$digest"])


def has_marker(value: Value) -> str | None:
    """The first marker whose mapping would be read as a symbol; such may not come from files or wire."""
    if isinstance(value, dict):
        if found := marker(value):
            return found
        for item in value.values():
            if isinstance(item, dict | list) and (found := has_marker(item)):
                return found
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, dict | list) and (found := has_marker(item)):
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

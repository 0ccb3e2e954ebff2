"""Values for show: symbols become words, secrets become nothing but the word. The one place that redacts."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TypeAlias

from callsheet.model.paths import ABSENT
from callsheet.model.value import (
    After,
    Content,
    Digest,
    External,
    Ref,
    Secret,
    Text,
    Value,
    from_json,
    symbols,
)
from callsheet.reports.counting import counted

HIDDEN = "(secret)"
_TELLING = re.compile(r"(?i)(secret|token|passw|passphrase|authorization|api[-_]?key|credential$)")


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands where no plain value does. `sort`: secret, reference, after, external or file."""

    sort: str
    text: str


# A tree of dict, list, scalars and marks, or ABSENT.
Shown: TypeAlias = Value


def redacted(value: Value, sensitive: bool = False) -> Shown:
    """The value with every symbol as a mark. A sensitive value without symbols is hidden altogether."""
    return _walk(withheld(from_json(value), sensitive))


def withheld(value: Value, sensitive: bool) -> Value:
    """The value with symbols as they are, and an empty digest for all else that is nobody's to see."""
    if not sensitive or value is None or value is ABSENT:
        return value
    if not any(isinstance(symbol, Secret | Text | Digest) for _, symbol in symbols(value)):
        return Digest("")
    return _withheld(value)


def _withheld(value: Value) -> Value:
    if isinstance(value, dict):
        return {
            key: Digest("") if isinstance(item, str) and _TELLING.search(key) else _withheld(item)
            for key, item in value.items()
        }
    return [_withheld(item) for item in value] if isinstance(value, list) else value


def _walk(value: Value) -> Shown:
    if isinstance(value, dict):
        return {key: _walk(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_walk(item) for item in value]
    return _mark(value)


def _mark(value: Value) -> Shown:
    match value:
        case Secret(uri):
            return Mark("secret", _secret(uri))
        case Digest():
            return Mark("secret", HIDDEN)
        case Text(parts):
            return Mark(
                "secret", "".join(part if isinstance(part, str) else _secret(part.uri) for part in parts)
            )
        case Ref(address, attribute):
            return Mark("reference", f"→ {address}{_attribute(attribute)}")
        case After(address, attribute):
            return Mark("after", f"→ {address}{_attribute(attribute)} (known after apply)")
        case External(kind, name):
            return Mark("external", f"→ {kind}/{name} (external)")
        case Content(sha256, name, size):
            return Mark("file", f"file {name} ({counted(size, 'byte')}, sha256:{sha256[:12]}…)")
        case _:
            return value


def _secret(uri: str) -> str:
    return f"(secret {uri})"


def _attribute(name: str) -> str:
    return "" if name == "id" else f".{name}"


def is_text(value: Shown) -> bool:
    """Whether a value is to be read as lines (a prompt) rather than as a value."""
    return isinstance(value, str) and "\n" in value.strip("\n")


def inline(value: Shown) -> str:
    """The value in one line, close to JSON; strings are quoted, marks are not."""
    if value is ABSENT:
        return "(not set)"
    if isinstance(value, Mark):
        return value.text
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)}: {inline(item)}" for key, item in ordered(value)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(inline(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False, allow_nan=True)


def block(value: Shown) -> list[str]:
    """A composite value as indented lines in the manner of YAML."""
    if isinstance(value, dict) and value:
        out: list[str] = []
        for key, item in ordered(value):
            out += _entry(f"{_key(key)}:", item)
        return out
    if isinstance(value, list) and value:
        out = []
        for item in value:
            inner = block(item)
            out += [f"- {inner[0]}", *(f"  {each}" for each in inner[1:])]
        return out
    if is_text(value):
        return ["|", *(f"  {each}" for each in value.removesuffix("\n").split("\n"))]
    return [inline(value)]


def ordered(value: dict[str, Shown]) -> list[tuple[str, Shown]]:
    """The entries in an order of their own, short ones first, so that a plan reads alike from wherever."""

    def order(pair: tuple[str, Shown]) -> tuple[bool, str]:
        key, item = pair
        return (isinstance(item, dict | list) and bool(item)) or is_text(item), key

    return sorted(value.items(), key=order)


def _entry(key: str, item: Shown) -> list[str]:
    inner = block(item)
    if len(inner) == 1 and not (isinstance(item, dict | list) and item):
        return [f"{key} {inner[0]}"]
    if is_text(item):
        return [f"{key} |", *inner[1:]]
    return [key, *(f"  {each}" for each in inner)]


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z_$][\w$.-]*", key) else json.dumps(key, ensure_ascii=False)

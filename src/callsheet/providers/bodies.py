"""Answer bodies, decoded strictly and described when they are not what they should be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import orjson

# A string, perhaps cut off; one with a colon after it is a key.
_STRING = re.compile(r'"(?:[^"\\]|\\.)*(?:"(?P<key>\s*:)?|\\?$)', re.DOTALL)

PAGE = "HTML or XML instead of JSON"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a body is not the JSON that it should be."""

    why: str


def decode(data: bytes, content_type: str) -> Any | Unreadable:
    """The JSON value, or in which way there is none.

    Returned, not raised: the decoder's own exception holds the whole body.
    """
    if not data.strip():
        return Unreadable("an empty body instead of JSON")
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as cause:
        return Unreadable(_why(data, content_type, cause))


def _why(data: bytes, content_type: str, cause: orjson.JSONDecodeError) -> str:
    if "html" in content_type.lower() or is_page(data):
        return PAGE
    start = data.lstrip()[:1]
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as broken:
        return f"a body that is not UTF-8 (byte {broken.start})"
    if start in (b"{", b"[", b'"') and cause.pos >= len(data.rstrip()) - 1:
        return f"JSON that ends too early (after {len(data)} bytes)"
    if start in (b"{", b"["):
        return f"broken JSON (line {cause.lineno}, column {cause.colno})"
    return "something that is no JSON"


def is_page(data: bytes) -> bool:
    """Whether it is HTML or XML by its looks. The type alone says little: it is many servers' default."""
    return data.lstrip()[:1] == b"<"


def text_of(data: bytes) -> str:
    """The body as text for messages, whatever it is."""
    return data.decode("utf-8", "backslashreplace")


def outline(data: bytes) -> str:
    """The body as text; JSON without its values, which may be secrets that nobody here knows of."""
    text = text_of(data)
    return _STRING.sub(_without_value, text) if text.lstrip()[:1] in ("{", "[", '"') else text


def _without_value(found: re.Match[str]) -> str:
    return found[0] if found["key"] else '"…"'


def type_name(value: type) -> str:
    return _NAMES.get(value, value.__name__)


_NAMES = {
    dict: "an object",
    list: "a list",
    str: "a string",
    int: "a number",
    float: "a number",
    bool: "a boolean",
    type(None): "null",
}

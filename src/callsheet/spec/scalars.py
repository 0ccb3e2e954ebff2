"""Plain scalars by YAML 1.2's core schema, minus what would maim a phone number.

Two deviations, both towards text: an integer with a leading plus (`+15551234567`) and one with a
leading zero (`0123`) are strings. Timestamps, `no`, `on`, `1:30` and `1_000` are strings in the core
schema already.
"""

from __future__ import annotations

import math
import re

from callsheet.model.value import Value
from callsheet.spec.limits import INTEGERS

_WORDS: dict[str, Value] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True,
    "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_FIRST = frozenset("-+.0123456789~nNtTfF")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)")
_TEXTUAL = re.compile(r"\+[0-9]+|-?0[0-9]+")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_PREFIX = "tag:yaml.org,2002:"


class ScalarError(ValueError):
    """A scalar that has no place in a document; the message says why, `hint` what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def plain(text: str) -> Value:
    """The value of an unquoted scalar."""
    if text and text[0] not in _FIRST:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _DECIMAL.fullmatch(text):
        # Beyond 20 digits nothing fits, and int() itself refuses thousands of them.
        return _bounded(int(text) if len(text) <= 21 else INTEGERS.stop, text)
    if _TEXTUAL.fullmatch(text):
        return text
    if _BASED.fullmatch(text):
        return _bounded(int(text, 0) if len(text) <= 64 else INTEGERS.stop, text)
    if _FLOAT.fullmatch(text):
        number = float(text)
        if math.isinf(number):
            raise ScalarError(f"{_short(text)} is too large for a number", "Put it in quotes if it is text.")
        return number
    if _NOT_FINITE.fullmatch(text):
        raise ScalarError(
            f"{text} is no number that JSON can carry", "Put it in quotes if it is text, else leave it out."
        )
    return text


def tagged(tag: str, text: str) -> Value:
    """The value of a scalar with an explicit core tag; ScalarError where tag or text do not fit."""
    name = tag.removeprefix(_PREFIX) if tag.startswith(_PREFIX) else ""
    if name == "str":
        return text
    if name not in ("null", "bool", "int", "float"):
        raise bad_tag(tag)
    value = plain(text)
    if name == "null" and value is None:
        return None
    if name == "bool" and isinstance(value, bool):
        return value
    if name == "int" and _TEXTUAL.fullmatch(text) and len(text) <= 21:
        return _bounded(int(text), text)
    if name == "int" and isinstance(value, int) and not isinstance(value, bool):
        return value
    if name == "float" and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    raise ScalarError(f"{_short(text)!r} is no {name}", f"Take the tag !!{name} away, or correct the value.")


def bad_tag(tag: str) -> ScalarError:
    shown = "!!" + tag.removeprefix(_PREFIX) if tag.startswith(_PREFIX) else tag
    return ScalarError(
        f"the tag {_short(shown)} is not one of YAML's core schema",
        "Write plain values; only !!str, !!int, !!float, !!bool, !!null, !!map and !!seq are known.",
    )


def _bounded(number: int, text: str) -> int:
    if number not in INTEGERS:
        raise ScalarError(
            f"the integer {_short(text)} does not fit into 64 bits",
            "Put it in quotes: identifiers and account numbers are text.",
        )
    return number


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "…"

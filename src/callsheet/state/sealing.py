"""Sealed documents: JSON lines between a header that names the format and a trailer that counts and seals.

What was cut off, edited or put together from two is told from what is whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import orjson

from callsheet.model.canonical import canonical


class Broken(Exception):
    """What is read is not what was written; the message says how, for `the …`."""


class OtherFormat(Broken):
    """It was written by another version, or is something else altogether."""


def seal(header: dict[str, Any], lines: Iterable[dict[str, Any]]) -> bytes:
    """The document of a header (with `format`) and its lines."""
    written = [canonical(each) for each in (header, *lines)]
    body = b"\n".join(written)
    trailer = {"count": len(written) - 1, "sha256": hashlib.sha256(body).hexdigest()}
    return body + b"\n" + canonical(trailer) + b"\n"


def unseal(data: bytes, *formats: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Header and lines of a document in one of these formats. OtherFormat; Broken where it is not whole."""
    lines = data.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    if len(lines) < 2:
        raise Broken("it is empty or cut off")
    header = parsed(lines[0], "its header")
    if header.get("format") not in formats:
        raise OtherFormat(
            f"its format is {header.get('format')!r}, and this version reads {' and '.join(formats)}"
        )
    trailer = parsed(lines[-1], "its trailer")
    body = b"\n".join(lines[:-1])
    fits = trailer.get("sha256") == hashlib.sha256(body).hexdigest()
    if not fits or trailer.get("count") != len(lines) - 2:
        raise Broken("its seal does not fit: it is cut off or was edited")
    return header, [parsed(line, f"line {number}") for number, line in enumerate(lines[1:-1], 2)]


def seal_line(value: dict[str, Any]) -> bytes:
    """One line of a log, with a seal of its own."""
    body = canonical(value)
    return hashlib.sha256(body).hexdigest()[:16].encode() + b" " + body


def unseal_line(line: bytes, what: str) -> dict[str, Any]:
    """A line of a log. Broken says that `what` is damaged."""
    mark, _, body = line.partition(b" ")
    if hashlib.sha256(body).hexdigest()[:16].encode() != mark:
        raise Broken(f"{what} is damaged")
    return parsed(body, what)


def parsed(data: bytes, what: str) -> dict[str, Any]:
    """A JSON object. Broken for anything else."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise Broken(f"{what} is not readable")
    return value

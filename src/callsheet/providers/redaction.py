"""Redaction: what a provider says back may repeat what it was sent, and what it was sent has secrets."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from callsheet.model.forms import encoded, quoted

HIDDEN = "[redacted]"
# A shorter secret would black out half of every message. One that was cut short is hidden from this many
# characters on, or from this part of it on where it is long: `https://` alone gives nothing away.
_WHOLE, _PART, _SHARE = 4, 8, 3
_TELLING = re.compile(r"(?i)(secret|token|password|passphrase|authorization|api[-_]?key|webhookurl)")


class Redactor:
    """Knows secret strings and takes them out of texts. Shared by threads; never shows what it knows."""

    def __init__(self, source: Callable[[], Iterable[str]] = tuple) -> None:
        """`source` gives further secrets, asked whenever a text is scrubbed."""
        self._source = source
        self._told: set[str] = set()
        self._known: frozenset[str] = frozenset()
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Redactor({len(self._known)} secrets)"

    def hide(self, values: Iterable[str]) -> None:
        """Take out these values from now on, also where they are quoted, encoded or cut short."""
        fresh = set(values) - self._told
        if not fresh:
            return
        new: set[str] = set()
        for value in fresh:
            for form in (value, value.strip(), value.removeprefix("Bearer ").strip()):
                if len(form) >= _WHOLE:
                    new |= quoted(form) | encoded(form)
        with self._lock:
            self._told |= fresh
            self._known |= new

    def scrub(self, text: str) -> str:
        """The text without any known secret, whole or from its beginning on."""
        self.hide(self._source())
        for value in sorted(self._known, key=len, reverse=True):
            text = text.replace(value, HIDDEN)
        for value in self._known:
            if len(value) > _PART:
                text = _without_beginning(text, value, max(_PART, len(value) // _SHARE))
        return text


def _without_beginning(text: str, value: str, least: int) -> str:
    head = value[:least]
    at = text.find(head)
    while at >= 0:
        end = at + least
        while end < len(text) and end - at < len(value) and text[end] == value[end - at]:
            end += 1
        text = text[:at] + HIDDEN + text[end:]
        at = text.find(head, at + len(HIDDEN))
    return text


def telling(value: Any, name: str = "") -> Iterable[str]:
    """Strings of a body whose key says that they are secret (`token`, `password`, …)."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from telling(item, key if isinstance(item, str) or _TELLING.search(key) else "")
    elif isinstance(value, list):
        for item in value:
            yield from telling(item, name)
    elif isinstance(value, str) and name and _TELLING.search(name):
        yield value


def visible(text: str) -> str:
    """The text on one line; control and format characters are written out, so that they do nothing."""
    out = []
    for character in text:
        if character == " " or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
            out.append(character)
        else:
            out.append(character.encode("unicode_escape", "surrogatepass").decode("ascii"))
    return "".join(out)

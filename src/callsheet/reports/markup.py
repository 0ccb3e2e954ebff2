"""Markup that cannot be forged: text becomes part of a page through `tag`, and `tag` escapes it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import TypeAlias

from callsheet.reports.escaping import visible

_NAME = re.compile(r"[a-z][a-z0-9]*")
_ATTRIBUTE = re.compile(r"(?!on|style)[a-zA-Z][a-zA-Z-]*")
_VOID = ("br", "input", "meta", "path", "rect")


class Markup(str):
    """Text that is markup already. Joined or formatted with anything else it is a plain string again."""

    __slots__ = ()


Child: TypeAlias = str | None  # a plain string is escaped, Markup stays, None is nothing


def escaped(text: str) -> Markup:
    """The one way of text into a page: what acts is written out, what would be markup is an entity."""
    return Markup(html.escape(visible(text), quote=True))


def tag(name: str, /, *children: Child, **attributes: str | int | bool | None) -> Markup:
    """An element. `class_` is `class`, `aria_label` is `aria-label`; False and None leave one out."""
    assert _NAME.fullmatch(name)
    opening = name + "".join(
        _attribute(key, value)
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in _VOID:
        return Markup(f"<{opening}>" if name in ("br", "input", "meta") else f"<{opening}/>")
    return Markup(f"<{opening}>{joined(children)}</{name}>")


def joined(children: Iterable[Child], between: str = "") -> Markup:
    return Markup(
        between.join(
            child if isinstance(child, Markup) else escaped(child) for child in children if child is not None
        )
    )


def lines_of(text: Iterable[str]) -> Markup:
    """Lines for where white space counts."""
    return joined(text, "\n")


def _attribute(key: str, value: str | int | bool) -> str:
    named = key.rstrip("_").replace("_", "-")
    # Neither a handler nor a style may ever come from here; the page's policy would refuse them too.
    assert _ATTRIBUTE.fullmatch(named)
    return f" {named}" if value is True else f' {named}="{escaped(str(value))}"'


def verbatim(name: str, text: str) -> Markup:
    """A `style` or `script` block of our own files, byte for byte, so that its hash fits."""
    assert f"</{name}" not in text.lower()
    return Markup(f"<{name}>{text}</{name}>")

"""Sticky: one text per key, found by its mark and its author, written only where it says something else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from callsheet.ci.base import Deed, HostError, Lost, Posted
from callsheet.ci.marks import LENGTH, digest, mark_of, marked

# After an answer that was lost, the list is read anew before another try.
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """A comment or an issue at the host. `ours`: it was written by whoever writes now."""

    id: str
    ours: bool
    text: str
    url: str
    title: str = ""
    node: str = ""


@dataclass(frozen=True, slots=True)
class Board:
    """Where entries stand. `create` raises Lost where it may have been done; the others may be repeated.

    An entry with the key and the title `former` was made before keys held the app.
    """

    entries: Callable[[], Iterable[Entry]]
    create: Callable[[str], Entry]
    edit: Callable[[Entry, str], Any]
    fold: Callable[[Entry, str], Any]
    limit: int
    former: tuple[str, str] = ("", "")


def stick(board: Board, key: str, body: str, says: str | None = None) -> Posted:
    """Make the oldest entry of the key say the body; its duplicates are folded away.

    An entry whose mark is of the same `says` (of the body, where it is None) says it already.
    """
    text = marked(key, body, says)
    if len(text) > board.limit:
        raise HostError(
            f"{len(text):,} characters are more than the host takes in one piece ({board.limit:,})",
            hint=f"give --limit {board.limit - LENGTH}, or less",
            code="ci.too-long",
        )
    for turn in range(_TRIES):
        found = mine(board.entries(), key, board.former)
        try:
            return _written(board, key, text, digest(body if says is None else says), found)
        except Lost:
            if turn == _TRIES - 1:
                raise
    raise AssertionError("unreachable")


def mine(entries: Iterable[Entry], key: str, former: tuple[str, str] = ("", "")) -> list[Entry]:
    """The entries of the key that we wrote, in their order. A mark that somebody else wrote is only text."""
    return [
        each
        for each in entries
        if each.ours
        and (mark := mark_of(each.text))
        and (mark.key == key or (mark.key, each.title) == former)
    ]


def keys_of(entries: Iterable[Entry]) -> list[tuple[str, str]]:
    """The keys and titles of what we wrote."""
    return [(mark.key, each.title) for each in entries if each.ours and (mark := mark_of(each.text))]


def _written(board: Board, key: str, text: str, says: str, found: list[Entry]) -> Posted:
    if not found:
        return Posted(Deed.CREATED, board.create(text).url)
    kept, *others = found
    mark = mark_of(kept.text)
    deed = Deed.UNCHANGED
    if not (mark and mark.whole and mark.key == key and mark.says == says):
        board.edit(kept, text)
        deed = Deed.UPDATED
    for each in others:
        # It loses its mark, so that the next run does not fold it once more.
        board.fold(each, _superseded(key, kept.url))
    return Posted(deed, kept.url, len(others))


def _superseded(key: str, url: str) -> str:
    where = f'<a href="{url}">the one that is kept up to date</a>' if url.startswith("http") else "another"
    return f"<details><summary>Superseded ({key})</summary>See {where}.</details>"

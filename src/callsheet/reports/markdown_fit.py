"""Fitting a report into a limit of bytes: everything, then ever less of each part, then counts of parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum


class Level(IntEnum):
    """How much of a part is told."""

    FULL = 0
    HUNKS = 1  # texts up to a few lines of their difference
    NAMES = 2  # attributes without values
    LINE = 3
    REST = 4  # told with all that share its section, in as few words as can be


@dataclass(frozen=True, slots=True)
class Part:
    """One thing of a report; `told` gives its Markdown at any level but REST, without a final newline."""

    name: str
    told: Callable[[Level], str]


@dataclass(frozen=True, slots=True)
class Section:
    """Parts under one title. `rest` tells several parts at once, `count` says how many there are and no more.

    `vital` is 0 for what goes first where room is short. All others are listed by `rest`, the higher ones
    before the lower ones, for as long as there is room at all, and only then told by `count`.
    """

    title: str
    parts: Sequence[Part]
    rest: Callable[[Sequence[Part]], str]
    count: Callable[[Sequence[Part]], str]
    vital: int = 0


@dataclass(slots=True)
class Chosen:
    """A section with the level that each of its parts got.

    `listed` is how many of the parts at REST are told by `rest`, None for all of them.
    """

    section: Section
    levels: list[Level] = field(default_factory=list)
    listed: int | None = None
    left_out: bool = False

    def text(self) -> str:
        parts = list(zip(self.section.parts, self.levels, strict=True))
        told = [part.told(level) for part, level in parts if level < Level.REST]
        left = [part for part, level in parts if level is Level.REST]
        most = len(left) if self.listed is None else self.listed
        for some, say in ((left[:most], self.section.rest), (left[most:], self.section.count)):
            if some:
                more = [f"- … and {len(some):,} more, of {len(parts):,}:"] if told else []
                told += [*more, say(some)]
        if not told or self.left_out:
            return ""
        return f"\n{self.section.title}\n" + "".join(map(_block, ["", *told], told))


@dataclass(frozen=True, slots=True)
class Fit:
    """The sections' texts; whether anything is told in fewer words than there are; how many parts of vital
    sections are only counted."""

    texts: Sequence[str]
    shortened: bool
    counted: int = 0


def _block(before: str, text: str) -> str:
    """Items of one list stand close, folds apart: what follows markup without a blank line belongs to it."""
    apart = "" if before.startswith("- ") and text.startswith("- ") else "\n"
    return f"{apart}{text}\n"


def _cost(text: str) -> int:
    """The bytes of a part, with a blank line that it may need."""
    return size(text) + 2


def fitted(sections: Sequence[Section], room: int) -> Fit:
    """The sections in no more than `room` bytes where that can be. Of sections that are alike, the first
    ones keep the most. More room never leaves more parts of vital sections counted."""
    chosen = [Chosen(each) for each in sections]
    for level in Level:
        for each in chosen:
            each.levels = [level] * len(each.section.parts)
        if _size(chosen, room) <= room:
            _refine(chosen, level, room)
            shortened = any(max(each.levels, default=0) for each in chosen)
            return Fit([each.text() for each in chosen], shortened)
    _listed(chosen, room)
    counted = [len(each.levels) - each.listed for each in chosen if each.listed is not None]
    return Fit([each.text() for each in chosen], True, sum(counted))


def _listed(chosen: Sequence[Chosen], room: int) -> None:
    """Room for less than all in the fewest words: the small vital sections keep everything before the large
    ones, and what is not vital has what they leave."""
    plain = [each for each in chosen if not each.section.vital]
    vital = [each for each in chosen if each.section.vital]
    whole = {id(each): size(each.text()) for each in vital}
    for each in vital:
        each.listed = 0
    spare = room - sum(size(each.text()) for each in vital)
    for each in sorted(vital, key=lambda each: (-each.section.vital, whole[id(each)])):
        least = size(each.text())
        if whole[id(each)] - least > spare:
            each.listed = _most(each, spare + least)
            # Were the next ones given what this one leaves, a little more room could take it from them again.
            break
        spare -= whole[id(each)] - least
        each.listed = None
    left = room - sum(size(each.text()) for each in vital)
    for each in plain:
        each.left_out = False
        if (needed := size(each.text())) <= left:
            left -= needed
        else:
            each.left_out = True


def _most(each: Chosen, room: int) -> int:
    """How many parts can be listed, by halving."""
    low, high = 0, len(each.section.parts) - 1
    while low < high:
        each.listed = (low + high + 1) // 2
        low, high = (each.listed, high) if size(each.text()) <= room else (low, each.listed - 1)
    return low


def _refine(chosen: Sequence[Chosen], level: Level, room: int) -> None:
    """Tell single parts at the level before, the first ones first, for as long as there is room."""
    if level is Level.FULL:
        return
    # The line between what is told by itself and the rest, which a section may come to need.
    between = 60 * len(chosen) if level is Level.REST else 0
    left = room - _size(chosen, room) - between
    richer = Level(level - 1)
    for each, index in _parts(chosen):
        part = each.section.parts[index]
        before = 0 if level is Level.REST else _cost(part.told(level))
        more = _cost(part.told(richer)) - before
        if more <= left:
            left -= max(more, 0)
            each.levels[index] = richer
        elif level is Level.REST:
            break  # what is told in a line stands before what is counted


def _parts(chosen: Sequence[Chosen]) -> Iterator[tuple[Chosen, int]]:
    """All parts, those of vital sections first."""
    for each in sorted(chosen, key=lambda each: not each.section.vital):
        for index in range(len(each.section.parts)):
            yield each, index


def _size(chosen: Sequence[Chosen], enough: int) -> int:
    """The bytes of it all, or some number beyond `enough`."""
    total = 0
    for each in chosen:
        if each.levels and each.levels[0] < Level.REST:
            total += size(each.section.title) + 4
            for part, level in zip(each.section.parts, each.levels, strict=True):
                total += _cost(part.told(level))
                if total > enough:
                    return total
        else:
            total += size(each.text())
    return total


def size(text: str) -> int:
    return len(text.encode())

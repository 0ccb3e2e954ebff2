"""How two texts differ, for a reader: whole lines with context, and which words of a line moved."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from callsheet.reports.counting import counted
from callsheet.reports.escaping import shown, split_lines

CONTEXT = 3
# Beyond this many pairs of lines a comparison takes seconds and says no more than "all of it changed".
_MOST_PAIRS = 4_000_000
_MOST_EQUAL = 10_000  # pairs of equal lines
_WORD = re.compile(r"\w+|\s+|[^\w\s]")
_WORDY = 500  # characters of a line up to which its words are compared
_MOST_EQUAL_WORDS = 400  # pairs of equal words of two lines
_ALIKE = 0.4
# Pairs of replaced lines up to which it is looked for those that are alike.
_MOST_COMPARED = 2_500
# What the words of one whole difference may cost, in steps: some tenths of a second.
_MOST_STEPS = 5_000_000
_STEPS_OF_A_PAIR = 400  # to find how much of two lines is alike


@dataclass(frozen=True, slots=True)
class DiffLine:
    """`sign` is "-", "+", " " or "…" (lines left out). `changed` are the column ranges of moved words."""

    sign: str
    text: str
    changed: tuple[tuple[int, int], ...] = ()


@dataclass(slots=True)
class Effort:
    """The steps that may still be spent on comparing words."""

    left: int = _MOST_STEPS

    def allows(self, steps: int) -> bool:
        """Whether there is that much left, which is then spent."""
        if steps > self.left:
            return False
        self.left -= steps
        return True


def diff_lines(old: str, new: str, context: int = CONTEXT) -> list[DiffLine]:
    """The changed lines with `context` lines around them; texts are made visible and cut per line.

    Words are compared for as long as it takes no more than a bounded effort; lines after that carry no marks.
    """
    if old.endswith("\n") and new.endswith("\n"):
        old, new = old[:-1], new[:-1]
    before, after = split_lines(old), split_lines(new)
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    middle_old = before[head : len(before) - tail]
    middle_new = after[head : len(after) - tail]
    out: list[DiffLine] = []
    out += _around(before[:head], context, last=True)
    out += _middle(middle_old, middle_new, context, Effort())
    out += _around(before[len(before) - tail :] if tail else [], context, last=False)
    return out


def changed_middle(old: str, new: str) -> tuple[list[str], list[str], list[str]]:
    """The lines before the first that differs, and those from there to the last one that does, of either."""
    before, after = split_lines(old), split_lines(new)
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    return before[:head], before[head : len(before) - tail], after[head : len(after) - tail]


def _middle(old: Sequence[str], new: Sequence[str], context: int, effort: Effort) -> Iterator[DiffLine]:
    if len(old) * len(new) > _MOST_PAIRS:
        yield from _replaced(old, new, effort)
        return
    codes = SequenceMatcher(_frequent(old, new)[0].__contains__, old, new, autojunk=False).get_opcodes()
    for tag, i1, i2, j1, j2 in codes:
        if tag == "equal":
            yield from _kept(old[i1:i2], context)
        else:
            yield from _replaced(old[i1:i2], new[j1:j2], effort)


def _frequent(old: Sequence[str], new: Sequence[str], most: int = _MOST_EQUAL) -> tuple[set[str], int]:
    """Lines or words, such as blank ones, that are no place to begin to compare at: each would be tried with
    each again and again, which takes the third power of their number. And how many pairs the others make."""
    there = Counter(new)
    pairs = {each: count * there[each] for each, count in Counter(old).items() if there[each]}
    out: set[str] = set()
    left = sum(pairs.values())
    for each in sorted(pairs, key=lambda each: -pairs[each]):
        if left <= most:
            break
        out.add(each)
        left -= pairs[each]
    return out, left


def _kept(lines: Sequence[str], context: int) -> Iterator[DiffLine]:
    if len(lines) <= 2 * context + 1:
        yield from (DiffLine(" ", shown(each)) for each in lines)
        return
    yield from (DiffLine(" ", shown(each)) for each in lines[:context])
    yield _omitted(len(lines) - 2 * context)
    yield from (DiffLine(" ", shown(each)) for each in lines[-context:])


def _around(lines: Sequence[str], context: int, *, last: bool) -> Iterator[DiffLine]:
    """The unchanged beginning (its last lines) or end (its first)."""
    left_out = max(0, len(lines) - context)
    kept = lines[left_out:] if last else lines[: len(lines) - left_out]
    if last and left_out:
        yield _omitted(left_out)
    yield from (DiffLine(" ", shown(each)) for each in kept)
    if not last and left_out:
        yield _omitted(left_out)


def _omitted(count: int) -> DiffLine:
    return DiffLine("…", counted(count, "unchanged line"))


def _replaced(old: Sequence[str], new: Sequence[str], effort: Effort) -> Iterator[DiffLine]:
    """Removed and added lines. Lines are paired and their words compared: one by one where their numbers
    agree, else those that are alike, in their order. A pair stands together, the removed line first."""
    one_by_one = len(old) == len(new)
    pairs = [(index, index) for index in range(len(old))] if one_by_one else _alike(old, new, effort)
    at_old = at_new = 0
    for i, j in [*pairs, (len(old), len(new))]:
        yield from (DiffLine("-", shown(each)) for each in old[at_old:i])
        yield from (DiffLine("+", shown(each)) for each in new[at_new:j])
        if i < len(old):
            yield from _pair(old[i], new[j], effort)
        at_old, at_new = i + 1, j + 1


def _alike(old: Sequence[str], new: Sequence[str], effort: Effort) -> list[tuple[int, int]]:
    """Indexes of lines that are alike, both ascending: those that have the most in common, all together."""
    count = len(old) * len(new)
    if count > _MOST_COMPARED or not effort.allows(count * _STEPS_OF_A_PAIR):
        return []
    before, after = [_words(each) for each in old], [_words(each) for each in new]
    alike = [[_share(one, other) for other in after] for one in before]
    # best[i][j]: the most that the lines from i and from j on can share.
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            paired = alike[i][j] + best[i + 1][j + 1] if alike[i][j] else 0.0
            best[i][j] = max(paired, best[i + 1][j], best[i][j + 1])
    out, i, j = [], 0, 0
    while i < len(old) and j < len(new):
        if alike[i][j] and best[i][j] == alike[i][j] + best[i + 1][j + 1]:
            out.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return out


def _words(line: str) -> Counter[str]:
    return Counter(each for each in _WORD.findall(line[:_WORDY]) if each[:1].isalnum())


def _share(one: Counter[str], other: Counter[str]) -> float:
    """How much of two lines their common words are; 0 where it is too little to compare them."""
    total = one.total() + other.total()
    share = 2 * (one & other).total() / total if total else 0.0
    return share if share >= _ALIKE else 0.0


def _pair(before: str, after: str, effort: Effort) -> Iterator[DiffLine]:
    if max(len(before), len(after)) > _WORDY:
        first, second = windows(before, after)
        yield from (DiffLine("-", shown(first)), DiffLine("+", shown(second)))
        return
    first, second = shown(before), shown(after)
    gone, come = changed_words(first, second, effort)
    yield DiffLine("-", first, gone)
    yield DiffLine("+", second, come)


def changed_words(
    old: str, new: str, effort: Effort
) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
    """Column ranges of the words that differ; none where the lines have too little in common, or where
    nearly all of their words are the same few, or no effort is left: then the line differs as a whole."""
    before, after = _WORD.findall(old), _WORD.findall(new)
    frequent, pairs = _frequent(before, after, _MOST_EQUAL_WORDS)
    # Each round of the comparison goes through what is equal, and there is one at most for each equal word.
    if not effort.allows((len(before) + pairs) * min(len(before), len(after))):
        return (), ()
    matcher = SequenceMatcher(frequent.__contains__, before, after, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return (), ()
    gone, come = [], []
    at_old, at_new = _offsets(before), _offsets(after)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag != "equal":
            if i2 > i1:
                gone.append((at_old[i1], at_old[i2]))
            if j2 > j1:
                come.append((at_new[j1], at_new[j2]))
    return _joined(old, gone), _joined(new, come)


def _joined(text: str, ranges: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Ranges with nothing but blanks between them read better as one."""
    out: list[tuple[int, int]] = []
    for begin, stop in ranges:
        if out and not text[out[-1][1] : begin].strip():
            out[-1] = (out[-1][0], stop)
        else:
            out.append((begin, stop))
    return tuple(out)


def markers(each: DiffLine) -> str:
    """A line of ^ to stand below, under the words that moved; blank where none did."""
    out = []
    for column, character in enumerate(each.text):
        moved = any(begin <= column < stop for begin, stop in each.changed)
        width = 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
        out.append(("^" if moved else " ") * width)
    return "".join(out).rstrip()


def windows(old: str, new: str, around: int = 60) -> tuple[str, str]:
    """The differing middles of two long strings with a little of what is around them."""
    head = _common_text(old, new)
    tail = _common_text(old[head:][::-1], new[head:][::-1])
    return _window(old, head, tail, around), _window(new, head, tail, around)


def _window(text: str, head: int, tail: int, around: int) -> str:
    start, end = max(0, head - around), min(len(text), len(text) - tail + around)
    before = "…" if start else ""
    after = f"… ({len(text):,} characters)" if end < len(text) or start else ""
    middle = text[start:end]
    if len(middle) > 400:
        middle = f"{middle[:200]} … {middle[-200:]}"
    return f"{before}{middle}{after}"


def _offsets(words: Sequence[str]) -> list[int]:
    out = [0]
    for word in words:
        out.append(out[-1] + len(word))
    return out


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for first, second in zip(one, other, strict=False):
        if first != second:
            break
        count += 1
    return count


def _common_text(one: str, other: str) -> int:
    """The length of the common beginning, by halving: ten million characters take no loop of ten million."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low

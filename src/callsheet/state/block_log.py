"""A log for stores that replace whole objects only: sealed blocks, and a head that ends in the open one.

An append replaces the head alone, on the condition that it is the one that was read: that is the moment
at which it counts, and a length that does not fit cannot slip through. The head stays small, since its open
block is sealed into an object of its own once it has grown past `BLOCK`. What is sealed follows from the
head alone, so that racing appenders seal the same bytes under the same name, and it does not matter who
does it, or how often. The head chains the blocks' digests: one that is damaged, lost or exchanged shows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import orjson

from callsheet.model.canonical import canonical
from callsheet.state.names import parted

FORMAT = "callsheet.log/1"
BLOCK = 32 * 1024


class Damaged(ValueError):
    """The head or a block is not what was written. The message says which, without a place."""


@dataclass(frozen=True, slots=True)
class Head:
    """A log as far as appending needs it. `generation` tells a log from one of the same name before it."""

    generation: str
    blocks: int = 0
    sealed: int = 0  # bytes in blocks
    chain: str = ""
    tail: bytes = b""

    @property
    def length(self) -> int:
        return self.sealed + len(self.tail)

    @property
    def must_seal(self) -> bool:
        return len(self.tail) >= BLOCK

    def sealing(self) -> Head:
        """The head once its open block is an object of its own, number `self.blocks`."""
        chain = _chained(self.chain, self.tail)
        return replace(self, blocks=self.blocks + 1, sealed=self.length, chain=chain, tail=b"")

    def extended(self, lines: bytes) -> Head:
        return replace(self, tail=self.tail + lines)

    def entries(self, block: Callable[[int], bytes]) -> list[bytes]:
        """Every entry, given the sealed blocks by number. Damaged where they do not fit."""
        chain, parts = "", []
        for number in range(self.blocks):
            data = block(number)
            chain = _chained(chain, data)
            parts.append(data)
        if chain != self.chain or sum(map(len, parts)) != self.sealed:
            raise Damaged("its blocks are not those that were written")
        return parted(b"".join([*parts, self.tail]))

    def to_bytes(self) -> bytes:
        about = {
            "format": FORMAT,
            "generation": self.generation,
            "blocks": self.blocks,
            "sealed": self.sealed,
            "chain": self.chain,
            "tail": hashlib.sha256(self.tail).hexdigest(),
        }
        return canonical(about) + b"\n" + self.tail

    @classmethod
    def from_bytes(cls, data: bytes) -> Head:
        first, _, tail = data.partition(b"\n")
        try:
            about = orjson.loads(first)
            if about["format"] != FORMAT:
                raise Damaged(f"its format is {about['format']!r}, and this version reads {FORMAT}")
            head = cls(about["generation"], about["blocks"], about["sealed"], about["chain"], tail)
            seal = about["tail"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise Damaged("its head is not readable") from None
        if hashlib.sha256(tail).hexdigest() != seal or (tail and not tail.endswith(b"\n")):
            raise Damaged("its head is cut off or was edited")
        return head


def _chained(before: str, block: bytes) -> str:
    return hashlib.sha256(before.encode() + hashlib.sha256(block).digest()).hexdigest()

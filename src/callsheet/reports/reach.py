"""What a change reaches, in words: counts of documents by kind."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from callsheet.reports.counting import counted


def reach_of(address: str, reached: Iterable[str]) -> str:
    """`3 assistants, 1 squad`; empty where nothing but its own document holds it. Parts count once."""
    documents = {_document(each) for each in reached} - {_document(address)}
    counts = Counter(each.partition("/")[0] for each in documents)
    return ", ".join(counted(count, words_of(kind)) for kind, count in sorted(counts.items()))


def words_of(kind: str) -> str:
    """`PhoneNumber` as `phone number`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()


def _document(address: str) -> str:
    return address.partition("[")[0]

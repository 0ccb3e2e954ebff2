"""When a request may be sent again, and how long to wait before.

A retry is safe where the first try certainly did nothing, or where doing it twice is doing it once.

============================ ====== ====== ============= ============
what happened                GET    DELETE PATCH         POST
============================ ====== ====== ============= ============
no connection was made       again  again  again         again
429                          again  again  again         again
503 with Retry-After         again  again  again         *maybe done*
503 without, 500, 502, 504   again  again  *maybe done*  *maybe done*
408, or no whole answer      again  again  *maybe done*  *maybe done*
============================ ====== ====== ============= ============

- No connection: not a byte reached the provider.
- 429: a limiter refuses before the request is looked at.
- 503 with Retry-After is a server that turns requests away and says for how long. A 503 without one is
  also what proxies answer when the server behind them broke off half-way through, which proves nothing.
  For a POST even the first is not certain enough: a duplicate outlives the trouble.
- A DELETE that was carried out answers 404 the second time, which is what was wanted.
- A PATCH sent twice sets the same values twice, but in between somebody else may have set others, and
  every write makes a version. So it counts as *maybe done*: the caller reads and decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto

_TWICE_IS_ONCE = frozenset({"GET", "DELETE"})
# An answer with one of these leaves open whether the request was carried out.
_OPEN = frozenset({408, 500, 502, 503, 504, *range(520, 528), 530})


class Verdict(Enum):
    AGAIN = auto()  # safe to send once more
    MAYBE_DONE = auto()  # a write that may have happened
    FINAL = auto()  # the answer stands


def on_lost_answer(method: str) -> Verdict:
    return Verdict.AGAIN if method in _TWICE_IS_ONCE else Verdict.MAYBE_DONE


def on_status(method: str, status: int, headers: Mapping[str, str]) -> Verdict:
    if status == 429:
        return Verdict.AGAIN
    if status not in _OPEN:
        return Verdict.FINAL
    if method in _TWICE_IS_ONCE:
        return Verdict.AGAIN
    if status == 503 and method == "PATCH" and "retry-after" in headers:
        return Verdict.AGAIN
    return Verdict.MAYBE_DONE


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that `Retry-After` asks for (a number, or an HTTP date); None without a usable one."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            date = parsedate_to_datetime(value)
        except (ValueError, TypeError):
            return None
        seconds = ((date if date.tzinfo else date.replace(tzinfo=UTC)) - now).total_seconds()
    return max(0.0, seconds) if seconds == seconds and seconds != float("inf") else None

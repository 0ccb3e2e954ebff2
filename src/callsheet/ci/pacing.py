"""When a request to a code host or a webhook is sent again, and how long to wait before.

====================================  =====================  ==================
what happened                         what may be repeated   what makes something
====================================  =====================  ==================
no connection was made                again                  again
429, or 403 of a rate limit           again                  again
408, 5xx, or no whole answer          again                  *lost*: look first
====================================  =====================  ==================

GitHub tells of its limits by 403 as well as by 429: with `Retry-After`, with `X-RateLimit-Remaining: 0` and
the second of `X-RateLimit-Reset`, or (a secondary limit) by words alone, for which it asks to wait a minute
(docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api). GitLab answers 429 with `Retry-After`
and `RateLimit-Reset` (docs.gitlab.com/administration/settings/user_and_ip_rate_limits).
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import tenacity

from callsheet.ci.base import Clock, HostError

T = TypeVar("T")
ATTEMPTS = 5
# The longest wait that a host may ask for: a job that sleeps longer costs more than its comment is worth.
LONGEST = 300.0
_BACKOFF, _LONGEST_BACKOFF = 1.0, 30.0
_SECONDARY = 60.0
_OPEN = frozenset({408, 500, 502, 503, 504, *range(520, 528), 530})


class Again(Exception):
    """An attempt that may be repeated; `failure` is what to raise where there is no further one."""

    def __init__(self, failure: HostError, wait: float | None = None) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.wait = wait


def unsettled(status: int) -> bool:
    """Whether the answer leaves open if the request was carried out."""
    return status in _OPEN


def limited(status: int, headers: Mapping[str, str], data: bytes, now: datetime) -> float | None:
    """Seconds to wait where the answer tells of a rate limit, else None. Names of headers are lower case."""
    if status not in (403, 429):
        return None
    if (seconds := asked(headers, now)) is not None:
        return seconds
    if headers.get("x-ratelimit-remaining", "").strip() == "0":
        return _until(headers.get("x-ratelimit-reset", ""), now)
    if status == 429:
        return _until(headers.get("ratelimit-reset", ""), now)
    return _SECONDARY if b"secondary rate limit" in data.lower() else None


def repeated(attempt: Callable[[], T], clock: Clock, jitter: Callable[[], float] = random.random) -> T:
    """Run until it does not raise Again; waits grow, are spread, and are at least what was asked for."""

    def wait(state: tenacity.RetryCallState) -> float:
        cause = state.outcome.exception() if state.outcome else None
        backoff = min(_LONGEST_BACKOFF, _BACKOFF * 2.0 ** (state.attempt_number - 1))
        spread = backoff * (0.5 + jitter() / 2)
        least = cause.wait if isinstance(cause, Again) else None
        return spread if least is None else least + 0.1 * spread

    def enough(state: tenacity.RetryCallState) -> bool:
        cause = state.outcome.exception() if state.outcome else None
        too_long = isinstance(cause, Again) and cause.wait is not None and cause.wait > LONGEST
        return too_long or state.attempt_number >= ATTEMPTS

    retries = tenacity.Retrying(
        stop=enough,
        wait=wait,
        retry=tenacity.retry_if_exception_type(Again),
        sleep=clock.sleep,
        reraise=True,
    )
    try:
        return retries(attempt)
    except Again as last:
        failure = last.failure
    raise failure


def asked(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that `Retry-After` asks for (a number, or an HTTP date); None without a usable one."""
    value = headers.get("retry-after", "").strip()
    if value.isdigit():
        return float(value)
    try:
        date = parsedate_to_datetime(value) if value else None
    except (ValueError, TypeError):
        return None
    if date is None:
        return None
    return max(0.0, ((date if date.tzinfo else date.replace(tzinfo=UTC)) - now).total_seconds())


def _until(value: str, now: datetime) -> float:
    """Seconds from now to one of the epoch; a minute where none is told."""
    value = value.strip()
    return max(0.0, float(value) - now.timestamp()) if value.isdigit() else _SECONDARY

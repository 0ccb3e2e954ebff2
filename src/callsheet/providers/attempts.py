"""Repeated attempts of one request: how often, and how long in between."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

import tenacity

from callsheet.model.errors import ProviderError
from callsheet.model.events import Event, Listener
from callsheet.providers.clock import Clock
from callsheet.providers.errors import Request
from callsheet.providers.settings import Limits

T = TypeVar("T")


class Again(Exception):
    """An attempt that may be repeated.

    `failure` is what to raise when there is no further one, `wait` the seconds that the server asked for,
    `tries` a bound on the attempts of its own.
    """

    def __init__(self, failure: ProviderError, wait: float | None = None, tries: int | None = None) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.wait = wait
        self.tries = tries


class Attempts:
    """Runs a function until it does not raise Again; waits grow, are spread, and respect Retry-After."""

    def __init__(
        self, limits: Limits, clock: Clock, on_event: Listener, jitter: Callable[[], float] = random.random
    ) -> None:
        self._limits, self._clock, self._on_event, self._jitter = limits, clock, on_event, jitter

    def run(self, asked: Request, attempt: Callable[[], T]) -> T:
        retries = tenacity.Retrying(
            stop=self._enough,
            retry=tenacity.retry_if_exception_type(Again),
            wait=self._wait,
            sleep=self._clock.sleep,
            before_sleep=lambda state: self._tell(asked, state),
            reraise=True,
        )
        try:
            return retries(attempt)
        except Again as last:
            failure = last.failure
        raise failure

    def _enough(self, state: tenacity.RetryCallState) -> bool:
        cause = _cause(state)
        most = cause.tries if cause and cause.tries else self._limits.attempts
        return state.attempt_number >= most

    def _wait(self, state: tenacity.RetryCallState) -> float:
        limits = self._limits
        backoff = min(limits.longest_backoff, limits.backoff * 2.0 ** (state.attempt_number - 1))
        spread = backoff * (0.5 + self._jitter() / 2)
        cause = _cause(state)
        # What was asked for is the least; the spread keeps several clients from coming back as one.
        return cause.wait + 0.1 * spread if cause and cause.wait is not None else spread

    def _tell(self, asked: Request, state: tenacity.RetryCallState) -> None:
        fields = {
            "method": asked.method,
            "path": asked.path,
            "attempt": state.attempt_number,
            "wait": round(state.upcoming_sleep, 3),
            "reason": str(_cause(state)),
        }
        self._on_event(Event("provider.retry", fields))


def _cause(state: tenacity.RetryCallState) -> Again | None:
    cause = state.outcome.exception() if state.outcome else None
    return cause if isinstance(cause, Again) else None

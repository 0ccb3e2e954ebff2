"""What an answer, or the lack of one, means for the request: a value, an error, or another attempt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callsheet.model.errors import ProviderError
from callsheet.providers import bodies, errors, retrying
from callsheet.providers.attempts import Again
from callsheet.providers.clock import Clock
from callsheet.providers.errors import Answer, Request
from callsheet.providers.redaction import Redactor
from callsheet.providers.retrying import Verdict
from callsheet.providers.settings import Limits

Expected = type | tuple[type, ...]
_LOOKED_AT = 64 * 1024  # bytes of a body that messages are made from
_TRIES_TO_CONNECT = 4  # a wrong address should not keep anybody waiting for long


@dataclass(frozen=True, slots=True)
class Received:
    """An answer as it came. `broken` says in which way it is not whole, if it is not."""

    status: int
    headers: Mapping[str, str]
    data: bytes
    broken: str = ""


class Reading:
    """Reads answers. Every method gives the value, or raises."""

    def __init__(
        self,
        base_url: str,
        redactor: Redactor,
        explanations: Mapping[str, str],
        limits: Limits,
        clock: Clock,
    ) -> None:
        self._base_url, self._redactor, self._explanations = base_url, redactor, explanations
        self._limits, self._clock = limits, clock

    def value(self, asked: Request, received: Received, expect: Expected) -> Any:
        """The decoded body of a success; for anything else, the error."""
        if not 200 <= received.status < 300:
            raise self._refused(asked, received)
        if asked.method == "DELETE":
            # The status says it all, unless it is that of a sign-in page in between.
            if bodies.is_page(received.data):
                raise self._unreadable(asked, received, bodies.PAGE)
            return {}
        if received.broken:
            raise self._broken(asked, received)
        data = received.data
        value = bodies.decode(data, received.headers.get("content-type", ""))
        if isinstance(value, bodies.Unreadable):
            raise self._unreadable(asked, received, value.why)
        if not isinstance(value, expect):
            wanted = expect if isinstance(expect, tuple) else (expect,)
            names = " or ".join(bodies.type_name(each) for each in wanted)
            raise self._unreadable(asked, received, f"{bodies.type_name(type(value))} instead of {names}")
        return value

    def not_connected(self, asked: Request, why: str) -> Exception:
        """No connection was made: nothing was sent."""
        return Again(self.unreachable(asked, why), tries=_TRIES_TO_CONNECT)

    def unreachable(self, asked: Request, why: str) -> ProviderError:
        return errors.unreachable(asked, self._base_url, errors.excerpt(why, self._redactor))

    def lost(self, asked: Request, why: str) -> Exception:
        """The request went out and no answer came."""
        if retrying.on_lost_answer(asked.method) is Verdict.AGAIN:
            return Again(self.unreachable(asked, why))
        return errors.lost(asked, errors.excerpt(why, self._redactor))

    def asked_wait(self, headers: Mapping[str, str]) -> float | None:
        return retrying.retry_after(headers, self._clock.now())

    def _broken(self, asked: Request, received: Received) -> Exception:
        failure = self._unreadable(asked, received, received.broken)
        return Again(failure) if retrying.on_lost_answer(asked.method) is Verdict.AGAIN else failure

    def _refused(self, asked: Request, received: Received) -> Exception:
        data = received.data
        body = bodies.decode(data, received.headers.get("content-type", ""))
        readable = None if isinstance(body, bodies.Unreadable) else body
        answer = Answer(received.status, readable, bodies.text_of(data[:_LOOKED_AT]))
        verdict = retrying.on_status(asked.method, received.status, received.headers)
        failure = errors.refusal(
            asked, answer, self._redactor, self._explanations, ambiguous=verdict is Verdict.MAYBE_DONE
        )
        if verdict is not Verdict.AGAIN:
            return failure
        wait = self.asked_wait(received.headers)
        if wait is None or wait <= self._limits.retry_after:
            return Again(failure, wait)
        most = self._limits.retry_after
        return ProviderError(
            failure.diagnostics[0].summary,
            detail=f"It asks to wait {wait:.0f} s; Callsheet waits {most:.0f} s at most.",
            hint="try again after that time",
            code=failure.diagnostics[0].code,
        )

    def _unreadable(self, asked: Request, received: Received, why: str) -> ProviderError:
        """A success that cannot be read: of a read, an error; of a write, a lost answer."""
        shown = errors.excerpt(bodies.outline(received.data[:_LOOKED_AT]), self._redactor)
        if asked.method in ("POST", "PATCH"):
            told = f"{received.status} came back with {why}" + (f": {shown}" if shown else "")
            return errors.lost(asked, told)
        return errors.unreadable(asked, received.status, why, shown)

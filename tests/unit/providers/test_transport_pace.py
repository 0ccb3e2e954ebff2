"""Rate limits, events, threads and the in-process way."""

from __future__ import annotations

import threading
import traceback
from typing import Any

import pytest

from callsheet.model.errors import ProviderError
from callsheet.model.events import Event
from callsheet.providers.base import Ambiguous
from callsheet.providers.pace import Pace
from support.clock import FakeClock
from unit.providers.hostile import answer, hostile
from unit.providers.transports import KEY, failure, transport

# Limits of the rate


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("header", "least"), [("7", 7.0), ("0", 0.0), ("Fri, 20 Nov 2026 12:00:09 GMT", 9.0), ("soon", 0.5)]
)
def test_a_429_is_waited_out_as_asked(method: str, header: str, least: float) -> None:
    clock = FakeClock()
    with hostile(answer(429, b"{}", f"retry-after: {header}"), answer(200)) as server:
        made = transport(server.url, clock=clock)
        made.request(method, "/x")
        made.close()
        assert len(server.seen) == 2
    assert least <= sum(clock.slept) < least + 1.1


def test_a_429_slows_down_what_comes_after() -> None:
    clock = FakeClock()
    pace = Pace(clock)
    with hostile(answer(200), answer(429, b"{}", "retry-after: 30"), answer(200)) as server:
        made = transport(server.url, clock=clock, pace=pace)
        made.request("GET", "/x")
        before = pace.rate
        made.request("GET", "/x")
        made.close()
    assert pace.rate < before / 100
    assert clock.monotonic() >= 30


def test_a_storm_of_429_ends_in_one_clear_error() -> None:
    clock = FakeClock()
    with hostile(answer(429, b'{"message": "Rate limit exceeded"}', "retry-after: 2")) as server:
        made = transport(server.url, clock=clock)
        with pytest.raises(ProviderError) as raised:
            made.request("POST", "/x", json={})
        made.close()
        assert len(server.seen) == 6
    assert raised.value.diagnostics[0].code == "provider.rate-limited"
    assert not isinstance(raised.value, Ambiguous)


def test_a_wait_that_is_too_long_is_not_waited_for() -> None:
    clock = FakeClock()
    with hostile(answer(429, b"{}", "retry-after: 86400")) as server:
        made = transport(server.url, clock=clock)
        with pytest.raises(ProviderError, match="→ 429") as raised:
            made.request("GET", "/x")
        made.close()
        assert len(server.seen) == 1
    assert "86400 s" in raised.value.diagnostics[0].detail
    assert sum(clock.slept) == 0


@pytest.mark.parametrize(
    ("method", "header", "requests"),
    [
        ("GET", "", 6),
        ("DELETE", "", 6),
        ("PATCH", "", 1),
        ("PATCH", "retry-after: 1", 6),
        ("POST", "retry-after: 1", 1),
    ],
)
def test_a_503_is_repeated_only_where_that_is_safe(method: str, header: str, requests: int) -> None:
    extra = [header] if header else []
    with hostile(answer(503, b'{"message": "down"}', *extra)) as server:
        error = failure(server.url, method, json={} if method in ("POST", "PATCH") else None)
        assert len(server.seen) == requests
    assert isinstance(error, Ambiguous) == (requests == 1)


# Telling


def test_events_tell_requests_and_retries_without_secrets() -> None:
    events: list[Event] = []
    with hostile(answer(500, b'{"message": "oops"}'), answer(200)) as server:
        made = transport(server.url, on_event=events.append)
        made.request("GET", "/x", query={"search": "private"})
        made.close()
    assert [event.name for event in events] == ["provider.request", "provider.retry", "provider.request"]
    assert events[0].fields["status"] == 500
    assert events[1].fields["attempt"] == 1
    assert "oops" in events[1].fields["reason"]
    assert KEY not in str(events)
    assert "private" not in str(events)


def test_many_threads_share_one_transport() -> None:
    with hostile(answer(200)) as server:
        made = transport(server.url)
        threads = [threading.Thread(target=made.request, args=("GET", "/x")) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        made.close()
        assert len(server.seen) == 8


# In this process


def app(result: Any) -> Any:
    def call(environ: Any, start_response: Any) -> Any:
        if isinstance(result, BaseException):
            raise result
        start_response("200 OK", [("content-type", "application/json")])
        return [result]

    return call


def test_a_wsgi_application_answers_in_place_of_the_network() -> None:
    made = transport("sandbox:dev", wsgi_app=app(b'{"id": "a"}'))
    assert made.request("GET", "/x") == {"id": "a"}
    made.close()


@pytest.mark.parametrize("cause", [ConnectionAbortedError("x"), ConnectionResetError(), BrokenPipeError()])
def test_a_connection_that_the_application_aborts_is_a_lost_answer(cause: Exception) -> None:
    made = transport("sandbox:dev", wsgi_app=app(cause))
    with pytest.raises(Ambiguous):
        made.request("POST", "/x", json={})
    made.close()


def test_a_refused_connection_was_never_made() -> None:
    made = transport("sandbox:dev", wsgi_app=app(ConnectionRefusedError()))
    with pytest.raises(ProviderError) as raised:
        made.request("POST", "/x", json={})
    assert raised.value.diagnostics[0].code == "provider.unreachable"
    made.close()


def test_the_applications_own_faults_show_no_more_than_their_name() -> None:
    made = transport("sandbox:dev", wsgi_app=app(KeyError("the-secret-value")))
    with pytest.raises(ProviderError) as raised:
        made.request("GET", "/x")
    assert "KeyError" in str(raised.value)
    assert "the-secret-value" not in "".join(traceback.format_exception(raised.value))
    made.close()


def test_a_body_that_the_application_breaks_off_is_not_whole() -> None:
    def broken(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [("content-type", "application/json")])
        yield b'{"id"'
        raise ConnectionAbortedError

    made = transport("sandbox:dev", wsgi_app=broken)
    with pytest.raises(Ambiguous):
        made.request("POST", "/x", json={})
    made.close()

"""The transport against servers that misbehave, over real sockets."""

from __future__ import annotations

import gzip
import socket
import threading
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from callsheet.model.errors import ProviderError
from callsheet.model.events import Event
from callsheet.providers.base import Ambiguous, NotFound
from callsheet.providers.pace import Pace
from callsheet.providers.redaction import Redactor
from callsheet.providers.settings import Limits
from callsheet.providers.transport import Transport, Upload
from support.clock import FakeClock
from unit.providers.hostile import answer, drop, hostile

KEY = "key-0123456789-abcdef"


def transport(url: str, **more: Any) -> Transport:
    more.setdefault("clock", FakeClock())
    more.setdefault("on_event", lambda event: None)
    return Transport("Vapi", url, KEY, redactor=Redactor(), jitter=lambda: 1.0, **more)


def failure(url: str, method: str = "GET", **more: Any) -> ProviderError:
    limits = more.pop("limits", Limits(read=0.3))
    made = transport(url, limits=limits, explanations=more.pop("explanations", None))
    try:
        with pytest.raises(ProviderError) as raised:
            made.request(method, "/assistant", **more)
    finally:
        made.close()
    shown = "".join(traceback.format_exception(raised.value))
    assert KEY not in shown
    assert KEY not in repr(made)
    return raised.value


def finding(error: ProviderError) -> tuple[str, str, str]:
    (only,) = error.diagnostics
    return only.code, only.summary, only.detail


# What goes out


def test_a_request_carries_the_key_and_gives_the_decoded_body() -> None:
    with hostile(answer(200, b'{"id": "a"}')) as server:
        made = transport(server.url)
        assert made.request("POST", "/assistant", json={"name": "é"}, query={"a": "b c"}) == {"id": "a"}
        made.close()
        head, _, body = server.seen[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /assistant?a=b+c HTTP/1.1")
    assert f"authorization: bearer {KEY}".encode() in head.lower()
    assert b"idempotency-key" not in head.lower()
    assert b"user-agent: callsheet/" in head.lower()
    assert body == '{"name":"é"}'.encode()


def test_an_idempotency_key_goes_out_only_where_it_is_given() -> None:
    with hostile(answer(200)) as server:
        made = transport(server.url)
        made.request("POST", "/x", json={}, key="k-1")
        made.close()
        assert b"idempotency-key: k-1" in server.seen[0].lower()


def test_an_upload_is_multipart() -> None:
    with hostile(answer(201, b'{"id": "f"}')) as server:
        made = transport(server.url)
        made.request("POST", "/file", upload=Upload("a b.md", b"# A", {"purpose": "assistant"}))
        made.close()
        sent = server.seen[0]
    assert b"multipart/form-data; boundary=" in sent
    assert b'name="purpose"\r\n\r\nassistant' in sent
    assert b'filename="a b.md"' in sent
    assert b"# A" in sent


def test_the_client_is_built_when_it_is_needed_and_reused() -> None:
    with hostile(answer(200)) as server:
        made = transport(server.url)
        assert made._client is None
        made.request("GET", "/a")
        first = made._client
        made.request("GET", "/b")
        assert made._client is first
        made.close()
        made.close()


def test_a_body_without_a_json_form_is_one_error() -> None:
    made = transport("http://127.0.0.1:9")
    with pytest.raises(ProviderError, match="no JSON form"):
        made.request("POST", "/x", json={"a": object()})
    with pytest.raises(ProviderError, match="no JSON form"):
        made.request("POST", "/x", json={"a": "\ud800"})
    made.close()


def test_the_environments_proxy_is_not_used_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:9")
    with hostile(answer(200, b"[]")) as server:
        made = transport(server.url)
        assert made.request("GET", "/x", expect=list) == []
        made.close()


def test_a_proxy_setting_that_makes_no_sense_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "nonsense://x")
    made = transport("https://api.vapi.example")
    with pytest.raises(ProviderError, match="no HTTP client") as raised:
        made.request("GET", "/x")
    assert "HTTPS_PROXY" in raised.value.diagnostics[0].hint


def test_a_redirect_is_not_followed() -> None:
    with hostile(answer(307, b"", "location: http://127.0.0.1:1/")) as server:
        code, summary, _ = finding(failure(server.url))
        assert len(server.seen) == 1
    assert code == "provider.redirect"
    assert "GET /assistant → 307" in summary


# Statuses


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "provider.invalid"),
        (401, "provider.unauthorised"),
        (402, "provider.payment-required"),
        (403, "provider.forbidden"),
        (404, "provider.not-found"),
        (405, "provider.invalid"),
        (409, "provider.conflict"),
        (413, "provider.too-large"),
        (415, "provider.invalid"),
        (418, "provider.unexpected"),
        (422, "provider.invalid"),
        (501, "provider.server-error"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_a_refusal_is_final_and_says_what_to_do(status: int, code: str, method: str) -> None:
    body = b'{"statusCode": 400, "message": ["first", "second"], "error": "Bad"}'
    with hostile(answer(status, body)) as server:
        error = failure(server.url, method)
        assert len(server.seen) == 1
    found, summary, detail = finding(error)
    assert found == code
    assert summary.endswith(f"{method} /assistant → {status}: first")
    assert detail == "second"
    assert error.diagnostics[0].hint
    assert isinstance(error, NotFound) == (status == 404)


def test_a_conflict_is_explained_by_the_word_in_it() -> None:
    body = b'{"statusCode": 409, "message": "no", "error": "tool_pinned"}'
    with hostile(answer(409, body)) as server:
        _, _, detail = finding(failure(server.url, "DELETE", explanations={"tool_pinned": "Unpin it."}))
    assert detail == "Unpin it."


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (b'{"message": "plain"}', "plain"),
        (b'{"detail": "fast"}', "fast"),
        (b'{"error": "only"}', "only"),
        (b'{"odd": 1}', '{"odd": 1}'),
        (b'["x"]', '["x"]'),
        (b"<html>Bad Gateway</html>", "<html>Bad Gateway</html>"),
        (b"\x1b[31mred\x07", r"\x1b[31mred\x07"),
        (b"\xff\xfe", r"\xff\xfe"),
        ("\u202eevil\u2028line".encode(), r"\u202eevil\u2028line"),
        (b"", "→ 400"),
    ],
)
def test_the_body_of_a_refusal_is_shown_harmlessly(body: bytes, shown: str) -> None:
    with hostile(answer(400, body, kind="text/html")) as server:
        _, summary, _ = finding(failure(server.url))
    assert shown in summary
    assert summary.isprintable()


def test_a_long_list_of_messages_is_cut() -> None:
    body = b'{"message": [' + b",".join(b'"m%d"' % number for number in range(500)) + b"]}"
    with hostile(answer(400, body)) as server:
        _, _, detail = finding(failure(server.url))
    assert detail.endswith("… and 480 more")


# Secrets


def test_what_was_sent_as_a_secret_never_comes_back_in_an_error() -> None:
    def echo(connection: socket.socket) -> None:
        text = (
            'server.headers.x "hunter2\\\\\\"quoted" is bad; Bearer '
            + KEY
            + "; hunter2-and-more cut: longsecr"
        )
        connection.sendall(answer(400, ('{"message": ["' + text.replace('"', '\\"') + '"]}').encode()))

    with hostile(echo) as server:
        secrets = ['hunter2\\"quoted', "hunter2-and-more", "longsecret-that-is-cut"]
        error = failure(server.url, "POST", json={"a": 1}, secrets=secrets)
    text = "".join(str(item.to_json()) for item in error.diagnostics)
    assert "hunter2" not in text
    assert "longsecr" not in text
    assert text.count("[redacted]") >= 4


def test_a_key_that_tells_of_a_secret_is_enough() -> None:
    def echo(connection: socket.socket) -> None:
        connection.sendall(answer(400, b'{"message": "password p4ssw0rd-x is too weak"}'))

    with hostile(echo) as server:
        error = failure(server.url, "POST", json={"authentication": {"password": "p4ssw0rd-x"}})
    assert "p4ssw0rd" not in str(error.diagnostics)


def test_no_exception_in_the_chain_holds_the_request() -> None:
    with hostile(drop) as server:
        error: BaseException | None = failure(server.url, "POST", json={"a": 1})
    seen = []
    while error is not None:
        seen.append(error)
        assert not hasattr(error, "request")
        error = error.__cause__ or error.__context__
    assert len(seen) == 1


# Answers that are no answers


@pytest.mark.parametrize(
    ("data", "kind", "why"),
    [
        (b"", "application/json", "an empty body instead of JSON"),
        (b"  \n", "application/json", "an empty body instead of JSON"),
        (b"<html><title>Sign in</title>", "text/html", "HTML or XML instead of JSON"),
        (b"<?xml version='1.0'?>", "application/json", "HTML or XML instead of JSON"),
        (b'[{"id": "a"}, {"id":', "application/json", "JSON that ends too early (after 20 bytes)"),
        (b'{"id": "a', "application/json", "JSON that ends too early (after 9 bytes)"),
        (b'{"id": nonsense}', "application/json", "broken JSON (line 1, column 8)"),
        (b'{"id": NaN}', "application/json", "broken JSON (line 1, column 8)"),
        (b'{"id": "\xff"}', "application/json", "a body that is not UTF-8 (byte 8)"),
        (b"hello", "text/plain", "something that is no JSON"),
        (b'"text"', "application/json", "a string instead of an object"),
        (b"[]", "application/json", "a list instead of an object"),
        (b"null", "application/json", "null instead of an object"),
        (b"12", "application/json", "a number instead of an object"),
        (b"[" * 5000, "application/json", "broken JSON"),
    ],
)
def test_a_success_that_cannot_be_read_is_one_clear_error(data: bytes, kind: str, why: str) -> None:
    with hostile(answer(200, data, kind=kind)) as server:
        code, summary, detail = finding(failure(server.url))
        assert len(server.seen) == 1
    assert code == "provider.unreadable"
    assert "GET /assistant → 200 with " in summary
    assert why in summary
    assert detail == "" if not data.strip() else detail.startswith("The body begins: ")
    with hostile(answer(201, data, kind=kind)) as server:
        error = failure(server.url, "POST", json={})
    assert isinstance(error, Ambiguous)
    assert "201 came back with " in error.diagnostics[0].summary


def test_either_of_several_types_can_be_expected() -> None:
    with hostile(answer(200, b'"x"')) as server:
        error = failure(server.url, expect=(list, dict))
    assert "a string instead of a list or an object" in error.diagnostics[0].summary


def test_a_delete_is_done_whatever_comes_after_the_status() -> None:
    for data in (b"", b"gone", b'{"id": "a"}'):
        with hostile(answer(200, data)) as server:
            made = transport(server.url)
            assert made.request("DELETE", "/x") == {}
            made.close()


def test_a_body_that_breaks_off_is_read_again_and_then_told_with_its_status() -> None:
    cut = answer(200, b'{"id": "abc"}')[:-5]
    with hostile(cut, answer(200, b'{"id": "a"}')) as server:
        made = transport(server.url)
        assert made.request("GET", "/x") == {"id": "a"}
        made.close()
    with hostile(cut) as server:
        code, summary, detail = finding(failure(server.url))
        assert len(server.seen) == 6
    assert code == "provider.unreadable"
    assert "GET /assistant → 200 with a body that breaks off after 8 bytes" in summary
    assert '{"id": "' in detail


def test_a_huge_body_is_not_read_to_its_end() -> None:
    sent = threading.Event()

    def flood(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n")
        try:
            while True:
                connection.sendall(b" " * 65536)
        except OSError:
            sent.set()

    with hostile(flood) as server:
        error = failure(server.url, "POST", json={}, limits=Limits(body=100_000))
    assert isinstance(error, Ambiguous)
    assert "more than 97 KiB" in error.diagnostics[0].summary
    assert sent.wait(5)


def test_a_compressed_bomb_meets_the_same_bound() -> None:
    bomb = gzip.compress(b" " * 5_000_000)
    with hostile(answer(200, bomb, "content-encoding: gzip")) as server:
        error = failure(server.url, "POST", json={}, limits=Limits(body=100_000))
    assert "more than 97 KiB" in error.diagnostics[0].summary


def test_broken_compression_is_one_clear_error() -> None:
    with hostile(answer(200, b"no gzip", "content-encoding: gzip")) as server:
        _, summary, _ = finding(failure(server.url))
    assert "whose compression is broken" in summary


def test_an_answer_that_drips_is_given_up() -> None:
    class Hurried(FakeClock):
        def monotonic(self) -> float:
            self._at += 100.0
            return self._at

    with hostile(answer(200, b'{"id": "a"}')) as server:
        made = transport(server.url, clock=Hurried(), limits=Limits(total=50.0, attempts=1))
        with pytest.raises(ProviderError, match="not whole after 50 s"):
            made.request("GET", "/x")
        made.close()


# Nothing, or too late


def silence(release: threading.Event) -> Callable[[socket.socket], None]:
    def wait(connection: socket.socket) -> None:
        release.wait(10)

    return wait


def test_headers_that_do_not_come_in_time_are_a_lost_answer() -> None:
    release = threading.Event()
    with hostile(silence(release)) as server:
        error = failure(server.url, "POST", json={}, limits=Limits(read=0.05))
        release.set()
    assert isinstance(error, Ambiguous)
    assert "no answer in time" in error.diagnostics[0].summary


def test_a_dropped_connection_is_a_lost_answer_for_writes_and_tried_again_for_reads() -> None:
    for method, requests in (("POST", 1), ("PATCH", 1), ("GET", 6), ("DELETE", 6)):
        with hostile(drop) as server:
            error = failure(server.url, method)
            assert len(server.seen) == requests
        assert isinstance(error, Ambiguous) == (method in ("POST", "PATCH"))


def test_nobody_there_is_tried_a_few_times_for_every_method() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    for method in ("GET", "POST"):
        clock = FakeClock()
        made = transport(url, clock=clock)
        with pytest.raises(ProviderError) as raised:
            made.request(method, "/x", json={} if method == "POST" else None)
        made.close()
        assert raised.value.diagnostics[0].code == "provider.unreachable"
        assert clock.slept == [0.5, 1.0, 2.0]
        assert not isinstance(raised.value, Ambiguous)


def test_a_name_that_does_not_exist_is_unreachable() -> None:
    error = failure("http://nowhere.invalid.localhost:1")
    assert error.diagnostics[0].code == "provider.unreachable"


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

"""Answers that are none, or come too late: over real sockets."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable

import pytest

from callsheet.model.errors import ProviderError
from callsheet.providers.base import Ambiguous
from callsheet.providers.settings import Limits
from support.clock import FakeClock
from unit.providers.hostile import answer, drop, hostile
from unit.providers.transports import failure, finding, transport

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


def test_a_delete_that_a_sign_in_page_answered_is_not_done() -> None:
    with hostile(answer(200, b"<html><title>Sign in</title>", kind="text/html")) as server:
        code, summary, _ = finding(failure(server.url, "DELETE"))
    assert code == "provider.unreadable"
    assert "HTML or XML instead of JSON" in summary


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

"""The tape keeps what was asked, and of the bodies nothing that anybody could guess from."""

from __future__ import annotations

import hashlib
import hmac
import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from callsheet.audit.tape import Tape, hidden, packed, unpacked
from callsheet.model.exchange import Exchange

AT = datetime(2026, 11, 20, 12, 0, 0, 5000, tzinfo=UTC)


def exchange(**more: Any) -> Exchange:
    fields: dict[str, Any] = {
        "at": AT,
        "method": "POST",
        "path": "/assistant",
        "key": "k",
        "status": 201,
        "why": "",
        "seconds": 0.25,
        "sent": b"canary-pin",
        "received": b"",
    }
    return Exchange(**{**fields, **more})


def test_bodies_are_kept_as_digests_under_the_key() -> None:
    tape = Tape()
    tape.start(b"estate")
    tape(exchange())
    [request] = tape.stop()
    digest = hmac.new(b"estate", b"canary-pin", hashlib.sha256).hexdigest()
    assert request == {
        "at": "2026-11-20T12:00:00.005+00:00",
        "method": "POST",
        "path": "/assistant",
        "status": 201,
        "why": None,
        "seconds": 0.25,
        "key": "k",
        "sent": f"hmac-sha256:{digest}",
        "received": None,
    }
    # Without the key, whoever tries all the pins finds none.
    assert hashlib.sha256(b"canary-pin").hexdigest() not in str(request)
    assert "canary" not in repr(exchange())


def test_nothing_is_kept_before_the_start_and_after_the_stop() -> None:
    tape = Tape()
    tape(exchange())
    tape.start(b"k")
    tape(exchange(path="/a"))
    assert [each["path"] for each in tape.stop()] == ["/a"]
    tape(exchange())
    assert tape.stop() == []


def test_many_threads_lose_nothing() -> None:
    tape = Tape()
    tape.start(b"k")

    def make() -> None:
        for _ in range(200):
            tape(exchange())

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tape.stop()) == 1600


def test_requests_come_back_as_they_were_kept() -> None:
    tape = Tape()
    tape.start(b"k")
    tape(exchange(path="/a\u2028b"))
    tape(exchange(status=None, why="no answer (ReadTimeout)"))
    taped = tape.stop()
    assert unpacked(packed(taped)) == taped
    for damaged in (packed(taped)[:-3], b"", b"x"):
        with pytest.raises(ValueError, match=r"Error \d|incomplete|no request"):
            unpacked(damaged)


def test_a_path_that_holds_a_secret_is_hidden() -> None:
    def hide(text: str) -> str:
        return "hidden" if "canary 1" in text or "%2Dcanary" in text else text

    paths = ["/a/canary%201", "/a/canary 1", "/a/%2Dcanary", "/a/b%20c"]
    told = hidden([{"path": path, "status": 200} for path in paths], hide)
    assert [each["path"] for each in told] == ["hidden", "hidden", "hidden", "/a/b%20c"]
    assert told[0]["status"] == 200

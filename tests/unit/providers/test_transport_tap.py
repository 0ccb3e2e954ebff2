"""The tap hears of every attempt: what was sent, what came back or why nothing did."""

from __future__ import annotations

import pytest

from callsheet.model.exchange import Exchange
from callsheet.providers.settings import Limits
from callsheet.providers.transport import Upload
from unit.providers.hostile import answer, drop, hostile
from unit.providers.transports import failure, transport


def test_each_attempt_is_heard_with_its_bodies_and_its_key() -> None:
    heard: list[Exchange] = []
    with hostile(answer(429), drop, answer(200, b'{"id": "a"}')) as server:
        made = transport(server.url, tap=heard.append)
        made.request("GET", "/assistant", query={"cursor": "x"})
        made.request("POST", "/assistant", json={"a": 1}, key="k")
        made.close()
    assert [(each.method, each.path, each.status, each.why) for each in heard] == [
        ("GET", "/assistant", 429, ""),
        ("GET", "/assistant", None, "no answer (RemoteProtocolError)"),
        ("GET", "/assistant", 200, ""),
        ("POST", "/assistant", 200, ""),
    ]
    assert [each.key for each in heard] == [None, None, None, "k"]
    assert (heard[0].sent, heard[3].sent, heard[3].received) == (b"", b'{"a":1}', b'{"id": "a"}')


def test_of_an_upload_the_file_is_heard() -> None:
    heard: list[Exchange] = []
    with hostile(answer(201, b'{"id": "f"}')) as server:
        made = transport(server.url, tap=heard.append)
        made.request("POST", "/file", upload=Upload("a.md", b"# A", {"purpose": "p"}))
        made.close()
    assert heard[0].sent == b"# A"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://127.0.0.1:1", "no connection (ConnectError)"),
        ("http://127.0.0.1:1/%zz", "no connection (ConnectError)"),
    ],
)
def test_what_was_never_sent_is_heard_without_the_words_of_the_exception(url: str, why: str) -> None:
    heard: list[Exchange] = []
    made = transport(url, tap=heard.append)
    with pytest.raises(Exception, match="cannot be reached"):
        made.request("POST", "/x", json={})
    made.close()
    assert {each.why for each in heard} == {why}
    assert {each.status for each in heard} == {None}


def test_a_body_that_is_not_whole_is_heard_as_such() -> None:
    heard: list[Exchange] = []
    with hostile(answer(200, b'"' + b"x" * 5000 + b'"')) as server:
        failure(server.url, limits=Limits(body=1000, read=0.3), tap=heard.append)
    assert heard[0].status == 200
    assert "which is the limit" in heard[0].why

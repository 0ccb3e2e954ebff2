"""What goes out, what statuses mean, and what is never shown: over real sockets."""

from __future__ import annotations

import socket

import pytest

from callsheet.model.errors import ProviderError
from callsheet.providers.base import NotFound
from callsheet.providers.transport import Upload
from unit.providers.hostile import answer, drop, hostile
from unit.providers.transports import KEY, failure, finding, transport

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


def test_an_idempotency_key_goes_out_only_where_it_means_something() -> None:
    for knows in (True, False):
        with hostile(answer(200)) as server:
            made = transport(server.url, sends_keys=knows)
            made.request("POST", "/x", json={}, key="k-1")
            made.close()
            assert (b"idempotency-key: k-1" in server.seen[0].lower()) is knows


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

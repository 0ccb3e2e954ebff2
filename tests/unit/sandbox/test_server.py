from __future__ import annotations

import socket

import pytest

from callsheet.model.errors import CallsheetError
from callsheet.sandbox.app import Sandbox
from callsheet.sandbox.server import Server, serve
from unit.sandbox.client import Api


def raw(server: Server, data: bytes, *, end: bool = False) -> bytes:
    with socket.create_connection((server.host, server.port), timeout=20) as connection:
        connection.sendall(data)
        if end:
            connection.shutdown(socket.SHUT_WR)
        out = b""
        while part := connection.recv(65536):
            out += part
        return out


HEAD = b"POST /tool HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k\r\nConnection: close\r\n"


def test_a_body_in_chunks(server: Server) -> None:
    body = b'6;x=y\r\n{"type\r\n' + b'c\r\n":"endCall"}\r\n0\r\nTrailer: x\r\n\r\n'
    assert raw(server, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + body).startswith(b"HTTP/1.1 201")


@pytest.mark.parametrize(
    ("rest", "status"),
    [
        (b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
        (b"Content-Length: ten\r\n\r\n", b"400"),
        (b"Content-Length: 999999999999\r\n\r\n", b"413"),
        (b"Content-Length: 11000000\r\n\r\n" + b"x" * 11_000_000, b"413"),
    ],
)
def test_bodies_that_cannot_be(server: Server, api: Api, rest: bytes, status: bytes) -> None:
    assert raw(server, HEAD + rest).split(b" ", 2)[1] == status
    assert api.get("/tool") == []


def test_half_a_request_does_nothing(server: Server, api: Api, app: Sandbox) -> None:
    assert raw(server, HEAD + b'Content-Length: 50\r\n\r\n{"type":"endCall"}', end=True) == b""
    assert api.get("/tool") == []
    assert app.requests.writes == ()


def test_one_connection_carries_many_requests(api: Api) -> None:
    api.get("/tool")
    before = api.connection.sock
    for _ in range(3):
        api.get("/squad")
        assert api("GET", "/nowhere").status == 404
    assert api.connection.sock is before


def test_paths_are_decoded_once(api: Api) -> None:
    assert api("GET", "/assistant/%2E%2E%2ftool").status == 404
    assert api("GET", "/assistant/%ff").status == 404
    assert api.get("/%61ssistant") == []


def test_closing_ends_connections_and_frees_the_port(app: Sandbox) -> None:
    server = serve(app)
    api = Api(server)
    api.get("/tool")
    server.close()
    with pytest.raises((ConnectionError, TimeoutError)):
        api("GET", "/tool")
    again = serve(app, port=server.port)
    assert again.port == server.port
    again.close()


def test_a_taken_port_is_said_clearly(server: Server, app: Sandbox) -> None:
    with pytest.raises(CallsheetError, match=f"cannot listen on 127.0.0.1:{server.port}"):
        serve(app, port=server.port)

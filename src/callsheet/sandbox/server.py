"""A threaded HTTP/1.1 server for one WSGI application, on real sockets.

Answers leave in one write and without Nagle's delay: a small answer written in pieces costs 45 ms.
"""

from __future__ import annotations

import io
import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from callsheet.model.errors import CallsheetError

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

from http.server import HTTPServer

_BODY_LIMIT = 128 * 2**20
_IDLE_SECONDS = 60


class Server:
    """A running server. `close` stops it: no connection is accepted any more, and those open are ended."""

    def __init__(self, app: WSGIApplication, host: str, port: int) -> None:
        try:
            self._http = _Http((host, port), app)
        except OSError as problem:
            raise CallsheetError(
                f"the sandbox cannot listen on {host}:{port}: {problem.strerror or problem}",
                hint="Choose another port; 0 takes any that is free.",
                code="sandbox.listen",
            ) from None
        self.host, self.port = host, int(self._http.server_address[1])
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def wait(self) -> None:
        """Until `close` is called elsewhere, or an exception such as KeyboardInterrupt arrives here."""
        while self._thread.is_alive():
            self._thread.join(0.5)

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._http.end_connections()
        self._thread.join()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def serve(app: WSGIApplication, host: str = "127.0.0.1", port: int = 0) -> Server:
    """Serve `app` in threads of this process. CallsheetError where the address cannot be had."""
    return Server(app, host, port)


class _Http(ThreadingMixIn, HTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], app: WSGIApplication) -> None:
        self.app = app
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # HTTPServer looks its own name up in the DNS here, which takes seconds where there is none.
        super(HTTPServer, self).server_bind()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def end_connections(self) -> None:
        with self._guard:
            remaining = list(self._open)
        for connection in remaining:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nobody's error; anything else is shown, without a traceback's noise."""
        problem = sys.exc_info()[1]
        if not isinstance(problem, OSError):
            name = type(problem).__name__
            sys.stderr.write(f"sandbox: a request of {client_address} on {request} failed: {name}\n")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "callsheet-sandbox"
    sys_version = ""
    wbufsize = 65536
    disable_nagle_algorithm = True
    timeout = _IDLE_SECONDS
    server: _Http

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def _answer(self) -> None:
        body = self._body()
        if body is None:
            return
        head: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> Any:
            head[:] = [status, headers]
            return None

        try:
            parts = self.server.app(self._environ(body), start_response)
        except ConnectionAbortedError:
            self.close_connection = True
            return
        self._send(head, parts)

    def _send(self, head: list[Any], parts: Any) -> None:
        try:
            started = False
            for part in parts:
                if not started:
                    self._head(*head)
                    started = True
                self.wfile.write(part)
                # What comes later may come much later.
                self.wfile.flush()
            if not started:
                self._head(*head)
        except ConnectionAbortedError:
            self.close_connection = True
        finally:
            if hasattr(parts, "close"):
                parts.close()
        self.wfile.flush()

    def _head(self, status: str, headers: list[tuple[str, str]]) -> None:
        code, _, phrase = status.partition(" ")
        self.send_response(int(code), phrase)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def _body(self) -> bytes | None:
        """The request's body, or None after a refusal."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self._chunks()
        text = self.headers.get("Content-Length") or "0"
        if not text.isdecimal() or int(text) > _BODY_LIMIT:
            self.close_connection = True
            self.send_error(400 if not text.isdecimal() else 413)
            return None
        wanted = int(text)
        body = self.rfile.read(wanted)
        if len(body) < wanted:
            # The client went away half-way: what it meant is unknown, so nothing is carried out.
            self.close_connection = True
            return None
        return body

    def _chunks(self) -> bytes | None:
        out = bytearray()
        while True:
            line = self.rfile.readline(64).split(b";")[0].strip()
            try:
                size = int(line, 16)
            except ValueError:
                size = -1
            if size < 0 or len(out) + size > _BODY_LIMIT:
                self.close_connection = True
                self.send_error(400 if size < 0 else 413)
                return None
            if size == 0:
                while self.rfile.readline(8192).strip():
                    pass
                return bytes(out)
            out += self.rfile.read(size)
            self.rfile.readline(8)

    def _environ(self, body: bytes) -> WSGIEnvironment:
        path, _, query = self.path.partition("?")
        environ: WSGIEnvironment = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "CONTENT_LENGTH": str(len(body)),
            "SERVER_NAME": self.server.server_name,
            "SERVER_PORT": str(self.server.server_port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": str(self.client_address[0]),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            key = name.upper().replace("-", "_")
            if key == "CONTENT_TYPE":
                environ[key] = value
            elif key not in ("CONTENT_LENGTH", "TRANSFER_ENCODING"):
                environ[f"HTTP_{key}"] = value
        return environ

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Quiet: the control endpoint counts the requests."""

"""A proxy in front of the moto server that does what S3 does on a bad day."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

_DROPPED = {"content-length", "connection", "transfer-encoding", "server", "date"}


class Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        pass


class Between:
    """`faults` is used up one per PUT: a status with its code, `lost` (done, answered with a 500) or None.

    `heedless` passes requests on without their conditions; queries in `refused` are not allowed.
    """

    def __init__(self, behind: str) -> None:
        self._behind = behind
        self.faults: list[tuple[int, str] | str | None] = []
        self.heedless = False
        self.refused: tuple[str, ...] = ()
        self.requests: list[str] = []
        self.url = ""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        self.requests.append(f"{method} {path}")
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        fault = self.faults.pop(0) if self.faults and method == "PUT" else None
        if environ.get("QUERY_STRING", "").split("=")[0] in self.refused:
            return self._refuse(start_response, 403, "AccessDenied")
        if isinstance(fault, tuple):
            return self._refuse(start_response, *fault)
        headers = {
            key[5:].replace("_", "-"): value for key, value in environ.items() if key.startswith("HTTP_")
        }
        headers["Content-Type"] = environ.get("CONTENT_TYPE") or "application/octet-stream"
        if self.heedless:
            headers = {key: value for key, value in headers.items() if not key.startswith("IF-")}
        query = f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else ""
        request = urllib.request.Request(
            f"{self._behind}{path}{query}", body if method == "PUT" else None, headers, method=method
        )
        try:
            with urllib.request.urlopen(request) as answer:
                status, told, data = answer.status, answer.headers.items(), answer.read()
        except urllib.error.HTTPError as cause:
            with cause:
                status, told, data = cause.code, cause.headers.items(), cause.read()
        if fault == "lost":
            return self._refuse(start_response, 500, "InternalError")
        kept = [(key, value) for key, value in told if key.lower() not in _DROPPED]
        length = dict(told).get("Content-Length", "0") if method == "HEAD" else str(len(data))
        start_response(f"{status} -", [*kept, ("Content-Length", length)])
        return [data]

    def _refuse(self, start_response: Callable[..., Any], status: int, code: str) -> Iterable[bytes]:
        data = f"<Error><Code>{code}</Code><Message>so it is</Message></Error>".encode()
        start_response(
            f"{status} -", [("Content-Type", "application/xml"), ("Content-Length", str(len(data)))]
        )
        return [data]


@contextmanager
def between(behind: str) -> Iterator[Between]:
    proxy = Between(behind)
    server = make_server("127.0.0.1", 0, proxy, threaded=False, request_handler=Quiet)
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

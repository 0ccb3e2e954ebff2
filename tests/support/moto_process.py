"""A moto server as a process of its own, for the S3 store's tests: `-m support.moto_process PORT_FILE`.

It carries out one request at a time, since moto looks at a condition and writes in two steps; S3 does both
in one. It is whole by then, so that a process that is stopped while it sends one keeps nobody waiting.
`GET /-/traffic` tells how many requests with how many bytes have come so far.
"""

from __future__ import annotations

import io
import json
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server


class Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        pass


class Counted:
    def __init__(self, app: Any) -> None:
        self._app = app
        self._requests: dict[str, int] = {}
        self._bytes = 0
        self._turn = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/-/traffic":
            told = json.dumps({"requests": self._requests, "bytes": self._bytes}).encode()
            start_response(
                "200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(told)))]
            )
            return [told]
        method = environ["REQUEST_METHOD"]
        self._requests[method] = self._requests.get(method, 0) + 1
        length = int(environ.get("CONTENT_LENGTH") or 0)
        self._bytes += length
        environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(length))
        with self._turn:
            return list(self._app(environ, start_response))


def main(port_file: str) -> None:
    app = Counted(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    # A rename, so that whoever waits for the file never reads half of it.
    temporary = Path(port_file + ".new")
    temporary.write_text(str(server.server_port))
    temporary.rename(port_file)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])

"""A server on a real socket that answers by script, one step per request, and does as badly as it is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Step = bytes | Callable[[socket.socket], None]


def answer(status: int, body: bytes = b"{}", *headers: str, kind: str = "application/json") -> bytes:
    lines = [
        f"HTTP/1.1 {status} Whatever",
        f"content-type: {kind}",
        f"content-length: {len(body)}",
        "connection: close",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def drop(connection: socket.socket) -> None:
    """Close without a word."""


@dataclass
class Hostile:
    steps: list[Step]
    seen: list[bytes] = field(default_factory=list)
    url: str = ""

    def requests(self) -> list[str]:
        return [request.split(b"\r\n", 1)[0].decode("latin-1") for request in self.seen]


@contextmanager
def hostile(*steps: Step) -> Iterator[Hostile]:
    """Serve the steps in turn; the last one again and again."""
    listener = socket.create_server(("127.0.0.1", 0))
    state = Hostile(list(steps), url=f"http://127.0.0.1:{listener.getsockname()[1]}")
    done = threading.Event()

    def run() -> None:
        while not done.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                request = _request(connection)
                if not request:
                    continue
                step = state.steps[min(len(state.seen), len(state.steps) - 1)]
                state.seen.append(request)
                try:
                    if callable(step):
                        step(connection)
                    else:
                        connection.sendall(step)
                except OSError:
                    continue

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        done.set()
        with socket.socket() as poke:
            poke.connect_ex(listener.getsockname())
        listener.close()
        thread.join(5)


def _request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body

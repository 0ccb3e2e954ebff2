"""A webhook's receiver on this machine: keeps what it got, and answers what it is told to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from callsheet.sandbox.server import serve


class Hook:
    """`got` are headers and bodies in their order; `answers` are used up, then everything is taken."""

    secret = "canary-hook-path-9Zt4"

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        self.root = ""

    @property
    def url(self) -> str:
        """The address is the secret: whoever has it may write there."""
        return f"{self.root}/services/{self.secret}"

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(content) for _, content in self.got]

    def app(self, environ: Any, start_response: Any) -> list[bytes]:
        headers = {
            name[5:].replace("_", "-").title(): value
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        headers["Content-Type"] = environ.get("CONTENT_TYPE", "")
        self.got.append((headers, environ["wsgi.input"].read()))
        status, more = self.answers.pop(0) if self.answers else (200, {})
        start_response(f"{status} Said", [("Content-Length", "2"), *more.items()])
        return [b"ok"]


@contextmanager
def hook() -> Iterator[Hook]:
    made = Hook()
    with serve(made.app) as server:
        made.root = server.url
        yield made

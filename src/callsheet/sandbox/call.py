"""What one request brings with it, and the settings of the application it came to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request, Response

from callsheet.sandbox.problems import Problem
from callsheet.sandbox.store import Store


@dataclass(frozen=True, slots=True)
class Settings:
    """`clock` gives seconds since 1970, `ids` fresh UUIDs, `sleep` waits; all three injectable.

    An attached file is `indexing` for `indexing_reads` reads of its knowledge base, or, where
    `indexing_seconds` is given, for that long.
    """

    clock: Callable[[], float]
    ids: Callable[[], str]
    sleep: Callable[[float], None]
    indexing_reads: int = 1
    indexing_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes, and where times and ids of what is written come from."""

    org: str
    settings: Settings

    @property
    def now(self) -> int:
        return int(self.settings.clock() * 1000)

    def new_id(self) -> str:
        return self.settings.ids()


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request. `ignored_clears` and `list_cap` come from the bad-day switches."""

    request: Request
    store: Store
    author: Author
    ignored_clears: frozenset[str] = frozenset()
    list_cap: int | None = None
    fails_indexing: bool = False
    defaults: dict[str, dict[str, Any]] | None = None

    @property
    def org(self) -> str:
        return self.author.org

    def json(self) -> dict[str, Any]:
        """The request's body as an object; an empty body is an empty object. Problem 400 or 413 otherwise."""
        try:
            raw = self.request.get_data(cache=False)
        except RequestEntityTooLarge:
            raise Problem(413, "request entity too large") from None
        if not raw:
            return {}
        try:
            body = orjson.loads(raw)
        except orjson.JSONDecodeError as wrong:
            raise Problem(400, f"The body is not valid JSON: {wrong}") from None
        if not isinstance(body, dict):
            raise Problem(400, ["The body must be an object"])
        return body


def answer(body: bytes, status: int = 200) -> Response:
    return Response(body, status, content_type="application/json; charset=utf-8")

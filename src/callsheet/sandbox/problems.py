"""Errors as the API writes them: `{statusCode, message, error}`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from werkzeug.wrappers import Response


class Problem(Exception):
    """An answer that is no success. `message` is a text, or a list of texts where a body is wrong."""

    def __init__(
        self, status: int, message: str | Sequence[str], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status)
        self.status = status
        self.body: dict[str, Any] = {
            "message": message if isinstance(message, str) else list(message),
            "error": HTTPStatus(status).phrase,
            "statusCode": status,
        }
        self.headers = dict(headers or {})

    def response(self) -> Response:
        return Response(
            orjson.dumps(self.body), self.status, headers=self.headers, mimetype="application/json"
        )


class Pinned(Problem):
    """409: another object holds a version of this one (facts §4). The body names no status."""

    def __init__(self, what: str, message: str) -> None:
        super().__init__(409, message)
        self.body = {"error": f"{what}_pinned", "message": message}


def not_found(label: str, id_: str) -> Problem:
    return Problem(404, f"{label} with ID {id_} not found")

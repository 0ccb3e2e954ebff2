"""A WSGI application in front of another that holds every request body against the vendor's document."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
from werkzeug.wrappers import Request

from callsheet.providers.vapi.vendor import additions
from callsheet.providers.vendor_schema import VendorSchema, load

DOCUMENT = Path(__file__).resolve().parents[4] / "shared" / "openapi" / "vapi.json"


def vendor() -> VendorSchema | None:
    """Vapi's OpenAPI document where this checkout has one beside it."""
    return load(DOCUMENT, additions()) if DOCUMENT.exists() else None


class Judge:
    """Counts requests by method and path, and collects what the document does not allow in their bodies."""

    def __init__(self, app: Any, schema: VendorSchema | None) -> None:
        self._app, self.schema = app, schema
        self.requests: list[tuple[str, str, str]] = []
        self.mismatches: list[str] = []

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        data = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(data)
        request = Request(dict(environ, **{"wsgi.input": io.BytesIO(data)}))
        self.requests.append((request.method, request.path, request.query_string.decode()))
        if self.schema and data:
            if request.mimetype == "multipart/form-data":
                body: Any = {**request.form.to_dict(), **dict.fromkeys(request.files, "bytes")}
            else:
                body = orjson.loads(data)
            for found in self.schema.mismatches(request.method, request.path, body):
                self.mismatches.append(f"{request.method} {request.path}: {found.path}: {found.message}")
        request.close()
        return self._app(environ, start_response)

    def count(self, method: str, path: str) -> int:
        return sum(1 for asked in self.requests if asked[:2] == (method, path))

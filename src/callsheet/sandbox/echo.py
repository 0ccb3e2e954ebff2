"""Echoes: errors that repeat what was sent, key and all, as careless servers and gateways do."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import orjson
from werkzeug.wrappers import Request, Response

from callsheet.sandbox.faults import Fault


def echoed(request: Request, fault: Fault) -> Response:
    """The answer of a switch with `echo`. Its headers repeat the key as well."""
    sent = request.get_data()
    key = request.headers.get("Authorization", "")
    headers = {
        "Location": f"https://elsewhere.example/?key={quote(key)}",
        "WWW-Authenticate": f'Bearer realm="{key}"',
        "Retry-After": f"{fault.seconds:g}" if fault.seconds else key,
        "X-Request": base64.b64encode(sent[:1024]).decode(),
    }
    if fault.echo == "body":
        body, kind = sent or orjson.dumps({"authorization": key}), "application/json"
    elif fault.echo == "message":
        said = [f"{key} was sent", *(f"{text!r} is not allowed" for text in _texts(_read(sent)))]
        body, kind = orjson.dumps({"message": said, "statusCode": fault.answer_status}), "application/json"
    else:
        forms = [key, quote(key), base64.b64encode(key.encode()).decode(), sent.decode("utf-8", "replace")]
        body, kind = "\n".join(forms).encode(), "text/plain; charset=utf-8"
    return Response(body, fault.answer_status, headers=headers, content_type=kind)


def _read(sent: bytes) -> Any:
    try:
        return orjson.loads(sent)
    except orjson.JSONDecodeError:
        return None


def _texts(value: Any) -> Iterator[str]:
    """Every string of a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)

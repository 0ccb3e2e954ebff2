"""A client of the standard library for the sandbox, a clock that the test moves, and common bodies."""

from __future__ import annotations

import http.client
import json
import uuid
from dataclasses import dataclass, field
from typing import Any

from callsheet.sandbox.server import Server

NOON = 1_780_000_000.0


@dataclass
class Clock:
    now: float = NOON

    def __call__(self) -> float:
        return self.now


@dataclass
class Answer:
    status: int
    body: Any
    headers: dict[str, str]
    raw: bytes


@dataclass
class Api:
    """A client of the standard library, one connection, for one key."""

    server: Server
    key: str | None = "key-one"
    connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=20)

    def __call__(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        sent = dict(headers or {})
        if self.key is not None:
            sent["Authorization"] = f"Bearer {self.key}"
        data = body
        if body is not None and not isinstance(body, bytes):
            sent.setdefault("Content-Type", "application/json")
            data = json.dumps(body).encode()
        try:
            self.connection.request(method, path, data, sent)
            response = self.connection.getresponse()
            raw = response.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise
        parsed = json.loads(raw) if "json" in response.headers.get("Content-Type", "") else raw
        return Answer(response.status, parsed, dict(response.headers), raw)

    def make(self, path: str, body: Any) -> dict[str, Any]:
        answer = self("POST", path, body)
        assert answer.status == 201, answer.body
        made: dict[str, Any] = answer.body
        return made

    def get(self, path: str) -> Any:
        answer = self("GET", path)
        assert answer.status == 200, answer.body
        return answer.body

    def change(self, path: str, body: Any) -> dict[str, Any]:
        answer = self("PATCH", path, body)
        assert answer.status == 200, answer.body
        changed: dict[str, Any] = answer.body
        return changed

    def upload(self, name: str, data: bytes, **fields: str) -> Answer:
        mark = uuid.uuid4().hex
        parts = [
            f'--{mark}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in fields.items()
        ]
        head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = b"".join(parts) + head.encode() + data + f"\r\n--{mark}--\r\n".encode()
        return self("POST", "/file", body, {"Content-Type": f"multipart/form-data; boundary={mark}"})


MODEL = {
    "provider": "openai",
    "model": "gpt-4.1",
    "temperature": 0.2,
    "messages": [{"role": "system", "content": "Be brief."}],
}
ASSISTANT = {"name": "Orders", "model": MODEL, "voice": {"provider": "11labs", "voiceId": "burt"}}
FUNCTION = {
    "type": "function",
    "function": {"name": "look_up", "parameters": {"type": "object", "properties": {}}},
}
OUTPUT = {"name": "Satisfied", "schema": {"type": "object", "properties": {"ok": {"type": "boolean"}}}}
NOWHERE = "00000000-0000-4000-8000-000000000000"

"""The emulator, and before it the one thing that the workflows need and it lacks: commit statuses."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from support import emulator, github

AT = "/repos/acme-bot/voice"


class Front(github.GitHubDouble):
    """`behind` is the emulator's address; `requests` has what went there as well."""

    def __init__(self, behind: str) -> None:
        super().__init__()
        self.behind, self.token = behind, emulator.TOKEN

    def routes(self) -> list[Any]:
        return [("POST", f"{AT}/statuses/(.+)", self._status)]

    def app(self, environ: Any, start_response: Any) -> list[bytes]:
        path, query = environ["PATH_INFO"], environ["QUERY_STRING"]
        if "/statuses/" in path:
            return super().app(environ, start_response)
        body = environ["wsgi.input"].read()
        request = urllib.request.Request(
            f"{self.behind}{path}?{query}",
            method=environ["REQUEST_METHOD"],
            data=body or None,
            headers={
                "Authorization": environ.get("HTTP_AUTHORIZATION", ""), "Content-Type": "application/json",
            },
        )  # fmt: skip
        self.requests.append((request.method or "", path, {}, json.loads(body) if body else None))
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                status, data = answer.status, answer.read()
        except urllib.error.HTTPError as cause:
            status, data = cause.code, cause.read()
        start_response(
            f"{status} Answered", [("Content-Type", "application/json"), ("Content-Length", str(len(data)))]
        )
        return [data]

"""What the doubles of code hosts have in common: a server on this machine with bad days, and its requests."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from callsheet.sandbox.server import serve

TOKEN = "canary-host-token-7Qx2"


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, message: Any) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass
class Trouble:
    """What the next fitting request meets. `done`: it is carried out, and its answer lost."""

    method: str
    part: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "trouble"
    done: bool = False


class Host:
    """`requests` are method, path, query and body of everything that came; `troubles` are used up in order.

    `faults` are requests that the real host's schema does not allow: a test that leaves one has failed.
    """

    def __init__(self) -> None:
        self.requests: list[tuple[str, str, dict[str, str], Any]] = []
        self.troubles: list[Trouble] = []
        self.faults: list[str] = []
        self.url = ""
        self.api = ""
        self._next = 100

    def number(self) -> int:
        self._next += 1
        return self._next

    def asked(self, *methods: str, part: str = "") -> list[Any]:
        return [each for each in self.requests if each[0] in methods and part in each[1]]

    @property
    def writes(self) -> list[str]:
        return [f"{method} {path}" for method, path, _, _ in self.requests if method != "GET"]

    def routes(self) -> list[tuple[str, str, Callable[..., Any]]]:
        raise NotImplementedError

    def check(self, environ: Any, method: str, path: str, query: dict[str, str], body: Any) -> None:
        """Refused where the token or the request is not right."""

    def app(self, environ: Any, start_response: Any) -> list[bytes]:
        method = environ["REQUEST_METHOD"]
        path = environ["RAW_URI"].partition("?")[0] if "RAW_URI" in environ else environ["PATH_INFO"]
        query = {name: found[-1] for name, found in parse_qs(environ["QUERY_STRING"]).items()}
        raw = environ["wsgi.input"].read()
        body = json.loads(raw) if raw else None
        self.requests.append((method, path, query, body))
        trouble = next((each for each in self.troubles if each.method == method and each.part in path), None)
        headers: dict[str, str] = {}
        try:
            if trouble:
                self.troubles.remove(trouble)
            if trouble is None or trouble.done:
                self.check(environ, method, path, query, body)
                status, value, headers = self._carried_out(method, path, query, body)
            if trouble:
                status, headers, value = trouble.status, trouble.headers, {"message": trouble.message}
        except Refused as cause:
            status, value = cause.status, {"message": cause.message}
        except AssertionError as cause:
            self.faults.append(f"{method} {path}: {cause}")
            status, value = 422, {"message": "Problems parsing JSON"}
        data = json.dumps(value).encode()
        start_response(
            f"{status} {'OK' if status < 300 else 'Trouble'}",
            [
                ("Content-Type", "application/json"),
                ("Content-Length", str(len(data))),
                *headers.items(),
            ],
        )
        return [data]

    def _carried_out(
        self, method: str, path: str, query: dict[str, str], body: Any
    ) -> tuple[int, Any, dict[str, str]]:
        for verb, shape, do in self.routes():
            found = re.fullmatch(shape, path)
            if verb == method and found:
                value = do(*map(unquote, found.groups()), query=query, body=body)
                headers = {}
                if isinstance(value, list):
                    value, headers = self._page(path, query, value)
                return (201 if method == "POST" and "graphql" not in path else 200), value, headers
        raise Refused(404, "Not Found")

    def _page(self, path: str, query: dict[str, str], found: list[Any]) -> tuple[list[Any], dict[str, str]]:
        size, page = int(query.get("per_page", 30)), int(query.get("page", 1))
        more = page * size < len(found)
        rest = "&".join(f"{key}={value}" for key, value in query.items() if key != "page")
        link = f'<{self.url}{path}?{rest}&page={page + 1}>; rel="next", <{self.url}{path}?page=9>; rel="last"'
        return found[(page - 1) * size : page * size], ({"Link": link} if more else {})


@contextmanager
def served(host: Host, api: str) -> Iterator[Host]:
    with serve(host.app) as server:
        host.url = server.url
        host.api = server.url + api
        yield host
    assert host.faults == []

"""The WSGI application: keys, bad days, routing, errors."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Request, Response

from callsheet.sandbox.call import Author, Call, Settings
from callsheet.sandbox.control import PREFIX, control
from callsheet.sandbox.echo import echoed
from callsheet.sandbox.faults import Effect, Fault, Faults, Struck
from callsheet.sandbox.files import CONTENT_PATH
from callsheet.sandbox.problems import Problem
from callsheet.sandbox.recorder import Recorder
from callsheet.sandbox.routes import routes
from callsheet.sandbox.store import Store

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_READS = ("GET", "HEAD", "OPTIONS")
_JSON_LIMIT, _UPLOAD_LIMIT = 10 * 2**20, 100 * 2**20
_PAGE = (
    b"<!doctype html><html><head><title>Sign in</title></head>"
    b"<body><h1>Please sign in to the network</h1></body></html>"
)


class Sandbox:
    """Vapi's HTTP API on a store. A WSGI application, safe for threads.

    Where a bad day closes the connection, the application raises `ConnectionAbortedError`: from the call
    itself when nothing is answered, while the body is iterated when it stops half-way. A server turns
    that into a closed socket; a client in the same process sees the exception.
    """

    def __init__(self, store: Store, *, organisation: str | None, faults: Faults, settings: Settings) -> None:
        self.store = store
        self.faults = faults
        self.requests = Recorder()
        self._organisation = organisation
        self._settings = settings
        self._routes = routes()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        upload = request.mimetype == "multipart/form-data"
        request.max_content_length = _UPLOAD_LIMIT if upload else _JSON_LIMIT
        request.max_form_memory_size = _JSON_LIMIT
        if request.path.startswith(PREFIX) and not request.path.startswith(CONTENT_PATH):
            response = self._guarded(lambda: control(request, self.faults, self.requests))
            return response(environ, start_response)
        try:
            response, struck, route = self._respond(request)
        finally:
            request.close()
        cut, slow = struck.first(Effect.TRUNCATE), struck.first(Effect.SLOW_BODY)
        gone = struck.first(Effect.DROP, Effect.LOSE_ANSWER)
        status = None if gone else response.status_code
        self.requests.record(request.method, route, request.path, status)
        if gone:
            response.close()
            raise ConnectionAbortedError("the sandbox closed the connection without an answer")
        if cut or slow:
            rest = (lambda: self._settings.sleep(slow.seconds)) if slow and not cut else None
            return _halves(response, environ, start_response, rest)
        return response(environ, start_response)

    def _respond(self, request: Request) -> tuple[Response, Struck, str]:
        """The answer, the switches that the request met, and its route such as `/assistant/{id}`."""
        struck, route = Struck(()), request.path
        adapter = self._routes.bind_to_environ(request.environ)
        try:
            rule, values = adapter.match(return_rule=True)
        except HTTPException as wrong:
            return _no_route(request, wrong).response(), struck, route
        route = re.sub(r"<(?:[^:<>]*:)?(\w+?)_?>", r"{\1}", rule.rule).replace(
            "{provider}", values.get("provider", "")
        )
        if rule.endpoint is not None and request.path.startswith(CONTENT_PATH):
            org, key = "", ""
        else:
            try:
                org, key = self._authenticate(request)
            except Problem as refused:
                return refused.response(), struck, route
        struck = self.faults.struck(request.method, request.path, key, self._settings.clock)
        for late in struck.all(Effect.LATENCY):
            self._settings.sleep(late.seconds)
        if struck.first(Effect.DROP):
            return Response(), struck, route
        if stopped := _stopped(request, struck):
            return stopped, struck, route
        call = self._call(request, org, struck)
        if struck.first(Effect.ERROR_AFTER):
            request.get_data()  # kept for an echo
        response = self._guarded(lambda: rule.endpoint(call, **values))
        if failed := struck.first(Effect.ERROR_AFTER):
            return _failure(request, failed), struck, route
        return response, struck, route

    def _authenticate(self, request: Request) -> tuple[str, str]:
        """The organisation's id and the key. Every key that is not empty opens an organisation."""
        kind, _, key = request.headers.get("Authorization", "").partition(" ")
        key = key.strip()
        if kind.lower() != "bearer" or not key:
            raise Problem(401, "Invalid Key. Hint: send Authorization: Bearer with your private key.")
        # Without a named organisation each key is its own one; the key itself is stored nowhere.
        name = self._organisation or "key-" + hashlib.sha256(key.encode()).hexdigest()[:16]
        return self.store.organisation(name), key

    def _call(self, request: Request, org: str, struck: Struck) -> Call:
        caps = [fault.most for fault in struck.all(Effect.LIST_CAP)]
        defaults: dict[str, dict[str, object]] = {}
        for fault in struck.all(Effect.DEFAULTS):
            defaults.setdefault(fault.kind, {}).update(fault.values)
        return Call(
            request,
            self.store,
            Author(org, self._settings),
            ignored_clears=frozenset(
                name for fault in struck.all(Effect.IGNORE_CLEAR) for name in fault.fields
            ),
            list_cap=min(caps) if caps else None,
            fails_indexing=struck.first(Effect.FAIL_INDEXING) is not None,
            defaults=defaults or None,
        )

    def _guarded(self, act: Callable[[], Response]) -> Response:
        try:
            return act()
        except Problem as problem:
            return problem.response()
        except HTTPException as wrong:
            return Problem(
                wrong.code or 400, wrong.description or HTTPStatus(wrong.code or 400).phrase
            ).response()
        except (UnicodeError, RecursionError):
            return Problem(400, "The request cannot be read").response()
        except sqlite3.OperationalError as busy:
            return Problem(503, f"The sandbox's store cannot be used right now: {busy}").response()


def _stopped(request: Request, struck: Struck) -> Response | None:
    """The answer of a bad day that keeps the request from being carried out."""
    if struck.wait is not None:
        wait = max(1, int(-(-struck.wait // 1)))
        return Problem(429, "Rate limit exceeded", {"Retry-After": str(wait)}).response()
    if failed := struck.first(Effect.ERROR):
        return _failure(request, failed)
    if page := struck.first(Effect.HTML):
        if page.echo:
            return echoed(request, page)
        return Response(_PAGE, page.answer_status, mimetype="text/html")
    if request.method not in _READS and struck.first(Effect.READ_ONLY):
        return Problem(403, "This key may read only").response()
    return None


def _failure(request: Request, fault: Fault) -> Response:
    if fault.echo:
        return echoed(request, fault)
    status = fault.answer_status
    headers = {"Retry-After": f"{fault.seconds:g}"} if fault.seconds else {}
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Error"
    return Problem(status, phrase, headers).response()


def _no_route(request: Request, wrong: HTTPException) -> Problem:
    headers = {}
    if isinstance(wrong, MethodNotAllowed) and wrong.valid_methods:
        headers["Allow"] = ", ".join(wrong.valid_methods)
    # Express, which the real server runs on, knows no 405.
    return Problem(404, f"Cannot {request.method} {request.path}", headers)


def _halves(
    response: Response,
    environ: WSGIEnvironment,
    start_response: StartResponse,
    before_the_rest: Callable[[], None] | None,
) -> Iterator[bytes]:
    """The body in two parts; without `before_the_rest`, the second is never sent."""
    body = response.get_data()
    iterator = response(environ, start_response)
    close = getattr(iterator, "close", None)
    if close:
        close()
    return _parts(body, before_the_rest)


def _parts(body: bytes, before_the_rest: Callable[[], None] | None) -> Iterator[bytes]:
    half = max(1, len(body) // 2)
    yield body[:half]
    if before_the_rest is None:
        raise ConnectionAbortedError("the sandbox closed the connection in the middle of its answer")
    before_the_rest()
    yield body[half:]


def create_app(
    store: Store,
    *,
    organisation: str | None = None,
    faults: Faults | None = None,
    clock: Callable[[], float] = time.time,
    ids: Callable[[], str] = lambda: str(uuid.uuid4()),
    sleep: Callable[[float], None] = time.sleep,
    indexing_reads: int = 1,
    indexing_seconds: float | None = None,
) -> Sandbox:
    """The API on `store`. With `organisation`, every key that is not empty opens that one; see Settings."""
    settings = Settings(clock, ids, sleep, indexing_reads, indexing_seconds)
    return Sandbox(store, organisation=organisation, faults=faults or Faults(), settings=settings)

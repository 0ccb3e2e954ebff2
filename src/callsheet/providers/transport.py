"""The one way to a provider's HTTP API. No other module of the providers imports httpx.

One pooled client per connection, built when the first request is made. Decisions that users may meet:

- Proxy and certificate settings of the environment (`HTTPS_PROXY`, `NO_PROXY`, `SSL_CERT_FILE`) are honoured,
  except for this machine, where a proxy has no business; `.netrc` never is.
- Redirects are not followed: the API key would go along.
- `retrying` says what is sent again, `errors` what a status means.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import orjson

from callsheet import __version__
from callsheet.model.errors import ProviderError
from callsheet.model.events import Event, Listener
from callsheet.model.exchange import Exchange, Tap, untapped
from callsheet.providers import settings
from callsheet.providers.answers import Expected, Reading, Received
from callsheet.providers.attempts import Attempts
from callsheet.providers.clock import Clock
from callsheet.providers.errors import Request
from callsheet.providers.pace import Pace
from callsheet.providers.redaction import Redactor, telling

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# Nothing was sent: the connection, or the proxy's, was never made.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_CONNECTIONS = 32


@dataclass(frozen=True, slots=True)
class Upload:
    """A multipart body: one file and plain fields beside it."""

    name: str
    content: bytes
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Unanswered:
    """No answer came: what kind of trouble that was, and what to raise."""

    why: str
    failure: Exception


class Transport:
    """Sends requests and gives back decoded JSON. Safe to share between threads."""

    def __init__(
        self,
        provider: str,
        base_url: str,
        api_key: str,
        *,
        clock: Clock,
        on_event: Listener,
        redactor: Redactor,
        explanations: Mapping[str, str] | None = None,
        limits: settings.Limits | None = None,
        pace: Pace | None = None,
        wsgi_app: WSGIApplication | None = None,
        jitter: Callable[[], float] = random.random,
        tap: Tap = untapped,
        sends_keys: bool = False,
    ) -> None:
        """`explanations`: what to do about a conflict, by a word of the provider's message.

        `jitter` gives numbers between 0 and 1. `sends_keys`: whether the provider knows what an
        `Idempotency-Key` means. ProviderError when `base_url` or `api_key` cannot be used.
        """
        self._provider, self._base_url, self._wsgi_app = provider, base_url, wsgi_app
        in_process = settings.Endpoint("http://sandbox.localhost", loopback=True)
        self._endpoint = in_process if wsgi_app else settings.endpoint(provider, base_url)
        self._authorization = settings.bearer(provider, api_key)
        self._redactor, self._clock, self._on_event = redactor, clock, on_event
        redactor.hide([api_key])
        self._limits = limits or settings.Limits()
        self._pace = pace or Pace(clock)
        self._tap, self._sends_keys = tap, sends_keys
        self._reading = Reading(base_url, redactor, explanations or {}, self._limits, clock)
        self._attempts = Attempts(self._limits, clock, on_event, jitter)
        self._client: httpx.Client | None = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Transport({self._provider}, {self._base_url!r})"

    def close(self) -> None:
        with self._lock:
            client, self._client = self._client, None
        if client:
            client.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        json: Any = None,
        upload: Upload | None = None,
        secrets: Iterable[str] = (),
        key: str | None = None,
        alive: Callable[[], None] | None = None,
        expect: Expected = dict,
    ) -> Any:
        """One request, repeated where that is safe; the decoded body, which is an `expect`.

        `secrets` are strings inside the body that no message may show; `key` tells what the request is for.
        `alive` is called before each attempt, when its turn has come; what it raises ends the request.
        ProviderError says what is wrong; Ambiguous that a write may have happened; NotFound that it is 404.
        """
        self._redactor.hide([*secrets, *telling(json)])
        asked = Request(self._provider, method, path)
        headers = {"authorization": self._authorization}
        if key and self._sends_keys:
            headers["idempotency-key"] = settings.header(self._provider, "Idempotency-Key", key)
        body = _body(asked, json, upload, headers)
        sent = upload.content if upload else body.get("content", b"")
        client = self._ready(asked)

        def build() -> httpx.Request:
            return client.build_request(
                method, self._endpoint.url + path, params=query, headers=headers, **body
            )

        def attempt() -> Any:
            turn = self._pace.take()
            if alive is not None:
                alive()
            at, started = self._clock.now(), self._clock.monotonic()
            received = self._exchange(client, asked, build)
            seconds = round(self._clock.monotonic() - started, 4)
            told = partial(Exchange, at, method, path, key, seconds=seconds, sent=sent)
            if isinstance(received, _Unanswered):
                self._tap(told(status=None, why=received.why, received=b""))
                raise received.failure
            self._tap(told(status=received.status, why=received.broken, received=received.data))
            return self._read(asked, received, turn, seconds, expect)

        return self._attempts.run(asked, attempt)

    def _read(self, asked: Request, received: Received, turn: float, seconds: float, expect: Expected) -> Any:
        fields = {"method": asked.method, "path": asked.path, "status": received.status, "seconds": seconds}
        self._on_event(Event("provider.request", fields))
        if received.status == 429:
            wait = self._reading.asked_wait(received.headers) or 0.0
            self._pace.refused(turn, min(wait, self._limits.retry_after))
        else:
            self._pace.welcomed()
        return self._reading.value(asked, received, expect)

    def _exchange(
        self, client: httpx.Client, asked: Request, build: Callable[[], httpx.Request]
    ) -> Received | _Unanswered:
        """The answer, or what to raise: httpx's own exceptions hold the request, and that the API key."""
        try:
            response = client.send(build(), stream=True)
        except _NOT_SENT as cause:
            return _Unanswered(_name("no connection", cause), self._reading.not_connected(asked, _why(cause)))
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError) as cause:
            failure = self._reading.unreachable(asked, type(cause).__name__)
            return _Unanswered(_name("not sent", cause), failure)
        except httpx.TransportError as cause:
            return _Unanswered(_name("no answer", cause), self._reading.lost(asked, _why(cause)))
        data, broken = bytearray(), ""
        deadline = self._clock.monotonic() + self._limits.total
        try:
            for chunk in response.iter_bytes():
                data += chunk
                if len(data) > self._limits.body:
                    broken = f"a body of more than {self._limits.body // 1024} KiB, which is the limit"
                    break
                if self._clock.monotonic() > deadline:
                    broken = f"a body that was not whole after {self._limits.total:.0f} s"
                    break
        except httpx.TransportError:
            broken = f"a body that breaks off after {len(data)} bytes"
        except httpx.DecodingError:
            broken = "a body whose compression is broken"
        finally:
            response.close()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Received(response.status_code, headers, bytes(data), broken)

    def _ready(self, asked: Request) -> httpx.Client:
        with self._lock:
            if self._client is None:
                self._client = self._make(asked)
            return self._client

    def _make(self, asked: Request) -> httpx.Client:
        limits = self._limits
        _keep_quiet()
        try:
            return httpx.Client(
                transport=_InProcess(self._wsgi_app) if self._wsgi_app else None,
                trust_env=not self._endpoint.loopback,
                follow_redirects=False,
                timeout=httpx.Timeout(limits.read, connect=limits.connect, pool=limits.total),
                limits=httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
                headers={"accept": "application/json", "user-agent": f"callsheet/{__version__}"},
            )
        except (ValueError, ImportError, OSError, httpx.InvalidURL) as cause:
            name = type(cause).__name__
        raise ProviderError(
            f"{self._provider}: no HTTP client can be made from the environment's settings",
            detail=f"{asked} was to be sent ({name}).",
            hint="check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY and SSL_CERT_FILE",
            code="provider.client",
        )


@dataclass(frozen=True, slots=True)
class Undelivered:
    """Why a download gave nothing."""

    why: str


def download(url: str, *, limit: int, seconds: float = 30.0, redirects: int = 5) -> bytes | Undelivered:
    """One GET without credentials, of at most `limit` bytes. Redirects are followed: nothing goes along."""
    data = bytearray()
    _keep_quiet()
    try:
        with (
            httpx.Client(timeout=seconds, follow_redirects=True, max_redirects=redirects) as client,
            client.stream("GET", url) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                return Undelivered(f"it answered {answer.status_code}")
            for chunk in answer.iter_bytes():
                data += chunk
                if len(data) > limit:
                    return Undelivered(f"it is larger than {limit // 1024} KiB")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, ImportError, OSError) as cause:
        return Undelivered(str(cause) or type(cause).__name__)
    return bytes(data)


def _keep_quiet() -> None:
    """Whoever turns logs on gets addresses and the headers of answers from these, with what they repeat."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _body(asked: Request, json: Any, upload: Upload | None, headers: dict[str, str]) -> dict[str, Any]:
    if upload:
        # The type of the content goes by the file's name, here as there.
        return {"files": {"file": (upload.name, upload.content)}, "data": dict(upload.fields)}
    if json is None:
        return {}
    headers["content-type"] = "application/json"
    try:
        return {"content": orjson.dumps(json)}
    except TypeError:
        pass
    raise ProviderError(
        f"{asked} cannot be sent: its body has no JSON form",
        detail="A value in it is no JSON, or a text is no valid Unicode.",
        code="provider.body",
    )


def _name(what: str, cause: Exception) -> str:
    """Without the exception's own words, which may repeat an address."""
    return f"{what} ({type(cause).__name__})"


def _why(cause: Exception) -> str:
    words = str(cause) or type(cause).__name__
    return f"no answer in time ({words})" if isinstance(cause, httpx.TimeoutException) else words


class _InProcess(httpx.BaseTransport):
    """Calls a WSGI application in this process; its exceptions become what a socket would have shown."""

    def __init__(self, app: WSGIApplication) -> None:
        self._inner = httpx.WSGITransport(app=app, remote_addr="127.0.0.1")

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            response = self._inner.handle_request(request)
            content = b"".join(response.iter_raw())
            return httpx.Response(response.status_code, headers=response.headers, content=content)
        except ConnectionRefusedError as cause:
            raise httpx.ConnectError("connection refused", request=request) from cause
        except ConnectionError as cause:
            raise httpx.ReadError("the connection was dropped", request=request) from cause
        except httpx.HTTPError:
            raise
        except Exception as cause:
            # The application's own fault; its traceback is nothing for a user.
            message = f"the sandbox failed ({type(cause).__name__})"
            raise httpx.RemoteProtocolError(message, request=request) from cause

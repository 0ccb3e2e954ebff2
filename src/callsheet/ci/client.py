"""One client of one code host: sends, repeats what may be repeated, and never shows the token."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import orjson

from callsheet import __version__
from callsheet.ci.addresses import fault, is_loopback, origin
from callsheet.ci.base import Clock, HostError, Lost, NotAllowed
from callsheet.ci.pacing import LONGEST, Again, asked, limited, repeated, unsettled

_TIMEOUT = 20.0  # seconds for a connection, and between two bytes
_TOTAL = 120.0  # seconds for one answer, however it drips
_LIMIT = 32 * 1024 * 1024
_PAGES = 200
_NEXT = re.compile(r'<([^<>]+)>\s*;[^,]*\brel="?next"?')
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx. Names of headers are lower case; `value` is None where there is no JSON."""

    status: int
    headers: Mapping[str, str]
    value: Any


class Client:
    """Speaks JSON to `base_url`. `headers` hold the token, which goes there and nowhere else."""

    def __init__(
        self, name: str, base_url: str, headers: Mapping[str, str], secret: str, clock: Clock
    ) -> None:
        if why := fault(base_url):
            raise HostError(
                f"the address of {name}'s API {why}",
                hint="it is set by the CI; see docs/ci.md",
                code="ci.address",
            )
        if not secret.isascii() or not secret.isprintable() or " " in secret:
            raise HostError(
                f"the token for {name} cannot be sent: it holds white space, or is not ASCII",
                hint="store the token alone, without quotes or a final newline",
                code="ci.token",
            )
        self._name, self._base, self._secret, self._clock = name, base_url.rstrip("/"), secret, clock
        logging.getLogger("httpx").setLevel(logging.WARNING)
        logging.getLogger("httpcore").setLevel(logging.WARNING)
        self._http = httpx.Client(
            headers={"Accept": "application/json", "User-Agent": f"callsheet/{__version__}", **headers},
            timeout=_TIMEOUT,
            follow_redirects=False,
            trust_env=not is_loopback(urlsplit(base_url).hostname or ""),
        )

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, **query: Any) -> Answer:
        return self.send("GET", path, query=query)

    def pages(self, path: str, **query: Any) -> Iterator[Any]:
        """The items of a list, page by page (`Link` header), for as long as the caller asks."""
        answer = self.get(path, per_page=100, **query)
        for _ in range(_PAGES):
            if not isinstance(answer.value, list):
                raise self._strange(f"GET {path}", "it answers with something that is no list")
            yield from answer.value
            following = _NEXT.search(answer.headers.get("link", ""))
            if following is None:
                return
            if origin(following[1]) != origin(self._base):
                raise self._strange(f"GET {path}", "the next page of a list is at another host")
            answer = self.send("GET", following[1], whole=True)
        raise self._strange(f"GET {path}", f"a list has more than {_PAGES} pages")

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, Any] | None = None,
        makes: bool = False,
        whole: bool = False,
    ) -> Answer:
        """Send until it is answered. `makes`: twice would make two, so Lost is raised instead.

        `whole`: the path is an address. NotAllowed for 403 and 404, which is how hosts refuse both.
        """
        url = path if whole else self._base + path
        what = f"{method} {urlsplit(path).path}"
        content = None if body is None else orjson.dumps(body)
        headers = {"Content-Type": "application/json"} if content is not None else {}

        def attempt() -> Answer:
            status, got, data = self._exchange(
                what,
                makes,
                lambda: self._http.build_request(
                    method, url, params=dict(query) if query else None, content=content, headers=headers
                ),
            )
            return self._read(what, makes, status, got, data)

        return repeated(attempt, self._clock)

    def _exchange(
        self, what: str, makes: bool, build: Callable[[], httpx.Request]
    ) -> tuple[int, Mapping[str, str], bytes]:
        data, begun = bytearray(), self._clock.monotonic()
        try:
            answer = self._http.send(build(), stream=True)
            try:
                for chunk in answer.iter_bytes():
                    data += chunk
                    if len(data) > _LIMIT:
                        raise self._strange(what, f"it answers with more than {_LIMIT // 2**20} MiB")
                    if self._clock.monotonic() - begun > _TOTAL:
                        raise self._lost(what, makes, f"no whole answer in {_TOTAL:.0f} s")
            finally:
                answer.close()
        except _NOT_SENT as cause:
            raise Again(self._strange(what, f"no connection ({type(cause).__name__})")) from None
        except httpx.TransportError as cause:
            raise self._lost(what, makes, f"no whole answer ({type(cause).__name__})") from None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as cause:
            raise self._strange(what, f"it cannot be asked ({type(cause).__name__})") from None
        return (
            answer.status_code,
            {name.lower(): value for name, value in answer.headers.items()},
            bytes(data),
        )

    def _read(self, what: str, makes: bool, status: int, headers: Mapping[str, str], data: bytes) -> Answer:
        if 200 <= status < 300:
            return Answer(status, headers, _json(data))
        words = self._words(data)
        if (wait := limited(status, headers, data, self._clock.now())) is not None:
            far = f", and asks to wait {wait:.0f} s, which is too long for a job" if wait > LONGEST else ""
            raise Again(self._strange(what, f"it limits the rate{far}"), wait)
        if unsettled(status):
            raise self._lost(what, makes, f"it answers {status}", asked(headers, self._clock.now()))
        if status in (403, 404):
            raise NotAllowed(f"{self._name} does not let this job do it: {what} answers {status}{words}")
        if status == 401:
            raise HostError(
                f"{self._name} does not take the token: {what} answers 401{words}",
                hint="see whether it has ended or was revoked, and make a new one",
                code="ci.token",
            )
        raise self._strange(what, f"it answers {status}{words}")

    def _lost(self, what: str, makes: bool, why: str, wait: float | None = None) -> Exception:
        if makes:
            return Lost(
                f"{self._name}: {what}: {why}, so it may have been done or not",
                hint="run it again: what was made is found by its mark",
            )
        return Again(self._strange(what, why), wait)

    def _strange(self, what: str, why: str) -> HostError:
        return HostError(f"{self._name}: {what}: {why}", hint="run it again; docs/ci.md says what is needed")

    def _words(self, data: bytes) -> str:
        """The host's own, in one short line, without what it was sent."""
        value = _json(data)
        said = value.get("message") or value.get("error") if isinstance(value, dict) else None
        if not said:
            return ""
        text = (said if isinstance(said, str) else orjson.dumps(said).decode()).replace(
            self._secret, "[redacted]"
        )
        text = "".join(each if each.isprintable() else " " for each in text)
        return f" ({text[:200]})"


def segment(text: str) -> str:
    """The text as one segment of a path."""
    return quote(text, safe="")


def _json(data: bytes) -> Any:
    try:
        return orjson.loads(data) if data.strip() else None
    except orjson.JSONDecodeError:
        return None

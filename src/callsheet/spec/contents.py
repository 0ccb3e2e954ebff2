"""Files to upload: addressed by their content, read again only when somebody needs the bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from urllib.parse import unquote, urlsplit

from callsheet.model.errors import CallsheetError, SpecError
from callsheet.model.forms import plain_address
from callsheet.model.value import Content
from callsheet.spec.files import FileProblem, Files
from callsheet.spec.limits import MAX_CONTENT_BYTES


class Contents:
    """The contents of one rendering; `loaders` gives the bytes of each by SHA-256 (hex).

    `fetch` may raise OSError, ValueError or CallsheetError. Without it nothing is downloaded: contents
    at an address are then known by their declared digest alone, or stand in as unknown (`unfetched`
    lists their addresses).
    """

    def __init__(self, files: Files, fetch: Callable[[str], bytes] | None) -> None:
        self._files = files
        self._fetch = fetch
        self._known: dict[str, Content] = {}
        self.loaders: dict[str, Callable[[], bytes]] = {}
        self.unfetched: list[str] = []

    def file(self, reference: str, name: str | None = None) -> Content:
        """A file of the project. FileProblem where it cannot be had."""
        path = self._files.resolve(reference)
        if path not in self._known:
            sha256, size = self._files.measure(path)
            self._known[path] = Content(sha256, path.rpartition("/")[2], size)
            self.loaders.setdefault(sha256, partial(self._load_file, path, sha256))
        known = self._known[path]
        return Content(known.sha256, name or known.name, known.size)

    def download(self, url: str, name: str | None, sha256: str | None) -> Content:
        """A file at an address. FileProblem where it cannot be had or is another than declared."""
        try:
            base = name or unquote(urlsplit(url).path).rstrip("/").rpartition("/")[2] or "document"
        except ValueError:
            raise FileProblem("spec.download", f"{plain_address(url)} is no address") from None
        if self._fetch is None:
            self.unfetched.append(url)
            unknown = sha256 or hashlib.sha256(f"unfetched {url}".encode()).hexdigest()
            self.loaders.setdefault(unknown, partial(_refuse, url))
            return Content(unknown, base, 0)
        if url not in self._known:
            try:
                data = self._fetch(url)
            except (OSError, ValueError, CallsheetError) as problem:
                summary = f"{plain_address(url)} cannot be downloaded: {problem}"
                raise FileProblem("spec.download", summary) from None
            if len(data) > MAX_CONTENT_BYTES:
                summary = f"{plain_address(url)} has more than {MAX_CONTENT_BYTES:,} bytes"
                raise FileProblem("spec.file-too-large", summary)
            found = hashlib.sha256(data).hexdigest()
            self._known[url] = Content(found, base, len(data))
            self.loaders.setdefault(found, partial(_same, data))
        known = self._known[url]
        if sha256 is not None and sha256 != known.sha256:
            summary = f"{plain_address(url)} has the digest {known.sha256}, not the one that is declared"
            raise FileProblem(
                "spec.download", summary, "Look at what changed there before you declare it anew."
            )
        return Content(known.sha256, base, known.size)

    def _load_file(self, path: str, sha256: str) -> bytes:
        try:
            data = self._files.read(path, MAX_CONTENT_BYTES)
        except FileProblem as problem:
            raise SpecError(problem.summary, code=problem.code, hint=problem.hint) from None
        if hashlib.sha256(data).hexdigest() != sha256:
            raise SpecError(
                f"{path} changed while it was used", code="spec.file-changed", hint="Run the command again."
            )
        return data


def _same(data: bytes) -> bytes:
    return data


def _refuse(url: str) -> bytes:
    raise SpecError(f"{plain_address(url)} was not downloaded", code="spec.download")

"""The embedded sandbox: where its file is, and the application that the transport is handed."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from callsheet.model.errors import CallsheetError
from callsheet.sandbox.app import Sandbox, create_app
from callsheet.sandbox.store import Store

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_READS = ("GET", "HEAD", "OPTIONS")


def open_store(path: Path) -> Store:
    """The file, made where it is missing. CallsheetError where that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise CallsheetError(
            f"the sandbox's folder {path.parent} cannot be made ({cause.strerror})",
            detail="The embedded sandbox keeps its objects in that folder.",
            hint="make the project's folder writable, or serve a sandbox from another file "
            "(`callsheet sandbox serve --store FILE`) and name its address as baseUrl",
            code="sandbox.unwritable",
        ) from None
    return Store(path)


class Embedded:
    """Vapi's API for one organisation, to be used in this process. A WSGI application; `close` it.

    Its file is made by the first write: until then there is an organisation without objects, and those
    who only look leave nothing behind.
    """

    def __init__(self, path: Path, organisation: str) -> None:
        self._path = path
        self._organisation = organisation
        self._stores: list[Store] = []
        self._folder: TemporaryDirectory[str] | None = None
        self._real: Sandbox | None = None
        self._empty: Sandbox | None = None
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._application(environ["REQUEST_METHOD"])(environ, start_response)

    def close(self) -> None:
        for store in self._stores:
            store.close()
        if self._folder is not None:
            self._folder.cleanup()

    def _application(self, method: str) -> Sandbox:
        with self._lock:
            if self._real is None and (method not in _READS or self._path.exists()):
                self._real = self._on(open_store(self._path))
            if self._real is not None:
                return self._real
            if self._empty is None:
                self._folder = TemporaryDirectory(prefix="callsheet-sandbox-")
                self._empty = self._on(Store(Path(self._folder.name) / self._path.name))
            return self._empty

    def _on(self, store: Store) -> Sandbox:
        self._stores.append(store)
        return create_app(store, organisation=self._organisation)

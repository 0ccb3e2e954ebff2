"""The embedded sandbox: where its file is, and the application that the transport is handed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from callsheet.sandbox.app import create_app
from callsheet.sandbox.store import Store

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def open_store(path: Path) -> Store:
    path.parent.mkdir(parents=True, exist_ok=True)
    return Store(path)


def application(store: Store, organisation: str) -> WSGIApplication:
    """Vapi's API for one organisation, to be used in this process."""
    return create_app(store, organisation=organisation)

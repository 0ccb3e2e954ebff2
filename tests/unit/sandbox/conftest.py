"""A sandbox on a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from callsheet.sandbox.app import Sandbox, create_app
from callsheet.sandbox.server import Server, serve
from callsheet.sandbox.store import Store
from unit.sandbox.client import Api, Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "sandbox.db")
    yield store
    store.close()


@pytest.fixture
def app(store: Store, clock: Clock) -> Sandbox:
    return create_app(store, organisation="dev", clock=clock)


@pytest.fixture
def server(app: Sandbox) -> Iterator[Server]:
    with serve(app) as server:
        yield server


@pytest.fixture
def api(server: Server) -> Iterator[Api]:
    api = Api(server)
    yield api
    api.connection.close()

"""The stores, each with its real part; a server starts once per worker, and only if a test needs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from callsheet.state.store import Store
from support import stores
from support.stores import Backend

BACKENDS = ("file", "git", "s3", "postgres")


def make(name: str, request: pytest.FixtureRequest, folder: Path) -> Backend:
    if name == "git":
        return stores.git_backend(folder)
    if name == "s3":
        return stores.s3_backend(request.getfixturevalue("moto"))
    if name == "postgres":
        return stores.postgres_backend(request.getfixturevalue("dsn"))
    return stores.file_backend(folder)


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> Backend:
    return make(request.param, request, tmp_path)


@pytest.fixture
def store(backend: Backend) -> Store:
    return backend.open()

"""The stores, each with its real part; a server starts once per worker, and only if a test needs it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from callsheet.state.store import Store
from support import stores
from support.stores import Backend, Moto

BACKENDS = ("file", "git", "s3", "postgres")


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    kept = {key: os.environ.get(key) for key in stores.VARIABLES}
    os.environ.update(stores.VARIABLES)
    with stores.moto(tmp_path_factory.mktemp("moto")) as served:
        yield served
    for key, value in kept.items():
        os.environ.pop(key) if value is None else os.environ.update({key: value})


@pytest.fixture(scope="session")
def dsn() -> Iterator[str]:
    with stores.postgres() as dsn:
        yield dsn


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

"""Fixtures for every test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import stores
from support.stores import Moto
from support.world import World

pytest.register_assert_rewrite("faults.suite", "faults.bad_days")


# Where tests run processes, browsers and servers. One such file at the end would be waited for alone.
_LONGEST = (
    "faults",
    "contract/sandbox_sdk",
    "ci_material",
    "e2e",
    "contract/state",
    "browser",
    "canaries",
    "properties",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """After the shuffle: folders that take long first, each in the order that it came to."""
    here = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        path = item.path.relative_to(here).as_posix()
        found = (number for number, folder in enumerate(_LONGEST) if path.startswith(f"{folder}/"))
        return next(found, len(_LONGEST))

    items.sort(key=place)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


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

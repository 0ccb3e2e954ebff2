"""A Vault per test: the double, or the server of VAULT_ADDR."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from callsheet.identity.token import id_token
from callsheet.secrets.keeper import Keeper
from support.clock import FakeClock
from support.vault import Double
from support.vault.ground import Ground, ground


@pytest.fixture
def vault() -> Iterator[Ground]:
    with ground() as made:
        yield made


@pytest.fixture
def double(vault: Ground) -> Double:
    if vault.double is None:
        pytest.skip("a real server has no bad days on demand")
    return vault.double


class Run:
    """Keepers of runs that end with the test."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clock = FakeClock()
        self.keepers: list[Keeper] = []

    def __call__(self, variables: dict[str, str]) -> Keeper:
        # HOME: the person's own token file is no part of a test.
        made = Keeper(
            self.root,
            {"HOME": str(self.root), **variables},
            monotonic=self.clock.monotonic,
            id_token=partial(id_token, variables),
        )
        self.keepers.append(made)
        return made


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    made = Run(tmp_path)
    yield made
    for keeper in made.keepers:
        keeper.close()

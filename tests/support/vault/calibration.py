"""Runs hvac's own integration tests against the double: a plugin for pytest. docs/secrets.md shows how."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from support.vault.double import ROOT, Double

VERSION = "1.17.6"


class Manager:
    """Stands where hvac's tests start a `vault` process."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.root_token = ROOT
        self.keys: list[str] = []

    def start(self) -> None:
        import hvac

        self._double = Double().__enter__()
        self.client = hvac.Client(url=self._double.url, token=ROOT)

    def initialize(self) -> None:
        pass

    unseal = initialize

    def stop(self) -> None:
        self._double.__exit__()


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    # hvac's tests are a package called `tests`, in whose folder pytest is started.
    utils = import_module("tests.utils")
    utils.get_vault_version_string.cache = VERSION
    vars(import_module("tests.utils.hvac_integration_test_case"))["ServerManager"] = Manager

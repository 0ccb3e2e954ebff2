"""Providers under contract: each on a real HTTP server, every body judged by the vendor's own document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from callsheet.providers.base import Provider, Writer
from callsheet.providers.registry import connect
from callsheet.sandbox.app import Sandbox, create_app
from callsheet.sandbox.server import serve
from callsheet.sandbox.store import Store
from contract.providers.judge import Judge, vendor
from support.clock import FakeClock

SCHEMA = vendor()


@dataclass
class Subject:
    provider: Provider
    writer: Writer
    judge: Judge
    clock: FakeClock
    sandbox: Sandbox


@pytest.fixture
def vapi(tmp_path: Path) -> Iterator[Subject]:
    store = Store(tmp_path / "vapi.sqlite")
    clock = FakeClock()
    sandbox = create_app(store, organisation="acme")
    judge = Judge(sandbox, SCHEMA)
    with serve(judge) as server:
        provider = connect("vapi", base_url=server.url, api_key="key-of-acme", clock=clock)
        yield Subject(provider, provider.writer(), judge, clock, sandbox)
        provider.close()
    store.close()
    assert judge.mismatches == []

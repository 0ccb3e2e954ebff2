"""A mistake in Callsheet itself, at the worst of places, with CALLSHEET_DEBUG=1."""

from __future__ import annotations

import json
from typing import Any

import pytest

from callsheet.exports import packs
from callsheet.providers.transport import Transport
from callsheet.providers.vapi import provider
from callsheet.state.file import FileStore
from canaries.planting import desk, meddle
from canaries.stage import Stage


def _quoting(name: str) -> Any:
    def fail(*arguments: Any, **named: Any) -> Any:
        try:
            raise KeyError(f"{name}: {arguments} {named}")
        except KeyError as cause:
            raise RuntimeError(json.dumps([arguments, named], default=repr)) from cause

    return fail


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (Transport, "request"),
        (Transport, "_exchange"),
        (provider, "remote"),
        (FileStore, "append"),
        (FileStore, "put_blobs"),
        (packs, "compressed"),
    ],
)
def test_a_mistake(stage: Stage, place: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    world = stage.world
    world.variables["CALLSHEET_DEBUG"] = "1"
    with monkeypatch.context() as wrong:
        wrong.setattr(place, name, _quoting(name))
        stage.run("apply", "--yes", "-v", code=1)
    stage.run("state", "unlock", "--yes")
    stage.run("apply", "--yes")
    meddle(world)
    world.assistant("desk", "Be brief.", **desk())
    with monkeypatch.context() as wrong:
        wrong.setattr(place, name, _quoting(name))
        for verb in (
            ("drift",),
            ("export", "--out", str(world.root / "out")),
            ("runs", "list"),
            ("state", "pull"),
        ):
            stage.run(*verb, code=None)
        stage.run("apply", "--yes", "-o", "json", code=None)
    assert any(b"Traceback" in said for _, said in stage.said)
    stage.search()

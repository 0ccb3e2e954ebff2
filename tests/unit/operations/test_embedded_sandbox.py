"""The embedded sandbox: who only looks leaves nothing behind; who writes makes its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from callsheet.model.errors import CallsheetError
from callsheet.operations.doctor import doctor
from callsheet.operations.sandbox import seed, store_path
from callsheet.operations.session import Session
from support.world import World


@pytest.fixture
def embedded(world: World) -> World:
    world.environment(baseUrl="sandbox:dev")
    world.assistant("a")
    return world


def _tree(root: Path) -> list[Path]:
    return sorted(root.rglob("*"))


def test_looking_makes_no_file(embedded: World) -> None:
    before = _tree(embedded.root)
    assert not embedded.plan().plan.empty
    assert embedded.drift().report.drifted == ()
    doctor(lambda: Session.open(embedded.root, variables=embedded.variables, clock=embedded.clock))
    assert _tree(embedded.root) == before


def test_apply_makes_it_and_the_next_plan_sees_what_was_made(embedded: World) -> None:
    assert embedded.apply().exit_code == 0
    assert (embedded.root / ".callsheet" / "sandbox.sqlite").exists()
    before = _tree(embedded.root)
    assert embedded.plan().plan.empty
    assert _tree(embedded.root) == before


def test_a_folder_that_cannot_be_made_is_a_clear_error(embedded: World) -> None:
    (embedded.root / ".callsheet").write_text("in the way")
    with pytest.raises(CallsheetError) as caught:
        seed(store_path(embedded.root, None), "dev", None)
    assert caught.value.diagnostics[0].code == "sandbox.unwritable"

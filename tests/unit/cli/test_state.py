"""`callsheet state`: what is held, and whose lock is on it."""

from __future__ import annotations

import io
import json

import pytest

from callsheet.cli.main import run
from callsheet.cli.screen import Screen
from callsheet.providers.clock import SystemClock
from callsheet.state.lock import Claim, Lock
from callsheet.state.snapshot import Entry
from callsheet.state.store import Moved
from e2e.command import hurry
from support.world import World


class Typed(io.StringIO):
    """What a person types at a terminal."""

    def isatty(self) -> bool:
        return True


def call(world: World, *arguments: str, typed: str | None = None) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    stdin = io.StringIO() if typed is None else Typed(typed)
    code = run([*arguments, "-C", str(world.root)], Screen(stdin, out, err, world.variables))
    return code, out.getvalue(), err.getvalue()


def test_list_names_every_address_and_where_state_is(world: World) -> None:
    world.assistant("a")
    world.apply()
    code, out, _ = call(world, "state", "list")
    assert code == 0
    assert "Assistant/a  " in out
    assert out.splitlines()[-1].startswith("State: 1 resources at serial ")
    code, out, _ = call(world, "state", "list", "-o", "json")
    told = json.loads(out)
    assert [each["address"] for each in told["resources"]] == ["Assistant/a"]
    assert (told["format"], told["lock"], told["begun"]) == ("callsheet.state-list/1", None, [])


def test_show_prints_a_record_without_its_secrets(world: World) -> None:
    world.variables["T"] = "canary-token"
    world.assistant("a", native={"server": {"url": "https://x.example", "headers": {"X": "secrets://env/T"}}})
    world.apply()
    code, out, _ = call(world, "state", "show", "Assistant/a")
    assert code == 0
    assert json.loads(out)["applied"]["name"] == "a"
    assert "canary" not in out
    code, _, err = call(world, "state", "show", "Assistant/b")
    assert code == 1
    assert "Did you mean Assistant/a?" in err


def test_unlock_says_whose_it_is_and_asks(world: World) -> None:
    world.assistant("a")
    assert "is not locked" in call(world, "state", "unlock", "--yes")[2]
    with world.session() as session:
        # The command's clock is the machine's, so this lease is one of now.
        Lock(session.store, "dev", SystemClock()).acquire(Claim("anna", "run-7", "host-1", "apply"))
    code, _, err = call(world, "apply", "--yes")
    assert code == 4
    assert "anna (unverified) on host-1" in err
    code, _, err = call(world, "state", "unlock")
    assert code == 1
    assert "needs a confirmation" in err
    code, _, err = call(world, "state", "unlock", "--yes")
    assert code == 0
    assert "anna (unverified) on host-1" in err
    assert call(world, "apply", "--yes")[0] == 0


def test_unlock_is_on_record_and_ends_what_the_holder_would_still_write(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    hurry(monkeypatch)
    world.assistant("a")
    world.apply()
    with world.session() as slow:
        before = slow.ledger.load()
        Lock(slow.store, "dev", SystemClock()).acquire(Claim("anna", "run-7", "host-1", "apply"))
        assert call(world, "state", "unlock", "--yes")[0] == 0
        with pytest.raises(Moved):
            slow.ledger.append([Entry(run=before.run)])
    _, out, _ = call(world, "runs", "list", "-o", "json")
    latest = json.loads(out)["runs"][0]
    assert latest["verb"] == "state unlock"
    _, out, _ = call(world, "runs", "show", latest["run"], "-o", "json")
    assert json.loads(out)["record"]["what"]["subject"] == {"holder": "anna", "run": "run-7"}
    assert call(world, "runs", "verify")[0] == 0


def test_a_lock_that_is_not_readable_is_taken_away_too(world: World) -> None:
    world.assistant("a")
    world.apply()
    world.assistant("b")
    (world.root / ".callsheet" / "state" / "documents" / "locks" / "dev").write_bytes(b"")
    code, _, err = call(world, "apply", "--yes")
    assert code == 1
    assert "`callsheet state unlock`" in err
    code, _, err = call(world, "state", "unlock", "--yes")
    assert code == 0
    assert "by whom is not readable" in err
    assert call(world, "apply", "--yes")[0] == 0

"""Start-up: `--help` and `--version` load nothing that takes time, and a verb loads only what it needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from callsheet import __version__

HEAVY = (
    "httpx",
    "deepdiff",
    "pydantic",
    "rich",
    "yaml",
    "werkzeug",
    "orjson",
    "tenacity",
    "sqlite3",
    "asyncio",
)
_PROGRAM = """
import sys
from callsheet.cli.main import run
from callsheet.cli.screen import Screen
code = run(sys.argv[1:], Screen(sys.stdin, sys.stdout, sys.stderr))
print()
print("loaded:", *sorted({name.partition(".")[0] for name in sys.modules}))
sys.exit(code)
"""


def loaded(*arguments: str) -> tuple[str, set[str]]:
    """What a fresh interpreter printed, and the packages that it had loaded at the end."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    text, _, names = done.stdout.rpartition("loaded:")
    return text, set(names.split())


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), (), ("plan", "--help"), ("completion", "bash")]
)
def test_nothing_heavy_is_loaded(arguments: tuple[str, ...]) -> None:
    assert not loaded(*arguments)[1] & set(HEAVY)


def test_the_version() -> None:
    assert loaded("--version")[0].strip() == f"callsheet {__version__}"


def test_validate_loads_no_network_and_no_server() -> None:
    _, names = loaded("schema", "plan")
    assert not names & {"httpx", "werkzeug", "deepdiff", "sqlite3"}

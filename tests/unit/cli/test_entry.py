"""The command of the package: an interrupt is told, however early it comes."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[3]
_INTERRUPTED = """
import sys

class Interrupted:
    def find_spec(self, name, *rest):
        if name in {names!r}:
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupted())
sys.argv = ["callsheet", "validate", "-C", "/nowhere"]
from callsheet.cli.entry import main
main()
"""


@pytest.mark.parametrize(
    "names",
    [("click",), ("callsheet.cli.main",), ("callsheet.cli.guard",), ("callsheet.cli.failures",)],
)
def test_an_interrupt_of_an_import_shows_no_traceback(names: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED.format(names=names)], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "error: interrupted\n")


def test_it_is_what_the_package_installs() -> None:
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["scripts"] == {"callsheet": "callsheet.cli.entry:main"}

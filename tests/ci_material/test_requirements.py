"""action/requirements.txt: what the jobs install is told by digests, and Callsheet has yet to get its own."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from support.voice_project import EXAMPLES

ROOT = Path(__file__).parents[2]
TEXT = (EXAMPLES / "action/requirements.txt").read_text(encoding="utf-8")
OWN = next(line for line in TEXT.splitlines() if line.startswith("callsheet"))
EXTRAS = ("oidc", "postgres", "vault")


def test_every_package_but_callsheet_has_its_digests() -> None:
    logical = re.sub(r" \\\n +", " ", TEXT).splitlines()
    pins = [line for line in logical if line and not line.lstrip().startswith("#") and line != OWN]
    assert len(pins) > 20
    for line in pins:
        assert re.match(r"[\w.-]+==\S+( ;[^#]+?)?( --hash=sha256:[0-9a-f]{64})+$", line), line


def test_the_pins_are_what_callsheet_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [each for extra in EXTRAS for each in project["optional-dependencies"][extra]]
    pinned = dict(re.findall(r"^([\w.-]+)==([^\s;]+)", TEXT, re.MULTILINE))
    for asked in map(Requirement, [*project["dependencies"], *extras]):
        assert asked.specifier.contains(pinned[asked.name]), asked
    assert Requirement(OWN).extras == set(EXTRAS)


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A package with Callsheet's name and version."""
    made = tmp_path / "callsheet-0.1.0-py3-none-any.whl"
    extras = "".join(f"Provides-Extra: {each}\n" for each in EXTRAS)
    with zipfile.ZipFile(made, "w") as file:
        about = "callsheet-0.1.0.dist-info"
        file.writestr(
            f"{about}/METADATA", f"Metadata-Version: 2.1\nName: callsheet\nVersion: 0.1.0\n{extras}"
        )
        file.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{about}/RECORD", "")
    return made


@pytest.mark.parametrize("addressed", [False, True], ids=["index", "address"])
def test_pip_takes_callsheet_by_its_digest_and_not_by_its_name(addressed: bool, wheel: Path) -> None:
    own = f"{OWN.partition('==')[0]} @ {wheel.as_uri()}" if addressed else OWN
    refused = _pip(wheel, own)
    assert refused.returncode != 0
    assert "Hashes are required in --require-hashes mode" in refused.stderr
    hashed = subprocess.run(
        [sys.executable, "-m", "pip", "hash", wheel], capture_output=True, text=True, check=True
    )
    [digest] = re.findall("--hash=sha256:[0-9a-f]{64}", hashed.stdout)
    taken = _pip(wheel, f"{own} {digest}")
    assert taken.returncode == 0, taken.stderr
    other = _pip(wheel, f"{own} --hash=sha256:{'0' * 64}")
    assert "DO NOT MATCH THE HASHES" in other.stderr


def _pip(wheel: Path, line: str) -> subprocess.CompletedProcess[str]:
    file = wheel.with_name("requirements.txt")
    file.write_text(f"{line}\n", encoding="utf-8")
    return subprocess.run(
        [
            sys.executable, "-m", "pip", "install", "--require-hashes", "-r", file, "--dry-run", "--no-index",
            "--find-links", wheel.parent, "--target", wheel.parent / "to", "--ignore-installed",
        ],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip

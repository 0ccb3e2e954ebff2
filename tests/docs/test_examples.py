"""What pages show in YAML, JSON and Python can be read as such, and documents are what the schema says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from callsheet.cli.main import run
from callsheet.cli.screen import Screen
from callsheet.spec.reader import parse
from callsheet.spec.schema import document_schema, environments_schema
from docs.pages import PAGES, ROOT, Block, blocks, name

ALL = [block for page in PAGES for block in blocks(page)]
MODELINE = re.compile(r"# yaml-language-server: \$schema=(\S+)")


def _in(language: str) -> Any:
    found = [block for block in ALL if block.language == language]
    return pytest.mark.parametrize("block", found, ids=str)


@_in("yaml")
def test_yaml_loads_and_whole_documents_fit_the_schema(block: Block) -> None:
    parsed = parse(block.text)
    assert [str(finding) for finding in parsed.findings] == []
    for value in parsed.values:
        if isinstance(value, dict) and "metadata" in value:
            assert _faults(document_schema(), value) == []
        elif isinstance(value, dict) and "environments" in value:
            assert _faults(environments_schema(), value) == []


@_in("python")
def test_python_compiles(block: Block) -> None:
    compile(block.text, str(block), "exec")


SPECS = sorted(
    path
    for path in (ROOT / "specs").rglob("*")
    if path.suffix in (".yaml", ".md")
    and not {".callsheet", "documents", "prompts"} & set(path.parts)
    and path.name != "README.md"
)


@pytest.mark.parametrize("path", SPECS, ids=name)
def test_the_estate_tells_editors_of_a_schema_and_fits_it(path: Any) -> None:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        text = text.removeprefix("---\n").partition("\n---\n")[0]
    found = MODELINE.match(text)
    assert found, "the first line must be the modeline"
    schema = json.loads((path.parent / found[1]).read_text(encoding="utf-8"))
    for value in parse(text).values:
        assert _faults(schema, value) == []


def _faults(schema: dict[str, Any], value: Any) -> list[str]:
    judge = jsonschema_rs.Draft202012Validator(schema)
    return [
        f"{'.'.join(map(str, error.instance_path))}: {error.message}" for error in judge.iter_errors(value)
    ]


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ("development", "development: gpt-4.1-mini at 0.7, no limit, verbose logs"),
        ("production", "production: gpt-4.1 at 0.2, 20000 requests per hour, structured logs"),
    ],
)
def test_the_example_application_starts_from_the_files_and_from_what_a_deployment_took_along(
    tmp_path: Path, environment: str, said: str
) -> None:
    example = shutil.copytree(ROOT / "examples" / "prompt-environments", tmp_path / "example")
    assert _started(example, environment)[0] == said
    out = example / "settings.json"
    screen = Screen(sys.stdin, sys.stdout, sys.stderr, {})
    assert run(["resolve", "-C", str(example), "--env", environment, "--out", str(out)], screen) == 0
    for folder in ("prompts", "assistants"):
        shutil.rmtree(example / folder)
    (example / "environments.yaml").unlink()
    assert _started(example) == [said, *_started(ROOT / "examples" / "prompt-environments", environment)[1:]]


def _started(example: Path, *arguments: str) -> list[str]:
    program = [sys.executable, str(example / "application.py"), *arguments]
    return subprocess.run(program, check=True, capture_output=True, encoding="utf-8").stdout.splitlines()

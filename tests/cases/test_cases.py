"""Files in, plan out: each numbered folder beside this file is one situation.

- `before/`: documents that are applied first (optional);
- `edits.json`: what another client then does, as [method, list path, name, body] (optional);
- `files/`: the documents that are planned;
- `plan.json`: the plan that must come of it, without ids, digests and times.

`CALLSHEET_GOLDEN=write pytest tests/cases` writes the last one anew; read the difference before you
commit it. Every case ends with an apply and an empty second plan.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from callsheet.plan.plan import Plan
from support.world import World, writes

HERE = Path(__file__).parent
CASES = sorted(path.name for path in HERE.iterdir() if (path / "files").is_dir())
ENVIRONMENT = """\
params: {voice: burt}
variables: {API: "https://api.acme.example"}
temperature: 0.4
"""


def place(world: World, folder: Path) -> None:
    """Make the project's documents those of `folder`, and no others."""
    for old in world.root.iterdir():
        if old.name not in ("environments.yaml", ".callsheet"):
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    shutil.copytree(folder, world.root, dirs_exist_ok=True)


def edit(world: World, edits: list[tuple[str, str, str, Any]]) -> None:
    for method, path, name, body in edits:
        if method == "POST":
            world.api("POST", path, body)
        else:
            world.api(method, f"{path}/{world.live(path, name)['id']}", body)


def told(plan: Plan, ids: dict[str, str]) -> dict[str, Any]:
    """What a reader learns from the plan, with remote ids under stable names."""

    def tame(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: tame(item) for key, item in value.items()}
        if isinstance(value, list):
            return [tame(item) for item in value]
        return ids.get(value, value) if isinstance(value, str) else value

    data = plan.to_json()
    shown = ("address", "action", "class", "reason", "movedFrom", "conflict", "dependsOn", "attributes")
    changes = []
    for change in data["changes"]:
        entry = {key: change[key] for key in shown if change.get(key)}
        entry["steps"] = [
            {key: step[key] for key in ("call", "keys", "omit", "clear", "after") if step.get(key)}
            for step in change["steps"]
        ]
        changes.append(tame(entry))
    return {
        "changes": changes,
        "drift": [
            tame({key: each[key] for key in ("address", "class", "attributes")}) for each in data["drift"]
        ],
        "unmanaged": [f"{each['kind']}: {each['name']}" for each in data["unmanaged"]],
        "diagnostics": [each["code"] for each in data["diagnostics"]],
        "gates": [f"{gate['rule']}: {gate['status']}" for gate in data["gates"]],
        "summary": {key: count for key, count in data["summary"].items() if count},
    }


def stable_ids(world: World) -> dict[str, str]:
    out = {}
    for path in ("/assistant", "/tool", "/squad", "/file", "/v2/knowledge-base"):
        for each in world.api("GET", path):
            name = each.get("name") or each.get("function", {}).get("name")
            out[each["id"]] = f"<id of {path[1:]} {name}>"
    return out


@pytest.mark.parametrize("name", CASES)
def test_case(world: World, name: str) -> None:
    case = HERE / name
    world.environment(ENVIRONMENT)
    if (case / "before").is_dir():
        place(world, case / "before")
        outcome = world.apply()
        assert outcome.exit_code == 0, outcome.to_json()
    ids = stable_ids(world)
    if (case / "edits.json").exists():
        edit(world, json.loads((case / "edits.json").read_text()))
    place(world, case / "files")
    planned = world.plan()
    found = told(planned.plan, ids | stable_ids(world))
    expected = case / "plan.json"
    if os.environ.get("CALLSHEET_GOLDEN") == "write":
        expected.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    assert found == json.loads(expected.read_text())
    if planned.plan.refusals:
        return
    outcome = world.apply(on_conflict="overwrite")
    assert outcome.exit_code == 0, outcome.to_json()
    with world.counted() as counts:
        assert world.plan().plan.empty
    assert writes(counts) == {}

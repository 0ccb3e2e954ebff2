"""What tells causes apart: digests of what the files and what an environment's section contributed."""

from __future__ import annotations

from pathlib import Path

import pytest

from callsheet.model.address import Address
from unit.spec.project import assistant, rendered, write


def digests(root: Path, environment: str = "dev") -> tuple[str, str]:
    document = rendered(root, environment)[1].resources[Address("Assistant", "a")].document
    return document.files_digest, document.settings_digest


BASE: dict[str, str] = {
    "environments.yaml": (
        "environments:\n  dev:\n    params: {x: 1, unused: 1}\n    temperature: 0.5\n"
        "prompts: {p: {dev: 1.0.0}}\n"
    ),
    "a.yaml": assistant("systemPromptRef: p\nfirstMessage: m ${params.x}\npolicies: [q]"),
    "prompts/p/1.0.0.md": "---\nstatus: active\n---\none\n",
    "prompts/p/1.1.0.md": "---\nstatus: active\n---\ntwo\n",
    "q.yaml": "kind: Policy\nmetadata: {name: q}\nspec: {limits: {callsPerHour: 5}}\n",
}


@pytest.mark.parametrize(
    ("path", "old", "new", "moved"),
    [
        ("a.yaml", "m $", "n $", "files"),
        ("prompts/p/1.0.0.md", "one", "ONE", "files"),
        ("q.yaml", "5", "6", "files"),
        ("environments.yaml", "x: 1", "x: 2", "settings"),
        ("environments.yaml", "0.5", "0.6", "settings"),
        ("environments.yaml", "1.0.0", "1.1.0", "settings"),
        ("environments.yaml", "unused: 1", "unused: 2", "nothing"),
        ("a.yaml", "kind:", "# a comment\nkind:", "nothing"),
    ],
)
def test_digests_tell_causes_apart(tmp_path: Path, path: str, old: str, new: str, moved: str) -> None:
    before = digests(write(tmp_path, BASE))
    after = digests(write(tmp_path, {**BASE, path: BASE[path].replace(old, new)}))
    assert (before[0] != after[0], before[1] != after[1]) == (moved == "files", moved == "settings")


def test_rendering_is_deterministic(tmp_path: Path) -> None:
    write(tmp_path, BASE)
    first, second = rendered(tmp_path)[1], rendered(tmp_path)[1]
    assert first.digest == second.digest
    assert list(first.resources) == list(second.resources)
    assert [item.payload for item in first.resources.values()] == [
        item.payload for item in second.resources.values()
    ]


def test_a_local_file_beside_a_library_counts(tmp_path: Path) -> None:
    files = {**BASE, "environments.yaml": "environments: {dev: {params: {x: 1}}}\n", "prompts/p.md": "one"}
    before = digests(write(tmp_path, files))
    after = digests(write(tmp_path, {**files, "prompts/p.md": "two"}))
    assert (before[0] != after[0], before[1] != after[1]) == (True, False)

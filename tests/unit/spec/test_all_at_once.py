"""One mistake hides no other: everything that can be known is told at once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from callsheet.model.diagnostics import Diagnostic
from callsheet.model.errors import SpecError
from callsheet.operations.session import Session
from callsheet.operations.validate import validate
from unit.spec.project import TOOL, assistant, findings, write

FIVE = {
    "a.yaml": assistant(
        "systemPromptRef: prompts/gone.md\nfirstMessage: ${params.unset}\n"
        "tools: [{ref: Tool/gone}]\npolicies: [gone]"
    ),
    "t.yaml": TOOL.replace("path: /x}", "path: /x, schemaRef: schemas/gone.json}"),
}
CODES = [
    "spec.dangling",
    "spec.file-missing",
    "spec.unknown-policy",
    "spec.unknown-prompt",
    "spec.unset",
]


def _codes(found: Iterable[Diagnostic]) -> list[str]:
    return sorted(each.code for each in found)


def test_five_mistakes_are_five_errors(tmp_path: Path) -> None:
    assert _codes(findings(write(tmp_path, FIVE))) == CODES


def test_a_misspelt_key_in_another_file_hides_none(tmp_path: Path) -> None:
    root = write(tmp_path, {**FIVE, "b.yaml": assistant("firstMesage: Hi", "b")})
    assert _codes(validate(root).diagnostics) == sorted([*CODES, "spec.unknown-key"])


def test_plan_tells_them_all_as_well(tmp_path: Path) -> None:
    root = write(tmp_path, {**FIVE, "b.yaml": assistant("firstMesage: Hi", "b")})
    with Session.open(root, "dev", variables={}) as session, pytest.raises(SpecError) as caught:
        assert session.tree
    assert _codes(caught.value.diagnostics) == sorted([*CODES, "spec.unknown-key"])


def test_what_refers_to_a_broken_document_is_not_to_blame(tmp_path: Path) -> None:
    files = {
        "a.yaml": assistant("tools: [{ref: Tool/t}, {ref: t}]\npolicies: [p, policies/p.yaml]"),
        "t.yaml": TOOL.replace("endpoint", "endpont"),
        "policies/p.yaml": "kind: Policy\nmetadata: {name: p}\nspec: {limit: {}}\n",
    }
    found = validate(write(tmp_path, files)).diagnostics
    assert {each.place.file for each in found if each.place} == {"t.yaml", "policies/p.yaml"}


def test_where_a_file_cannot_be_read_nothing_is_called_missing(tmp_path: Path) -> None:
    files = {"a.yaml": assistant("tools: [{ref: Tool/t}]\npolicies: [p]"), "b.yaml": "kind: [\n"}
    found = validate(write(tmp_path, files)).diagnostics
    assert {each.place.file for each in found if each.place} == {"b.yaml"}


def test_a_placeholder_brings_no_mistake_of_type_with_it(tmp_path: Path) -> None:
    spec = (
        "model: {model: m, temperature: '${params.t}'}\nsystemPromptRef: ${params.p}\n"
        "policies: ['${params.q}']"
    )
    assert _codes(findings(write(tmp_path, {"a.yaml": assistant(spec)}))) == ["spec.unset"] * 3

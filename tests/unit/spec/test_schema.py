"""Schemas for editors agree with what validates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from callsheet.spec.declarations import FileReader
from callsheet.spec.reader import parse
from callsheet.spec.schema import document_schema, environments_schema
from callsheet.spec.shapes import SPECS
from unit.spec import test_bad_documents, test_bad_environments
from unit.spec.project import TOOL, assistant
from unit.spec.test_environments import FULL, QUOTED

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
DOCUMENT = jsonschema_rs.validator_for(document_schema())
ENVIRONMENTS = jsonschema_rs.validator_for(environments_schema())
# A schema sees one document at a time and no rule between its fields.
BEYOND = {"spec.rule", "spec.duplicate-name", "spec.moved-from", "spec.duplicate-key"}
GOOD = [
    assistant("model: gpt-4.1"),
    assistant("model: {model: '${params.m}', temperature: '${params.t}', max_tokens: 5}\nfirst_message: hi"),
    assistant("model: ${params.model}\nvoice: '${params.v}'\ntools: [{ref: a}, {external: Credential/x}]"),
    assistant("policies: [a, {ref: b}]\nsystem_prompt_ref: prompts/a.md\nnative: {vapi: {x: 1}}"),
    TOOL + "  authRef: secrets/x\n  timeout_seconds: 3\n",
    "kind: Tool\nmetadata: {name: t}\nspec: {type: endCall, native: {a: null}}\n",
    "kind: Policy\nmetadata: {name: p}\nspec: {limits: {max_duration_seconds: 5}}\n",
    "kind: KnowledgeBase\nmetadata: {name: k}\nspec: {documents: [a.md, {path: b.md}, {url: 'https://x'}]}\n",
    "kind: Scenario\nmetadata: {name: s}\nlifecycle: {prevent_destroy: true}\n",
]


def documents(text: str) -> list[Any]:
    return [value for value in parse(text).values if value is not None]


@pytest.mark.parametrize("text", GOOD)
def test_good_documents_pass_both(text: str) -> None:
    reader = FileReader()
    reader.yaml("a.yaml", text.encode())
    assert reader.diagnostics == []
    for value in documents(text):
        assert [error.message for error in DOCUMENT.iter_errors(value)] == []


@pytest.mark.parametrize("case", test_bad_documents.CASES, ids=lambda case: case.name)
def test_what_is_refused_is_refused_by_the_schema_too(case: test_bad_documents.Case) -> None:
    if case.expected.partition(" ")[0] in BEYOND or case.name == "name placeholder":
        return
    texts = [text for path, text in case.files.items() if path.endswith(".yaml") and isinstance(text, str)]
    assert not all(DOCUMENT.is_valid(value) for text in texts for value in documents(text))


@pytest.mark.parametrize("case", test_bad_environments.CASES, ids=lambda case: case.name)
def test_bad_shapes_of_environments_are_refused_too(case: test_bad_environments.Case) -> None:
    shape = ("spec.unknown-key", "spec.missing-key", "spec.type")
    text = case.files.get("environments.yaml", "")
    if case.expected.startswith(shape) and "environments.yaml" in case.expected and isinstance(text, str):
        override = "overrides" in text  # a patch is judged with its document
        assert override or not all(ENVIRONMENTS.is_valid(value) for value in documents(text))


def test_environments_pass() -> None:
    quoted = [(QUOTED / "prompt-environments.yaml").read_text()] if QUOTED.is_dir() else []
    for text in [FULL, *quoted]:
        assert [error.message for error in ENVIRONMENTS.iter_errors(documents(text)[0])] == []


def test_the_examples_pass() -> None:
    checked = 0
    for file in sorted(EXAMPLES.glob("*/**/*.yaml")):
        if "ci" in file.relative_to(EXAMPLES).parts:
            continue  # pipelines and manifests, which are held to schemas of their own
        text = file.read_text()
        validator = ENVIRONMENTS if file.name == "environments.yaml" else DOCUMENT
        for value in documents(text):
            assert [error.message for error in validator.iter_errors(value)] == [], file
            checked += 1
    assert checked >= 8


def test_every_kind_is_described() -> None:
    schema = document_schema()
    assert schema["properties"]["kind"]["enum"] == list(SPECS)
    for name, definition in schema["$defs"].items():
        for key, value in definition.get("properties", {}).items():
            assert {"description", "$ref"} & value.keys(), f"{name}.{key}"
    json.dumps(schema)


def test_native_can_be_given_a_schema() -> None:
    native = {"Scenario": {"type": "object", "properties": {"x": {"type": "integer"}}}}
    validator = jsonschema_rs.validator_for(document_schema(native))
    document = {"kind": "Scenario", "metadata": {"name": "s"}}
    assert validator.is_valid({**document, "spec": {"native": {"x": 1}}})
    assert validator.is_valid({**document, "spec": {"native": {"vapi": {"x": "any"}}}})
    assert not validator.is_valid({**document, "spec": {"native": {"x": "no"}}})
    assert validator.is_valid({"kind": "Eval", "metadata": {"name": "s"}, "spec": {"native": {"x": "any"}}})

"""Values that come into documents by placeholder, and what stands for itself."""

from __future__ import annotations

from pathlib import Path

from callsheet.model.value import Ref
from unit.spec.project import TOOL, assistant, rendered, write
from unit.spec.test_render import one


def test_references_and_policies_may_come_by_placeholder(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "environments.yaml": (
                "environments: {dev: {params: {tools: [{ref: t}], tool: {ref: t}, rules: [p], rule: p}}}\n"
            ),
            "a.yaml": assistant("tools: ${params.tools}\npolicies: ${params.rules}"),
            "b.yaml": assistant("tools: ['${params.tool}']\nsafetyPolicyRef: ${params.rule}", "b"),
            "t.yaml": TOOL,
            "p.yaml": "kind: Policy\nmetadata: {name: p}\nspec: {limits: {callsPerHour: 5}}\n",
        },
    )
    for address in ("Assistant/a", "Assistant/b"):
        resource = one(tmp_path, address)
        assert resource.payload["model"]["toolIds"] == [Ref("Tool/t[go]")]
        assert resource.document.spec["limits"] == {"callsPerHour": 5}


def test_a_parameter_may_stand_for_a_mapping_that_other_layers_add_to(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "environments.yaml": (
                "environments:\n  dev:\n    temperature: 0.5\n"
                "    params: {model: {model: m}, limits: {callsPerHour: 1}, safety: {instructions: [own]}}\n"
                "    overrides: {Assistant/a: {spec: {model: {maxTokens: 9}}}}\n"
            ),
            "a.yaml": assistant(
                "model: ${params.model}\nlimits: ${params.limits}\nsafety: ${params.safety}\npolicies: [p]"
            ),
            "p.yaml": (
                "kind: Policy\nmetadata: {name: p}\n"
                "spec: {limits: {maxDurationSeconds: 60}, safety: {instructions: ['in ${env.name}']}}\n"
            ),
        },
    )
    spec = one(tmp_path).document.spec
    assert spec["model"] == {"model": "m", "temperature": 0.5, "maxTokens": 9}
    assert spec["limits"] == {"callsPerHour": 1, "maxDurationSeconds": 60}
    assert spec["safety"] == {"instructions": ["own", "in dev"]}


def test_a_secret_reference_that_would_be_sent_as_text_is_warned_about(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": assistant("native: {x: Bearer secrets://env/X, y: 'a ${secrets://env/X}'}")})
    estate = rendered(tmp_path)[1]
    assert [(item.code, str(item.place)) for item in estate.diagnostics] == [
        ("spec.secret-in-text", "a.yaml:4:22")
    ]


def test_mappings_with_free_keys_may_have_a_key_called_ref(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"a.yaml": assistant("native: {ref: x}"), "t.yaml": TOOL + "  headers: {ref: y}\n"},
    )
    assert one(tmp_path).payload["ref"] == "x"
    assert one(tmp_path, "Tool/t[go]").document.spec["headers"] == {"ref": "y"}

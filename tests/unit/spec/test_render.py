"""One environment over the documents: order of merging, placeholders, references, digests."""

from __future__ import annotations

from pathlib import Path

import pytest

from callsheet.model.address import Address
from callsheet.model.errors import SpecError
from callsheet.model.resource import Resource
from callsheet.model.value import Content, External, Ref, Secret, Text
from unit.spec.project import TOOL, assistant, rendered, write


def one(root: Path, address: str = "Assistant/a", environment: str = "dev") -> Resource:
    return rendered(root, environment)[1].resources[Address.parse(address)]


def test_environment_fills_document_says_policy_wins_override_forces(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "environments.yaml": (
                "environments:\n  dev:\n    model: {provider: openai, model: small, maxTokens: 99}\n"
                "    temperature: 0.7\n    voice: burt\n"
                "    overrides:\n      Assistant/*: {spec: {limits: {callsPerHour: 5}}}\n"
                "      Assistant/a: {spec: {limits: {callsPerHour: 7}, first_message: forced}}\n"
            ),
            "a.yaml": assistant(
                "model: {model: large}\nfirstMessage: own\n"
                "limits: {maxDurationSeconds: 900, callsPerHour: 1}\n"
                "safety: {instructions: [own]}\npolicies: [soft]\nsafetyPolicyRef: policies/hard.yaml"
            ),
            "policies/hard.yaml": (
                "kind: Policy\nmetadata: {name: hard}\n"
                "spec: {limits: {maxDurationSeconds: 60}, safety: {instructions: [hard]}}\n"
            ),
            "policies/soft.yaml": (
                "kind: Policy\nmetadata: {name: soft}\n"
                "spec: {limits: {maxDurationSeconds: 600}, safety: {instructions: [soft, own]}}\n"
            ),
        },
    )
    resource = one(tmp_path)
    spec = resource.document.spec
    assert spec["model"] == {"model": "large", "temperature": 0.7, "maxTokens": 99}  # not openai's
    assert spec["voice"] == {"voiceId": "burt"}
    assert spec["limits"] == {"maxDurationSeconds": 60, "callsPerHour": 7}
    assert spec["safety"] == {"instructions": ["own", "soft", "hard"]}
    assert spec["firstMessage"] == "forced"
    places = {
        path: str(resource.document.place(("spec", *path)))
        for path in [
            ("model", "model"),
            ("model", "temperature"),
            ("voice",),
            ("limits", "maxDurationSeconds"),
            ("limits", "callsPerHour"),
            ("safety", "instructions", 0),
            ("safety", "instructions", 1),
            ("safety", "instructions", 2),
            ("firstMessage",),
        ]
    }
    assert places == {
        ("model", "model"): "a.yaml:4:18",
        ("model", "temperature"): "environments.yaml:4:18",
        ("voice",): "environments.yaml:5:12",
        ("limits", "maxDurationSeconds"): "policies/hard.yaml:3:37",
        ("limits", "callsPerHour"): "environments.yaml:8:51",
        ("safety", "instructions", 0): "a.yaml:7:27",
        ("safety", "instructions", 1): "policies/soft.yaml:3:67",
        ("safety", "instructions", 2): "policies/hard.yaml:3:66",
        ("firstMessage",): "environments.yaml:8:70",
    }


def test_null_in_an_override_removes_what_the_environment_would_fill(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "environments.yaml": (
                "environments:\n  dev:\n    voice: burt\n"
                "    overrides: {Assistant/a: {spec: {voice: null}}}\n"
            ),
            "a.yaml": assistant("model: m"),
        },
    )
    assert "voice" not in one(tmp_path).document.spec


def test_placeholders_keep_types_and_are_not_looked_at_again(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "environments.yaml": (
                "environments:\n  dev:\n    temperature: 0.25\n    featureFlags: {new_schema: true}\n"
                "    rate_limit: null\n"
                "    params: {n: 5, list: [1], deep: {id: x}, again: '$${env.name}', 'a.b': flat,\n"
                "             choice: {provider: p, model: q}}\n"
                "    variables: {TOKEN: 'Bearer ${secrets://env/T}', KEY: 'secrets://env/K'}\n"
            ),
            "code.txt": "let a = `${b}` // ${params.n}\n",
            "a.yaml": assistant(
                "model: ${params.choice}\n"
                "native:\n"
                "  number: ${params.n}\n  list: ${params.list}\n"
                "  text: n=${params.n}, ${settings.temperature}\n"
                "  deep: ${params.deep.id} ${params.a.b}\n  again: ${params.again}\n"
                "  literal: $${params.n} $$${x}\n"
                "  flag: ${settings.feature_flags.new_schema}\n  nothing: ${settings.rateLimit}\n"
                "  file: ${file:code.txt}\n  env: ${env.name}\n  liquid: '{{ name | upcase }} {% if x %}'\n"
                "  secret: secrets://vault/kv/voice/${env.name}#token\n  inside: a ${secrets://env/A} b\n"
                "  text2: '<${variables.TOKEN}>'\n  key: ${variables.KEY}"
            ),
        },
    )
    resource = one(tmp_path)
    native = resource.document.spec["native"]
    assert native == {
        "number": 5,
        "list": [1],
        "text": "n=5, 0.25",
        "deep": "x flat",
        "again": "${env.name}",
        "literal": "${params.n} $${x}",
        "flag": True,
        "nothing": None,
        "file": "let a = `${b}` // ${params.n}\n",
        "env": "dev",
        "liquid": "{{ name | upcase }} {% if x %}",
        "secret": Secret("secrets://vault/kv/voice/dev#token"),
        "inside": Text(("a ", Secret("secrets://env/A"), " b")),
        "text2": Text(("<Bearer ", Secret("secrets://env/T"), ">")),
        "key": Secret("secrets://env/K"),
    }
    assert resource.document.spec["model"] == {"provider": "p", "model": "q", "temperature": 0.25}


def test_no_environment_falls_back_to_another(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "environments.yaml": "environments: {dev: {variables: {X: 1}}, prod: {}}\n",
            "a.yaml": assistant("native: {x: '${variables.X}'}"),
        },
    )
    assert one(tmp_path).payload["x"] == 1
    with pytest.raises(SpecError, match=r"a\.yaml:4:16: variables\.X is not set for environment prod"):
        rendered(tmp_path, "prod")


def test_references_become_addresses_and_lists_grow(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a.yaml": assistant(
                "tools: [{ref: end}, {ref: t}, {external: Credential/x}, {ref: 'Tool/t[go]'}]\n"
                "knowledge: [{ref: faq}]\nstructuredOutputs: [{ref: StructuredOutput/so}]"
            ),
            "t.yaml": TOOL + "    - {name: stop, method: GET, path: /y}\n",
            "end.yaml": "kind: Tool\nmetadata: {name: end}\nspec: {type: endCall}\n",
            "k.yaml": "kind: KnowledgeBase\nmetadata: {name: faq}\nspec: {documents: [k/faq.md]}\n",
            "k/faq.md": "---\nkind: nothing\n---\n",
            "so.yaml": "kind: StructuredOutput\nmetadata: {name: so}\n",
        },
    )
    resource = one(tmp_path)
    assert resource.payload["model"]["toolIds"] == [
        Ref("Tool/end"),
        Ref("Tool/t[go]"),
        Ref("Tool/t[stop]"),
        External("Credential", "x"),
        Ref("Tool/t[go]"),
        Ref("KnowledgeBase/faq", "toolId"),
    ]
    places = [str(resource.place(("model", "toolIds", index))) for index in range(6)]
    columns = ["4:11", "4:23", "4:23", "4:33", "4:59", "5:15"]
    assert places == [f"a.yaml:{column}" for column in columns]
    assert resource.payload["artifactPlan"]["structuredOutputIds"] == [Ref("StructuredOutput/so")]
    base = one(tmp_path, "KnowledgeBase/faq")
    assert base.payload["fileIds"] == [Ref("KnowledgeBase/faq[faq.md]")]


def test_a_failed_document_does_not_make_dangling_references(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a.yaml": assistant("tools: [{ref: t}, {ref: 'Tool/t[go]'}]"),
            "t.yaml": TOOL + "  headers: {X: '${params.x}'}\n",
        },
    )
    with pytest.raises(SpecError) as caught:
        rendered(tmp_path)
    assert [item.code for item in caught.value.diagnostics] == ["spec.unset"]


def test_http_tools_get_their_secret_and_schema(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "environments.yaml": (
                "environments: {dev: {secrets: 'secrets://vault/kv/${env.name}/{name}#token'}, prod: {}}\n"
            ),
            "t.yaml": TOOL.replace("/x}", "/x, schema_ref: schemas/x.json}")
            + "  auth_ref: secrets/jira-token\n",
            "schemas/x.json": '{"$ref": "#/$defs/a", "$defs": {"a": {"pattern": "^${params.x}{ref}$"}}}',
        },
    )
    resource = one(tmp_path, "Tool/t[go]")
    assert resource.payload["headers"] == {
        "Authorization": Text(("Bearer ", Secret("secrets://vault/kv/dev/jira-token#token")))
    }
    assert resource.payload["body"]["$ref"] == "#/$defs/a"
    assert resource.payload["body"]["$defs"]["a"] == {"pattern": "^${params.x}{ref}$"}
    assert str(resource.place(("body", "$ref"))) == "schemas/x.json:1:1"
    assert str(resource.place(("headers", "Authorization"))) == "t.yaml:8:13"
    other = one(tmp_path, "Tool/t[go]", "prod")
    assert other.document.spec["auth"] == Secret("secrets://env/JIRA_TOKEN")


def test_contents_are_addressed_and_read_again_on_demand(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "k.yaml": (
                "kind: KnowledgeBase\nmetadata: {name: k}\nspec:\n  documents:\n    - k/a.txt\n"
                "    - {path: k/a.txt, name: other.txt}\n    - {url: 'https://x.example/d/b.pdf?x=1'}\n"
            ),
            "k/a.txt": "hello",
        },
    )
    estate = rendered(tmp_path, fetch=lambda url: url.encode())[1]
    contents = [
        resource.payload["content"] for resource in estate.resources.values() if resource.kind == "File"
    ]
    assert [(item.name, item.size) for item in contents] == [("a.txt", 5), ("other.txt", 5), ("b.pdf", 29)]
    assert all(isinstance(item, Content) for item in contents)
    assert estate.contents[contents[0].sha256]() == b"hello"
    assert estate.contents[contents[2].sha256]() == b"https://x.example/d/b.pdf?x=1"
    (tmp_path / "k/a.txt").write_text("changed")
    with pytest.raises(SpecError, match="changed while it was used"):
        estate.contents[contents[0].sha256]()


def test_a_download_must_have_its_declared_digest(tmp_path: Path) -> None:
    declared = (
        f"kind: File\nmetadata: {{name: f}}\nspec: {{url: 'https://x.example/f', sha256: '{'0' * 64}'}}\n"
    )
    write(tmp_path, {"f.yaml": declared})
    with pytest.raises(SpecError, match="not the one that is declared"):
        rendered(tmp_path, fetch=lambda url: b"x")
    estate = rendered(tmp_path)[1]
    assert [item.code for item in estate.diagnostics] == ["spec.not-fetched"]


def test_native_may_differ_by_provider(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a.yaml": assistant(
                "native: {fake: {x: 1, y: null}, retell: {x: '${params.unset}'}}\npolicies: [p]"
            ),
            "p.yaml": "kind: Policy\nmetadata: {name: p}\nspec: {native: {fake: {z: 2}}}\n",
        },
    )
    resource = one(tmp_path)
    assert resource.document.spec["native"] == {"x": 1, "y": None, "z": 2}
    assert str(resource.place(("x",))) == "a.yaml:4:22"
    assert str(resource.place(("z",))) == "p.yaml:3:27"

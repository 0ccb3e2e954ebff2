"""A small provider for tests: three kinds and a half, in the manner of the real ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from callsheet.model.address import Address
from callsheet.model.diagnostics import Diagnostic, error
from callsheet.model.document import Document
from callsheet.model.kinds import Kind, Reference, Rendered
from callsheet.model.paths import pattern
from callsheet.model.resource import Resource
from callsheet.model.value import Path, Payload, Ref, Text

_ANY_TOOL = {"Tool": "id", "KnowledgeBase": "toolId"}


def _kind(name: str, *references: Reference) -> Kind:
    return Kind(name, source="tests, 2026-11-20", references=references)


class FakeCatalogue:
    provider = "fake"
    external_kinds = frozenset({"Credential", "Voice"})
    kinds: Mapping[str, Kind] = {
        kind.name: kind
        for kind in (
            _kind(
                "Assistant",
                Reference(pattern("model.toolIds[*]"), _ANY_TOOL),
                Reference(pattern("artifactPlan.structuredOutputIds[*]"), {"StructuredOutput": "id"}),
            ),
            _kind(
                "Tool",
                Reference(pattern("destinations[*].assistantId"), {"Assistant": "id"}, deferrable=True),
            ),
            _kind(
                "Squad",
                Reference(pattern("members[*].assistantId"), {"Assistant": "id"}),
                Reference(pattern("members[*].destinations[*].assistantId"), {"Assistant": "id"}),
            ),
            _kind("KnowledgeBase", Reference(pattern("fileIds[*]"), {"File": "id"})),
            _kind("File"),
            _kind("StructuredOutput"),
        )
    }

    def render(self, document: Document) -> Rendered:
        name = document.spec.get("name", document.address.name)
        render = getattr(self, f"_{document.address.kind.lower()}", self._plain)
        parts: list[tuple[str | None, str, Payload, dict[Path, Path]]] = render(document, name)
        native = document.spec.get("native") or {}
        resources = tuple(
            Resource(
                Address(document.address.kind, document.address.name, part),
                kind,
                {**payload, **native} if kind == document.address.kind else payload,
                document,
                {**origins, **{(key,): ("spec", "native", key) for key in native}},
            )
            for part, kind, payload, origins in parts
        )
        stands_for = tuple(item.address for item in resources if item.kind == document.address.kind)
        return Rendered(resources, stands_for)

    def _assistant(self, document: Document, name: str) -> Any:
        spec = document.spec
        prompt = "\n\n".join([spec.get("systemPrompt", ""), *spec.get("safety", {}).get("instructions", [])])
        tools = [*spec.get("tools", []), *spec.get("knowledge", [])]
        payload: Payload = {
            "name": name,
            "firstMessage": spec.get("firstMessage"),
            "model": {**spec.get("model", {}), "prompt": prompt, "toolIds": tools},
            "voice": spec.get("voice"),
        }
        count = len(spec.get("tools", []))
        origins: dict[Path, Path] = {
            ("model",): ("spec", "model"),
            ("model", "prompt"): ("spec", "systemPrompt"),
            ("voice",): ("spec", "voice"),
            **{("model", "toolIds", index): ("spec", "tools", index) for index in range(count)},
            **{
                ("model", "toolIds", count + index): ("spec", "knowledge", index)
                for index in range(len(spec.get("knowledge", [])))
            },
        }
        if "structuredOutputs" in spec:
            payload["artifactPlan"] = {"structuredOutputIds": spec["structuredOutputs"]}
        return [(None, "Assistant", payload, origins)]

    def _tool(self, document: Document, name: str) -> Any:
        spec = document.spec
        if spec.get("type") != "http":
            return [(None, "Tool", {"name": name, "type": spec.get("type")}, {})]
        auth = spec.get("auth")
        return [
            (
                operation["name"],
                "Tool",
                {
                    "name": operation["name"],
                    "url": spec["endpoint"] + operation["path"],
                    "method": operation["method"],
                    "body": operation.get("schema"),
                    "headers": {"Authorization": Text(("Bearer ", auth))} if auth else {},
                },
                {("body",): ("spec", "operations", index, "schema"), ("headers",): ("spec", "auth")},
            )
            for index, operation in enumerate(spec["operations"])
        ]

    def _squad(self, document: Document, name: str) -> Any:
        members = [
            {
                "assistantId": member["assistant"],
                "destinations": [
                    {"assistantId": item["assistant"]} for item in member.get("destinations", [])
                ],
            }
            for member in document.spec.get("members", [])
        ]
        return [(None, "Squad", {"name": name, "members": members}, {("members",): ("spec", "members")})]

    def _knowledgebase(self, document: Document, name: str) -> Any:
        documents = document.spec.get("documents", [])
        own = str(document.address)
        files = [
            (item["name"], "File", {"name": item["name"], "content": item["content"]}, {})
            for item in documents
        ]
        ids = [Ref(f"{own}[{item['name']}]") for item in documents]
        return [(None, "KnowledgeBase", {"name": name, "fileIds": ids}, {}), *files]

    def _file(self, document: Document, name: str) -> Any:
        return [(None, "File", {"name": name, "content": document.spec["content"]}, {})]

    def _plain(self, document: Document, name: str) -> Any:
        return [(None, document.address.kind, {"name": name}, {})]

    def check(self, resource: Resource) -> Sequence[Diagnostic]:
        name = resource.payload.get("name")
        if isinstance(name, str) and len(name) > 40:
            return [
                error("fake.name", "the name has more than 40 characters", place=resource.place(("name",)))
            ]
        return []

    def native_schema(self, kind: str) -> Mapping[str, Any]:
        return {"type": "object"}

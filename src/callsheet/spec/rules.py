"""What shapes cannot say: rules that hold between the fields of one document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from callsheet.model.value import Path, Payload
from callsheet.spec.native import PROVIDERS
from callsheet.spec.typed import Problem


def broken_rules(document: Payload) -> list[Problem]:
    """The rules that a document of the right shape does not keep."""
    kind, spec = document["kind"], document["spec"]
    checks = {
        "Assistant": _assistant,
        "Tool": _tool,
        "KnowledgeBase": _knowledge_base,
        "File": _file,
    }
    problems = list(checks[kind](spec)) if kind in checks else []
    return [*problems, *_mark(spec), *_lifecycle(document)]


def _mark(spec: Mapping[str, Any]) -> Iterator[Problem]:
    """`metadata.callsheet` says which document an object belongs to; written by hand it would lie."""
    native = spec.get("native")
    if not isinstance(native, dict):
        return
    payloads: dict[Path, Any] = {(): native, **{(name,): native.get(name) for name in PROVIDERS}}
    for path, payload in payloads.items():
        metadata = payload.get("metadata") if isinstance(payload, dict) else None
        if isinstance(metadata, dict) and "callsheet" in metadata:
            yield Problem(
                ("spec", "native", *path, "metadata", "callsheet"),
                "spec.reserved",
                "metadata.callsheet is Callsheet's own mark",
                "Leave it out; Callsheet writes it.",
            )


def _assistant(spec: Mapping[str, Any]) -> Iterator[Problem]:
    if spec.get("systemPrompt") is not None and spec.get("systemPromptRef") is not None:
        yield _problem(
            ("spec", "systemPromptRef"), "systemPrompt and systemPromptRef exclude each other", "Keep one."
        )


def _tool(spec: Mapping[str, Any]) -> Iterator[Problem]:
    if spec.get("type") != "http":
        if spec.get("type") is None and not spec.get("native"):
            yield _problem(("spec",), "the tool has no type", "Write type: http, or the provider's type.")
        return
    if spec.get("authScheme") == "header" and not spec.get("authHeader"):
        yield _problem(("spec", "authScheme"), "authScheme: header needs authHeader", "Name the header.")
    if spec.get("authHeader") and spec.get("authScheme") != "header":
        yield _problem(
            ("spec", "authHeader"), "authHeader has no meaning without authScheme: header", "Add it."
        )
    seen: set[str] = set()
    operations = spec.get("operations")
    for index, operation in enumerate(operations if isinstance(operations, list) else ()):
        if not isinstance(operation, dict):
            continue
        path: Path = ("spec", "operations", index)
        if operation.get("schema") is not None and operation.get("schemaRef") is not None:
            yield _problem((*path, "schemaRef"), "schema and schemaRef exclude each other", "Keep one.")
        name = operation["name"]
        if name in seen:
            yield _problem((*path, "name"), f"there are two operations called {name}", "Rename one of them.")
        seen.add(name)


def _knowledge_base(spec: Mapping[str, Any]) -> Iterator[Problem]:
    documents = spec.get("documents")
    for index, document in enumerate(documents if isinstance(documents, list) else ()):
        if isinstance(document, dict):
            yield from _one_place(document, ("spec", "documents", index))


def _file(spec: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _one_place(spec, ("spec",))


def _one_place(value: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    given = [key for key in ("path", "url") if value.get(key) is not None]
    if len(given) > 1:
        yield _problem((*path, "url"), "path and url exclude each other", "Keep one of them.")
    elif not given:
        yield _problem(path, "neither path nor url is given", "Say which file is meant.")
    if value.get("sha256") is not None and given == ["path"]:
        yield _problem(
            (*path, "sha256"), "sha256 is for downloads", "Take it away: the file is in the project."
        )


def _lifecycle(document: Payload) -> Iterator[Problem]:
    moved = (document.get("lifecycle") or {}).get("movedFrom")
    if isinstance(moved, str) and "${" not in moved:
        address = f"{document['kind']}/{document['metadata']['name']}"
        path: Path = ("lifecycle", "movedFrom")
        if moved == address:
            yield _problem(path, f"{address} cannot be moved from itself", "Name its former address.")
        elif moved.partition("/")[0] != document["kind"]:
            yield _problem(path, f"{address} cannot have been {moved}", "A rename keeps the kind.")


def _problem(path: Path, summary: str, hint: str) -> Problem:
    return Problem(path, "spec.rule", summary, hint)

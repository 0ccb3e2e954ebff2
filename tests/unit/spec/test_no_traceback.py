"""Whatever stands in the files, what comes out is a project or a SpecError with places."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from callsheet.model.diagnostics import Diagnostic, Severity
from callsheet.model.errors import SpecError
from unit.spec.project import rendered, write

ENVIRONMENTS: dict[str, Any] = {
    "app": "x",
    "state": {"backend": "file"},
    "defaults": {"provider": {"type": "vapi"}, "secrets": "secrets://env/{NAME}"},
    "environments": {
        "dev": {
            "model": {"model": "m"},
            "temperature": 0.5,
            "voice": "v",
            "params": {"p": {"q": [1]}},
            "variables": {"V": "secrets://env/X"},
            "overrides": {
                "Assistant/a": {"spec": {"policies": ["p"]}},
                "Tool/*": {"spec": {"headers": {"a": "b"}}},
            },
            "acknowledgedDrift": [{"address": "Tool/t", "owner": "me", "until": "2026-12-01"}],
        },
        "uat": {"promotesFrom": "dev", "promptSource": "library:draft", "release": "dev@1"},
    },
    "prompts": {"p": {"dev": "latest", "uat": "1.0.0"}},
}
DOCUMENTS: list[dict[str, Any]] = [
    {
        "kind": "Assistant",
        "metadata": {"name": "a", "labels": {"x": "y"}},
        "spec": {
            "systemPromptRef": "prompts/p.md",
            "model": "m",
            "voice": {"voiceId": "${env.name}"},
            "tools": [{"ref": "t"}, {"external": "Credential/c"}],
            "knowledge": [{"ref": "k"}],
            "safetyPolicyRef": "all.yaml",
            "safety": {"instructions": ["x"]},
            "native": {"vapi": {"x": "${variables.V}"}},
        },
        "lifecycle": {"movedFrom": "Assistant/b", "ignoreChanges": ["x"]},
    },
    {"kind": "Policy", "metadata": {"name": "p"}, "spec": {"safety": {"instructions": ["${env.name}"]}}},
    {
        "kind": "Tool",
        "metadata": {"name": "t"},
        "spec": {
            "type": "http",
            "endpoint": "https://x.example",
            "authRef": "secrets/x",
            "operations": [{"name": "o", "method": "GET", "path": "/x", "schemaRef": "schemas/s.json"}],
        },
    },
    {
        "kind": "KnowledgeBase",
        "metadata": {"name": "k"},
        "spec": {"documents": ["k.txt", {"url": "https://x/y"}]},
    },
    {"kind": "Squad", "metadata": {"name": "s"}, "spec": {"members": [{"assistant": {"ref": "a"}}]}},
]
ODD = st.sampled_from(
    [None, True, 0, -1, 1.5, "", "${", "${params.p}", "${params.p.q}", "$${", "secrets://", "secrets://env/X",
     "..", "/etc", "a/b", "\U0001f4de", "x" * 300, [], [[]], {}, {"ref": "a"}, {"ref": None}, {"": ""},
     {"external": "x"}, {"$ref": "Tool/t"}, {"${params.p}": 1}, [None], "Tool/t[o]", "latest", "null",
     "${file:k.txt}", {"fake": {}}]
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value in the tree."""
    inner: dict[Any, Any] = value if isinstance(value, dict) else {}
    inner = dict(enumerate(value)) if isinstance(value, list) else inner
    return [path, *(found for key, item in inner.items() for found in places(item, (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


def outcome(root: Path, environment: str) -> list[Diagnostic]:
    """The errors of a project; none where it renders."""
    try:
        rendered(root, environment, fetch=lambda url: url.encode())
    except SpecError as problem:
        return [item for item in problem.diagnostics if item.severity is Severity.ERROR]
    except KeyError as problem:
        if problem.args != (environment,):  # else the environment itself was edited away
            raise
    return []


EDITS = [(root, path) for root, tree in enumerate([ENVIRONMENTS, DOCUMENTS]) for path in places(tree)]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(EDITS), ODD), min_size=1, max_size=3), st.sampled_from(["dev", "uat"])
)
def test_odd_values_anywhere(edits: list[tuple[tuple[int, tuple[Any, ...]], Any]], environment: str) -> None:
    trees: list[Any] = [ENVIRONMENTS, DOCUMENTS]
    for (root, path), odd in edits:
        with contextlib.suppress(KeyError, IndexError, TypeError, AttributeError):
            trees[root] = changed(trees[root], path, odd)  # unless an earlier edit took the place away
    documents = trees[1] if isinstance(trees[1], list) else [trees[1]]
    files = {
        "environments.yaml": orjson.dumps(trees[0]),
        "all.yaml": b"\n---\n".join(orjson.dumps(document) for document in documents),
        "prompts/p/1.0.0.md": "---\nstatus: draft\n---\nHi ${env.name}",
        "schemas/s.json": "{}",
        "k.txt": "content",
    }
    with tempfile.TemporaryDirectory() as folder:
        for item in outcome(write(Path(folder), files), environment):
            assert item.place is not None
            assert item.place.line > 0


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from(["a.yaml", "assistants/a.md", "prompts/p/1.0.0.md", "environments.yaml"]),
)
def test_odd_bytes_anywhere(data: bytes, path: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for item in outcome(write(Path(folder), {path: data}), "dev"):
            assert item.place is not None

"""Documents that have not the shape of their kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.spec.project import TOOL, Case, assistant

CASES = (
    Case(
        "no kind",
        {"a.yaml": "metadata: {name: a}\n"},
        "spec.missing-key | a.yaml:1:1 | kind is missing | One of Assistant, Squad,",
    ),
    Case(
        "unknown kind",
        {"a.yaml": "kind: Asistant\nmetadata: {name: a}\n"},
        "spec.unknown-kind | a.yaml:1:7 | there is no kind 'Asistant' | Did you mean Assistant?",
    ),
    Case(
        "kind number",
        {"a.yaml": "kind: 1\nmetadata: {name: a}\n"},
        "spec.type | a.yaml:1:7 | kind must be text |",
    ),
    Case(
        "kind environments",
        {"a.yaml": "kind: Environments\nenvironments: {}\n"},
        "spec.unknown-kind | a.yaml:1:7 | environments are not declared here | There is one such file per",
    ),
    Case(
        "no metadata",
        {"a.yaml": "kind: Assistant\nspec: {}\n"},
        "spec.missing-key | a.yaml:1:1 | metadata is missing | Add it.",
    ),
    Case(
        "no name",
        {"a.yaml": "kind: Assistant\nmetadata: {labels: {a: b}}\n"},
        "spec.missing-key | a.yaml:2:11 | metadata.name is missing | Add it.",
    ),
    Case(
        "bad name",
        {"a.yaml": "kind: Assistant\nmetadata: {name: Order_Agent}\n"},
        "spec.value | a.yaml:2:18 | metadata.name must be a slug: a-z, 0-9 and |",
    ),
    Case(
        "name placeholder",
        {"a.yaml": "kind: Assistant\nmetadata: {name: 'a-${env.name}'}\n"},
        "spec.value | a.yaml:2:18 | metadata.name is the same in every environment | Write a plain slug.",
    ),
    Case(
        "bad apiVersion",
        {"a.yaml": "apiVersion: v2\nkind: Assistant\nmetadata: {name: a}\n"},
        "spec.value | a.yaml:1:13 | apiVersion must be one of v1 or callsheet/v1 |",
    ),
    Case(
        "unknown top key",
        {"a.yaml": "kind: Assistant\nmetadata: {name: a}\nspecs: {}\n"},
        "spec.unknown-key | a.yaml:3:1 | unknown key 'specs' | Did you mean spec?",
    ),
    Case(
        "label number",
        {"a.yaml": "kind: Assistant\nmetadata: {name: a, labels: {tier: 1}}\n"},
        "spec.type | a.yaml:2:36 | metadata.labels.tier must be text, not a number | Put it in quotes.",
    ),
    Case(
        "spec list",
        {"a.yaml": "kind: Assistant\nmetadata: {name: a}\nspec: [x]\n"},
        "spec.type | a.yaml:3:7 | spec must be a mapping, not a list |",
    ),
    Case(
        "duplicate name",
        {"a.yaml": assistant("model: x"), "b/b.yaml": assistant("model: y")},
        (
            "spec.duplicate-name | b/b.yaml:2:18 | Assistant/a is declared already, "
            "at a.yaml:2:18 | Names are unique per kind;"
        ),
    ),
    Case(
        "unknown key",
        {"a.yaml": assistant("modle: x")},
        "spec.unknown-key | a.yaml:4:3 | unknown key 'modle' | Did you mean model?",
    ),
    Case(
        "unknown nested",
        {"a.yaml": assistant("model: {modle: x}")},
        "spec.unknown-key | a.yaml:4:11 | unknown key 'modle' | Did you mean model?",
    ),
    Case(
        "snake and camel",
        {"a.yaml": assistant("firstMessage: a\nfirst_message: b")},
        (
            "spec.duplicate-key | a.yaml:5:3 | 'first_message' and 'firstMessage' "
            "are the same | Keep one of them."
        ),
    ),
    Case(
        "wrong type",
        {"a.yaml": assistant("model: {model: x, temperature: hot}")},
        "spec.type | a.yaml:4:34 | spec.model.temperature must be a number, not |",
    ),
    Case(
        "bool as text",
        {"a.yaml": assistant("firstMessage: true")},
        "spec.type | a.yaml:4:17 | spec.firstMessage must be text, not true or | Put it in quotes.",
    ),
    Case(
        "number as model",
        {"a.yaml": assistant("model: 4")},
        "spec.type | a.yaml:4:10 | spec.model must be text or a mapping, not a | Put it in quotes.",
    ),
    Case(
        "negative temp",
        {"a.yaml": assistant("model: {model: x, temperature: -1}")},
        "spec.value | a.yaml:4:34 | spec.model.temperature must be at least 0 |",
    ),
    Case(
        "float tokens",
        {"a.yaml": assistant("model: {model: x, maxTokens: 1.5}")},
        "spec.type | a.yaml:4:32 | spec.model.maxTokens must be a whole number, |",
    ),
    Case(
        "tools strings",
        {"a.yaml": assistant("tools: [jira]")},
        "spec.type | a.yaml:4:11 | spec.tools[0] must be a mapping, not text | A reference to another",
    ),
    Case(
        "tools mapping",
        {"a.yaml": assistant("tools: {ref: jira}")},
        "spec.type | a.yaml:4:10 | spec.tools must be a list, not a mapping |",
    ),
    Case(
        "ref typo",
        {"a.yaml": assistant("tools: [{reff: jira}]")},
        "spec.unknown-key | a.yaml:4:12 | unknown key 'reff' | Did you mean ref?",
    ),
    Case(
        "ref empty",
        {"a.yaml": assistant("tools: [{}]")},
        "spec.missing-key | a.yaml:4:11 | spec.tools[0].ref is missing | Add it.",
    ),
    Case(
        "ref number",
        {"a.yaml": assistant("tools: [{ref: 5}]")},
        "spec.type | a.yaml:4:17 | spec.tools[0].ref must be text, not a number | Put it in quotes.",
    ),
    Case(
        "two prompts",
        {"a.yaml": assistant("systemPrompt: x\nsystemPromptRef: y")},
        "spec.rule | a.yaml:5:20 | systemPrompt and systemPromptRef exclude each | Keep one.",
    ),
    Case(
        "method",
        {"t.yaml": TOOL.replace("GET", "GTE")},
        "spec.value | t.yaml:7:26 | spec.operations[0].method must be one of GET, | Did you mean GET?",
    ),
    Case(
        "endpoint",
        {"t.yaml": TOOL.replace("https://x", "ftp://x")},
        "spec.value | t.yaml:5:13 | spec.endpoint must be an http or https address |",
    ),
    Case(
        "no operations",
        {"t.yaml": TOOL.split("  operations")[0]},
        "spec.missing-key | t.yaml:4:3 | spec.operations is missing | Add it.",
    ),
    Case(
        "empty operations",
        {"t.yaml": TOOL.split("  operations")[0] + "  operations: []\n"},
        "spec.value | t.yaml:6:15 | spec.operations must not be empty |",
    ),
    Case(
        "op path",
        {"t.yaml": TOOL.replace("/x}", "x}")},
        "spec.value | t.yaml:7:37 | spec.operations[0].path must be a path that |",
    ),
    Case(
        "op twice",
        {"t.yaml": TOOL + "    - {name: go, method: GET, path: /y}\n"},
        "spec.rule | t.yaml:8:14 | there are two operations called go | Rename one of them.",
    ),
    Case(
        "op name",
        {"t.yaml": TOOL.replace("name: go", "name: go now")},
        "spec.value | t.yaml:7:14 | spec.operations[0].name must be 1 to 64 |",
    ),
    Case(
        "auth header",
        {"t.yaml": TOOL + "  authScheme: header\n"},
        "spec.rule | t.yaml:8:15 | authScheme: header needs authHeader | Name the header.",
    ),
    Case(
        "native tool with endpoint",
        {"t.yaml": TOOL.replace("type: http", "type: function")},
        (
            "spec.unknown-key | t.yaml:5:3 | unknown key 'endpoint' | Only tools of "
            "type http have\nspec.unknown-key | t.yaml:6:3 | unknown key "
            "'operations' | Only tools of type http have"
        ),
    ),
    Case(
        "tool no type",
        {"t.yaml": "kind: Tool\nmetadata: {name: t}\n"},
        "spec.rule | t.yaml:1:1 | the tool has no type | Write type: http, or the",
    ),
    Case(
        "kb no path",
        {"k.yaml": "kind: KnowledgeBase\nmetadata: {name: k}\nspec: {documents: [{name: x}]}\n"},
        "spec.rule | k.yaml:3:20 | neither path nor url is given | Say which file is meant.",
    ),
    Case(
        "file both",
        {"k.yaml": "kind: File\nmetadata: {name: k}\nspec: {path: x.txt, url: 'https://x.example/y'}\n"},
        "spec.rule | k.yaml:3:26 | path and url exclude each other | Keep one of them.",
    ),
    Case(
        "onRemove",
        {"a.yaml": assistant("model: x") + "lifecycle: {onRemove: forgett}\n"},
        "spec.value | a.yaml:5:23 | lifecycle.onRemove must be one of delete or | Did you mean forget?",
    ),
    Case(
        "movedFrom self",
        {"a.yaml": assistant("model: x") + "lifecycle: {movedFrom: Assistant/a}\n"},
        "spec.rule | a.yaml:5:24 | Assistant/a cannot be moved from itself | Name its former address.",
    ),
    Case(
        "movedFrom kind",
        {"a.yaml": assistant("model: x") + "lifecycle: {movedFrom: Tool/a}\n"},
        "spec.rule | a.yaml:5:24 | Assistant/a cannot have been Tool/a | A rename keeps the kind.",
    ),
    Case(
        "movedFrom form",
        {"a.yaml": assistant("model: x") + "lifecycle: {movedFrom: orders}\n"},
        "spec.value | a.yaml:5:24 | lifecycle.movedFrom must be an address such as |",
    ),
    Case(
        "movedFrom declared",
        {
            "a.yaml": assistant("model: x")
            + "lifecycle: {movedFrom: Assistant/b}\n---\n"
            + assistant("model: y", "b")
        },
        (
            "spec.moved-from | a.yaml:5:24 | Assistant/b is still declared, at "
            "a.yaml:8:18 | Remove that document, or take"
        ),
    ),
    Case(
        "movedFrom twice",
        {
            "a.yaml": assistant("model: x")
            + "lifecycle: {movedFrom: Assistant/z}\n---\n"
            + assistant("model: y", "b")
            + "lifecycle: {movedFrom: Assistant/z}\n"
        },
        (
            "spec.moved-from | a.yaml:11:24 | Assistant/a was moved from Assistant/z "
            "already | One remote object can become"
        ),
    ),
    Case(
        "movedFrom swap",
        {
            "a.yaml": assistant("model: x")
            + "lifecycle: {movedFrom: Assistant/b}\n---\n"
            + assistant("model: y", "b")
            + "lifecycle: {movedFrom: Assistant/a}\n"
        },
        (
            "spec.moved-from | a.yaml:5:24 | Assistant/b is still declared, at "
            "a.yaml:8:18 | Remove that document, or take\n"
            "spec.moved-from | a.yaml:11:24 | Assistant/a is still declared, at "
            "a.yaml:2:18 | Remove that document, or take"
        ),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_documents(case: Case, tmp_path: Path) -> None:
    case.check(tmp_path)

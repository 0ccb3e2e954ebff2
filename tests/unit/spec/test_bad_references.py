"""References and files that are not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.spec.project import TOOL, Case, assistant

SCHEMA = TOOL.replace("path: /x}", "path: /x, schemaRef: schemas/x.json}")
CASES = (
    Case(
        "dangling",
        {"a.yaml": assistant("tools: [{ref: jirra}]"), "t.yaml": TOOL.replace("name: t", "name: jira")},
        "spec.dangling | a.yaml:4:11 | there is no resource 'jirra' | Did you mean jira?",
    ),
    Case(
        "dangling kind",
        {"a.yaml": assistant("tools: [{ref: Tool/jirra}]"), "t.yaml": TOOL.replace("name: t", "name: jira")},
        "spec.dangling | a.yaml:4:11 | there is no resource 'Tool/jirra' | Did you mean Tool/jira?",
    ),
    Case(
        "dangling part",
        {"a.yaml": assistant("tools: [{ref: 'Tool/t[gone]'}]"), "t.yaml": TOOL},
        "spec.dangling | a.yaml:4:11 | there is no resource 'Tool/t[gone]' | Did you mean Tool/t[go]?",
    ),
    Case(
        "misplaced",
        {"a.yaml": assistant("tools: [{ref: b}]") + "---\n" + assistant("model: x", "b")},
        (
            "spec.reference | a.yaml:4:11 | Assistant/b cannot stand at "
            "model.toolIds[0] | Expected: KnowledgeBase or"
        ),
    ),
    Case(
        "ambiguous",
        {
            "a.yaml": assistant("native: {x: {ref: b}}")
            + "---\n"
            + assistant("model: x", "b")
            + "---\n"
            + TOOL.replace("name: t", "name: b")
        },
        "spec.reference | a.yaml:4:15 | 'b' is the name of 2 resources | Write {ref: Assistant/b} or",
    ),
    Case(
        "several outside list",
        {
            "a.yaml": assistant("native: {x: {ref: t}}"),
            "t.yaml": TOOL + "    - {name: stop, method: GET, path: /y}\n",
        },
        "spec.reference | a.yaml:4:15 | t stands for 2 objects (Tool/t[go], | Name the one that is meant,",
    ),
    Case(
        "misplaced by its address",
        {"a.yaml": assistant("tools: [{ref: Assistant/b}]") + "---\n" + assistant("model: x", "b")},
        "spec.reference | a.yaml:4:11 | Assistant/b cannot stand at model.toolIds[0] | Expected:",
    ),
    Case(
        "ref policy",
        {"a.yaml": assistant("tools: [{ref: p}]"), "p.yaml": "kind: Policy\nmetadata: {name: p}\n"},
        "spec.reference | a.yaml:4:11 | 'p' is a policy, which is no object at the | Name it in policies or",
    ),
    Case(
        "ref syntax",
        {"a.yaml": assistant("tools: [{ref: 'Not A Name'}]")},
        "spec.reference | a.yaml:4:11 | 'Not A Name' is no reference | Write {ref: NAME} or {ref:",
    ),
    Case(
        "external kind",
        {"a.yaml": assistant("tools: [{external: Credentail/x}]")},
        (
            "spec.external | a.yaml:4:11 | 'Credentail/x' is nothing that can be "
            "looked up | Did you mean Credential?"
        ),
    ),
    Case(
        "external syntax",
        {"a.yaml": assistant("tools: [{external: x}]")},
        "spec.value | a.yaml:4:22 | spec.tools[0].external must be Kind/NAME |",
    ),
    Case(
        "prompt missing",
        {"a.yaml": assistant("systemPromptRef: prompts/ordr.md"), "prompts/order.md": "x"},
        (
            "spec.unknown-prompt | a.yaml:4:20 | there is no prompt prompts/ordr.md "
            "| Did you mean prompts/order.md?"
        ),
    ),
    Case(
        "prompt outside",
        {"a.yaml": assistant("systemPromptRef: ../secret.md")},
        "spec.path-outside | a.yaml:4:20 | ../secret.md climbs with '..' | Everything that a project",
    ),
    Case(
        "prompt absolute",
        {"a.yaml": assistant("systemPromptRef: /etc/passwd")},
        (
            "spec.path-outside | a.yaml:4:20 | /etc/passwd is not a path inside the "
            "project | Everything that a project"
        ),
    ),
    Case(
        "schema missing",
        {"t.yaml": TOOL.replace("path: /x}", "path: /x, schemaRef: schemas/x.json}")},
        "spec.file-missing | t.yaml:7:52 | there is no file schemas/x.json |",
    ),
    Case(
        "schema not json",
        {
            "t.yaml": TOOL.replace("path: /x}", "path: /x, schemaRef: schemas/x.json}"),
            "schemas/x.json": '{"a": }',
        },
        "spec.schema | t.yaml:7:52 | schemas/x.json:1:7: this is not JSON: Expecting |",
    ),
    Case(
        "schema dup",
        {
            "t.yaml": TOOL.replace("path: /x}", "path: /x, schemaRef: schemas/x.json}"),
            "schemas/x.json": '{"a": 1, "a": 2}',
        },
        "spec.schema | t.yaml:7:52 | schemas/x.json: the key 'a' stands twice in one |",
    ),
    Case(
        "schema list",
        {
            "t.yaml": TOOL.replace("path: /x}", "path: /x, schemaRef: schemas/x.json}"),
            "schemas/x.json": "[1]",
        },
        "spec.schema | t.yaml:7:52 | schemas/x.json holds no JSON Schema: it must be |",
    ),
    Case(
        "schema marker",
        {"t.yaml": SCHEMA, "schemas/x.json": '{"a": {"$ref": "Tool/x"}}'},
        "spec.schema | t.yaml:7:52 | holds $ref with a value that is | Start a $ref with #",
    ),
    Case(
        "schema depth",
        {"t.yaml": SCHEMA, "schemas/x.json": '{"a": ' * 70 + "1" + "}" * 70},
        "spec.schema | t.yaml:7:52 | nested more than 64 deep |",
    ),
    Case(
        "schema bottomless",
        {"t.yaml": SCHEMA, "schemas/x.json": "[" * 100_000},
        "spec.schema | t.yaml:7:52 | nested too deeply |",
    ),
    Case(
        "schema surrogate",
        {"t.yaml": SCHEMA, "schemas/x.json": '{"\\ud800": 1}'},
        "spec.schema | t.yaml:7:52 | half a character |",
    ),
    Case(
        "schema numbers",
        {"t.yaml": SCHEMA, "schemas/x.json": '{"a": 99999999999999999999}'},
        "spec.schema | t.yaml:7:52 | does not fit into 64 bits |",
    ),
    Case(
        "schema constants",
        {"t.yaml": SCHEMA, "schemas/x.json": '{"a": NaN}'},
        "spec.schema | t.yaml:7:52 | NaN is no number that JSON can carry |",
    ),
    Case(
        "bad address",
        {"k.yaml": "kind: File\nmetadata: {name: k}\nspec: {url: 'https://[x/y'}\n"},
        "spec.download | k.yaml:3:13 | is no address |",
    ),
    Case(
        "kb missing",
        {"k.yaml": "kind: KnowledgeBase\nmetadata: {name: k}\nspec: {documents: [knowledge/x.md]}\n"},
        "spec.file-missing | k.yaml:3:20 | there is no file knowledge/x.md |",
    ),
    Case(
        "kb same names",
        {
            "k.yaml": "kind: KnowledgeBase\nmetadata: {name: k}\nspec: {documents: [a/x.txt, b/x.txt]}\n",
            "a/x.txt": "1",
            "b/x.txt": "2",
        },
        (
            "spec.rule | k.yaml:3:29 | the name 'x.txt' is taken by another document "
            "| Give the document a name of"
        ),
    ),
    Case(
        "policy missing",
        {
            "a.yaml": assistant("safetyPolicyRef: policies/safty.yaml"),
            "policies/safety.yaml": "kind: Policy\nmetadata: {name: p}\n",
        },
        "spec.unknown-policy | a.yaml:4:20 | there is no file policies/safty.yaml | Did you mean",
    ),
    Case(
        "policy name missing",
        {
            "a.yaml": assistant("policies: [safty]"),
            "policies/safety.yaml": "kind: Policy\nmetadata: {name: safety}\n",
        },
        "spec.unknown-policy | a.yaml:4:14 | there is no policy 'safty' | Did you mean safety?",
    ),
    Case(
        "policy includes",
        {"policies/safety.yaml": "kind: Policy\nmetadata: {name: safety}\nspec: {policies: [safety]}\n"},
        "spec.unknown-key | policies/safety.yaml:3:8 | unknown key 'policies' | Known here: limits, safety,",
    ),
    Case(
        "authRef",
        {"t.yaml": TOOL + "  authRef: jira-token\n"},
        "spec.secret | t.yaml:8:12 | authRef is no reference to a secret | Write secrets/NAME,",
    ),
    Case(
        "md no front",
        {"assistants/a.md": "Hello\n"},
        (
            "spec.front-matter | assistants/a.md:1:1 | the file has no front matter "
            "| Begin it with --- and kind,"
        ),
    ),
    Case(
        "md unclosed",
        {"assistants/a.md": "---\nkind: Assistant\n"},
        (
            "spec.front-matter | assistants/a.md:1:1 | the front matter that begins "
            "here has no | Close it, or begin a text"
        ),
    ),
    Case(
        "md kind",
        {"assistants/a.md": "---\nkind: Tool\nmetadata: {name: x}\n---\nx"},
        (
            "spec.front-matter | assistants/a.md:2:7 | a Markdown document is an "
            "Assistant: its body | Write other kinds as YAML."
        ),
    ),
    Case(
        "md yaml error",
        {"assistants/a.md": "---\nmetadata: {name: x\n---\nx"},
        (
            "spec.yaml-syntax | assistants/a.md:3:1 | this is not YAML: did not find "
            "expected ',' or | Check the indentation and the"
        ),
    ),
    Case(
        "md bad key",
        {"assistants/a.md": "---\nmetadata: {name: x}\nspec: {modl: x}\n---\nx"},
        "spec.unknown-key | assistants/a.md:3:8 | unknown key 'modl' | Did you mean model?",
    ),
    Case(
        "md prompt twice",
        {"assistants/a.md": "---\nmetadata: {name: x}\nspec: {systemPromptRef: x}\n---\nx"},
        (
            "spec.front-matter | assistants/a.md:3:7 | the system prompt is the body "
            "of this file | Take systemPrompt and"
        ),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_references(case: Case, tmp_path: Path) -> None:
    case.check(tmp_path)

"""Placeholders and secrets that cannot be replaced."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.spec.project import Case, assistant, findings, write

CASES = (
    Case(
        "unknown param",
        {
            "a.yaml": assistant("firstMessage: Hi ${params.nmae}"),
            "environments.yaml": "environments: {dev: {params: {name: x}}}\n",
        },
        "spec.unset | a.yaml:4:20 | params.nmae is not set for environment dev | Did you mean params.name?",
    ),
    Case(
        "unset var",
        {
            "a.yaml": assistant("firstMessage: Hi ${variables.X}"),
            "environments.yaml": "environments: {dev: {}, prod: {variables: {X: 1}}}\n",
        },
        "spec.unset | a.yaml:4:20 | variables.X is not set for environment dev | Set variables.X for",
    ),
    Case(
        "unknown space",
        {"a.yaml": assistant("firstMessage: ${param.x}")},
        "spec.placeholder | a.yaml:4:17 | ${param.x} is no placeholder | Did you mean params?",
    ),
    Case(
        "js template",
        {"a.yaml": assistant("native: {code: 'let a = ${b}'}")},
        "spec.placeholder | a.yaml:4:27 | ${b} is no placeholder | Known: env., file:, params.,",
    ),
    Case(
        "unclosed",
        {"a.yaml": assistant("firstMessage: ${params.x")},
        (
            "spec.placeholder | a.yaml:4:17 | a placeholder is not closed with } on "
            "its line | For a literal ${ write $${."
        ),
    ),
    Case(
        "list in text",
        {
            "a.yaml": assistant("firstMessage: Hi ${params.l}"),
            "environments.yaml": "environments: {dev: {params: {l: [1]}}}\n",
        },
        (
            "spec.placeholder-type | a.yaml:4:20 | ${params.l} is a list or mapping "
            "and cannot | Name a text or a number."
        ),
    ),
    Case(
        "null in text",
        {
            "a.yaml": assistant("firstMessage: Hi ${settings.rateLimit}"),
            "environments.yaml": "environments: {dev: {rateLimit: null}}\n",
        },
        (
            "spec.placeholder-type | a.yaml:4:20 | ${settings.rateLimit} is null and "
            "cannot stand | Name a text or a number."
        ),
    ),
    Case(
        "wrong type after",
        {
            "a.yaml": assistant("model: {temperature: '${params.t}'}"),
            "environments.yaml": "environments: {dev: {params: {t: hot}}}\n",
        },
        "spec.type | a.yaml:4:24 | spec.model.temperature must be a number, not |",
    ),
    Case(
        "in key",
        {"a.yaml": assistant("native: {'${params.t}': 1}")},
        (
            "spec.placeholder | a.yaml:4:11 | placeholders are not replaced in keys "
            "| For a literal ${ write $${."
        ),
    ),
    Case(
        "file missing",
        {"a.yaml": assistant("firstMessage: ${file:txt/helo.txt}"), "txt/hello.txt": "x"},
        "spec.file-missing | a.yaml:4:17 | there is no file txt/helo.txt | Did you mean txt/hello.txt?",
    ),
    Case(
        "file outside",
        {"a.yaml": assistant("firstMessage: ${file:../x}")},
        "spec.path-outside | a.yaml:4:17 | ../x climbs with '..' | Everything that a project",
    ),
    Case(
        "file hidden",
        {"a.yaml": assistant("firstMessage: ${file:.env}"), ".env": "A=B"},
        (
            "spec.path-hidden | a.yaml:4:17 | .env is hidden; hidden files are no "
            "part of a | Move it to a folder without a"
        ),
    ),
    Case(
        "bad secret",
        {"a.yaml": assistant("native: {x: 'secrets://'}")},
        "spec.secret | a.yaml:4:16 | 'secrets://' is no secret reference | One looks like",
    ),
    Case(
        "secret as prompt",
        {"a.yaml": assistant("systemPrompt: secrets://env/X")},
        "spec.type | a.yaml:4:17 | spec.systemPrompt must be text, not a secret |",
    ),
    Case(
        "secret in model",
        {"a.yaml": assistant("model: secrets://env/X")},
        "spec.type | a.yaml:4:10 | spec.model must be text or a mapping, not a secret |",
    ),
    Case(
        "placeholder in md",
        {"assistants/a.md": "---\nmetadata: {name: a}\n---\nHello\n  there ${params.x} you\n"},
        (
            "spec.unset | assistants/a.md:5:9 | params.x is not set for environment "
            "dev | Set params.x for environment"
        ),
    ),
    Case(
        "placeholder in prompt",
        {"a.yaml": assistant("systemPromptRef: prompts/p.md"), "prompts/p.md": "One\nTwo ${env.nmae}\n"},
        "spec.unset | prompts/p.md:2:5 | env.nmae is not set for environment dev | Did you mean env.name?",
    ),
    Case(
        "secret in prompt file",
        {"a.yaml": assistant("systemPromptRef: p"), "prompts/p.md": "Say ${secrets://env/X}."},
        "spec.type | prompts/p.md:1:1 | a secret cannot stand in a prompt |",
    ),
    Case(
        "mixed native",
        {"a.yaml": assistant("native: {vapi: {a: 1}, b: 2}")},
        "spec.native | a.yaml:4:29 | either one payload or one per provider | Move b under",
    ),
    Case(
        "policy by placeholder",
        {"a.yaml": assistant("policies: ['${params.p}']")},
        "spec.unset | a.yaml:4:15 | params.p is not set |",
    ),
    Case(
        "policy for two",
        {
            "a.yaml": assistant("policies: [p]") + "---\n" + assistant("policies: [p]", "b"),
            "p.yaml": "kind: Policy\nmetadata: {name: p}\nspec: {safety: {instructions: ['${params.x}']}}\n",
        },
        "spec.unset | p.yaml:3:33 | params.x is not set |",
    ),
    Case(
        "placeholder in block",
        {"a.yaml": assistant("firstMessage: |\n  one\n  two ${params.x}")},
        "spec.unset | a.yaml:6:9 | params.x is not set for environment dev | Set params.x for environment",
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_values(case: Case, tmp_path: Path) -> None:
    case.check(tmp_path)


@pytest.mark.parametrize(
    "body", ["native: {metadata: {callsheet: {}}}", "native: {vapi: {metadata: {callsheet: x}}}"]
)
def test_callsheets_own_mark_is_not_for_files(tmp_path: Path, body: str) -> None:
    [found] = findings(write(tmp_path, {"a.yaml": assistant(body)}))
    assert found.code == "spec.reserved"
    assert str(found.place).startswith("a.yaml:4:")

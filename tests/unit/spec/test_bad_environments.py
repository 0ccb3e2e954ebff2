"""Environments, prompts and overrides that make no sense."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.spec.project import Case, assistant

CASES = (
    Case(
        "env empty",
        {"environments.yaml": ""},
        "spec.environments | environments.yaml:1:1 | the file must hold one mapping with the key |",
    ),
    Case(
        "env none",
        {"environments.yaml": "app: x\n"},
        "spec.missing-key | environments.yaml:1:1 | environments is missing | Add it.",
    ),
    Case(
        "env no envs",
        {"environments.yaml": "environments: {}\n"},
        "spec.value | environments.yaml:1:15 | environments must not be empty |",
    ),
    Case(
        "env typo",
        {"environments.yaml": "environment: {dev: {}}\n"},
        "spec.unknown-key | environments.yaml:1:1 | unknown key 'environment' | Did you mean environments?",
    ),
    Case(
        "env key typo",
        {"environments.yaml": "environments: {dev: {promtSource: local}}\n"},
        "spec.unknown-key | environments.yaml:1:22 | unknown key 'promtSource' | Did you mean promptSource?",
    ),
    Case(
        "env key snake typo",
        {"environments.yaml": "environments: {dev: {rate_limits: 5}}\n"},
        "spec.unknown-key | environments.yaml:1:22 | unknown key 'rate_limits' | Did you mean rateLimit?",
    ),
    Case(
        "env promptSource",
        {"environments.yaml": "environments: {dev: {promptSource: libary:draft}}\n"},
        (
            "spec.value | environments.yaml:1:36 | environments.dev.promptSource "
            "must be one of | Did you mean library:draft?"
        ),
    ),
    Case(
        "env rate text",
        {"environments.yaml": "environments: {dev: {rateLimit: unlimited}}\n"},
        "spec.type | environments.yaml:1:33 | environments.dev.rateLimit must be a whole |",
    ),
    Case(
        "env two defaults",
        {"environments.yaml": "environments: {dev: {default: true}, uat: {default: true}}\n"},
        "spec.default-environment | environments.yaml:1:53 | dev is the default environment already |",
    ),
    Case(
        "env default pinned",
        {"environments.yaml": "environments: {dev: {default: true, pinned: true}}\n"},
        (
            "spec.default-environment | environments.yaml:1:45 | dev is the default "
            "environment and follows the |"
        ),
    ),
    Case(
        "env promotes unknown",
        {"environments.yaml": "environments: {dev: {}, uat: {promotesFrom: dve}}\n"},
        (
            "spec.unknown-environment | environments.yaml:1:45 | there is no "
            "environment 'dve' | Did you mean dev?"
        ),
    ),
    Case(
        "env promotes cycle",
        {
            "environments.yaml": (
                "environments: {dev: {}, uat: {promotesFrom: prod}, prod: {promotesFrom: uat}}\n"
            )
        },
        (
            "spec.promotion | environments.yaml:1:45 | uat would be promoted from "
            "itself |\nspec.promotion | environments.yaml:1:73 | prod would be "
            "promoted from itself |"
        ),
    ),
    Case(
        "env default promotes",
        {"environments.yaml": "environments: {dev: {promotesFrom: uat}, uat: {}}\n"},
        "spec.promotion | environments.yaml:1:36 | dev is the default environment and takes no |",
    ),
    Case(
        "env bad name",
        {"environments.yaml": "environments: {Dev_1: {}}\n"},
        "spec.environment-name | environments.yaml:1:16 | 'Dev_1' is no name for an environment: a-z, 0-9 |",
    ),
    Case(
        "env pin env",
        {"environments.yaml": "environments: {dev: {}}\nprompts: {p: {deb: latest}}\n", "prompts/p.md": "x"},
        (
            "spec.unknown-environment | environments.yaml:2:15 | there is no "
            "environment 'deb' | Did you mean dev?"
        ),
    ),
    Case(
        "env pin version",
        {"environments.yaml": "environments: {dev: {}}\nprompts: {p: {dev: v2}}\n", "prompts/p.md": "x"},
        "spec.version | environments.yaml:2:20 | 'v2' is no version | Write 2.3.0 or latest.",
    ),
    Case(
        "env pin float",
        {"environments.yaml": "environments: {dev: {}}\nprompts: {p: {dev: 2.3}}\n", "prompts/p.md": "x"},
        "spec.type | environments.yaml:2:20 | prompts.p.dev must be text, not a number | Put it in quotes.",
    ),
    Case(
        "env pin missing version",
        {
            "environments.yaml": "environments: {dev: {}}\nprompts: {p: {dev: 2.3.1}}\n",
            "prompts/p/2.3.0.md": "---\nstatus: active\n---\nx",
            "a.yaml": assistant("systemPromptRef: prompts/p.md"),
        },
        (
            "spec.unknown-prompt | environments.yaml:2:20 | there is no version "
            "2.3.1 of prompt p | There is 2.3.0."
        ),
    ),
    Case(
        "env draft in active",
        {
            "environments.yaml": (
                "environments: {dev: {promptSource: 'library:active'}}\nprompts: {p: {dev: 2.3.0}}\n"
            ),
            "prompts/p/2.3.0.md": "---\nstatus: draft\n---\nx",
            "a.yaml": assistant("systemPromptRef: prompts/p.md"),
        },
        (
            "spec.prompt-status | environments.yaml:2:20 | version 2.3.0 of prompt p "
            "is draft; dev takes | Pin another version, or"
        ),
    ),
    Case(
        "env none active",
        {
            "environments.yaml": "environments: {dev: {promptSource: 'library:active'}}\n",
            "prompts/p/2.3.0.md": "---\nstatus: draft\n---\nx",
            "a.yaml": assistant("systemPromptRef: prompts/p.md"),
        },
        (
            "spec.prompt-status | a.yaml:4:20 | no version of prompt p may be used "
            "in dev, | There is 2.3.0 (draft)."
        ),
    ),
    Case(
        "env no versions",
        {
            "environments.yaml": "environments: {dev: {promptSource: 'library:active'}}\n",
            "prompts/p.md": "x",
            "a.yaml": assistant("systemPromptRef: prompts/p.md"),
        },
        (
            "spec.prompt-status | a.yaml:4:20 | prompt p has no versions, and dev "
            "takes | Add prompts/p/1.0.0.md with"
        ),
    ),
    Case(
        "prompt no status",
        {"prompts/p/2.3.0.md": "---\ndescription: x\n---\nx"},
        "spec.missing-key | prompts/p/2.3.0.md:2:1 | status is missing | Add it.",
    ),
    Case(
        "prompt no front",
        {"prompts/p/2.3.0.md": "x"},
        (
            "spec.prompt | prompts/p/2.3.0.md:1:1 | a version of a prompt needs "
            "front matter with | Begin it with ---, status:"
        ),
    ),
    Case(
        "prompt bad status",
        {"prompts/p/2.3.0.md": "---\nstatus: activ\n---\nx"},
        (
            "spec.value | prompts/p/2.3.0.md:2:9 | status must be one of draft, "
            "active or retired | Did you mean active?"
        ),
    ),
    Case(
        "prompt odd name",
        {"prompts/p/2.3.0.md": "---\nstatus: active\n---\nx", "prompts/p/next.md": "x"},
        (
            "spec.prompt | prompts/p/next.md:1:1 | next.md is no version, and "
            "prompts/p/ holds the | Name it like 2.3.0.md, or"
        ),
    ),
    Case(
        "prompt version mismatch",
        {"prompts/p/2.3.0.md": "---\nstatus: active\nversion: 2.3.1\n---\nx"},
        (
            "spec.prompt | prompts/p/2.3.0.md:3:10 | the file is version 2.3.0, its "
            "front matter | Make them agree."
        ),
    ),
    Case(
        "env override unknown",
        {
            "environments.yaml": "environments:\n  dev:\n    overrides: {Assistant/aa: {spec: {}}}\n",
            "a.yaml": assistant("model: x"),
        },
        (
            "spec.override | environments.yaml:3:17 | there is no document "
            "Assistant/aa to override | Did you mean Assistant/a?"
        ),
    ),
    Case(
        "env override kind",
        {"environments.yaml": "environments:\n  dev:\n    overrides: {Asistant/*: {spec: {}}}\n"},
        "spec.unknown-kind | environments.yaml:3:17 | there is no kind Asistant | Did you mean Assistant?",
    ),
    Case(
        "env override form",
        {"environments.yaml": "environments:\n  dev:\n    overrides: {a: {spec: {}}}\n"},
        "spec.override | environments.yaml:3:17 | 'a' names no documents; write Kind/name or |",
    ),
    Case(
        "env override key",
        {
            "environments.yaml": "environments:\n  dev:\n    overrides: {Assistant/a: {spec: {modell: x}}}\n",
            "a.yaml": assistant("model: x"),
        },
        "spec.unknown-key | environments.yaml:3:46 | unknown key 'modell' | Did you mean model?",
    ),
    Case(
        "env override type",
        {
            "environments.yaml": (
                "environments:\n  dev:\n    overrides: {Assistant/a: {spec: {firstMessage: 4}}}\n"
            ),
            "a.yaml": assistant("model: x"),
        },
        (
            "spec.type | environments.yaml:3:52 | spec.firstMessage must be text, "
            "not a number | Put it in quotes."
        ),
    ),
    Case(
        "env override rename",
        {
            "environments.yaml": (
                "environments:\n  dev:\n    overrides: {Assistant/a: {metadata: {name: x}}}\n"
            ),
            "a.yaml": assistant("model: x"),
        },
        "spec.override | environments.yaml:3:48 | an override cannot rename a document |",
    ),
    Case(
        "env placeholder",
        {"environments.yaml": "environments:\n  dev:\n    params: {a: '${params.b}'}\n"},
        (
            "spec.placeholder | environments.yaml:3:18 | ${params.b} is no "
            "placeholder | Here only ${env.name} and"
        ),
    ),
    Case(
        "env secrets template",
        {"environments.yaml": "environments:\n  dev:\n    secrets: secrets://env/TOKEN\n"},
        "spec.secret | environments.yaml:3:14 | secrets must be a reference with {name} or | For example",
    ),
    Case(
        "env ack date",
        {
            "environments.yaml": (
                "environments:\n  dev:\n"
                "    acknowledgedDrift: [{address: Assistant/a, owner: me, until: "
                "tomorrow}]\n"
            )
        },
        "spec.value | environments.yaml:3:66 | 'tomorrow' is no date | Write YYYY-MM-DD.",
    ),
    Case(
        "env ack address",
        {
            "environments.yaml": (
                "environments:\n  dev:\n    acknowledgedDrift: [{address: a, owner: me, until: 2026-12-01}]\n"
            )
        },
        "spec.value | environments.yaml:3:35 | 'a' is no address; one looks like |",
    ),
    Case(
        "env exports",
        {
            "environments.yaml": (
                "environments: {dev: {exports: {keep: 0}}, uat: {exports: {day: 9}}}\n"
                "exports: 50\n"
                "defaults: {exports: {days: 90 d}}\n"
            )
        },
        (
            "spec.value | environments.yaml:1:38 | environments.dev.exports.keep must be at least 1 | "
            "For example exports: {keep: 50, days: 90}; both are whole numbers.\n"
            "spec.unknown-key | environments.yaml:1:59 | unknown key 'day' | Did you mean days?\n"
            "spec.type | environments.yaml:2:10 | exports must be a mapping, not a number | For example\n"
            "spec.type | environments.yaml:3:28 | defaults.exports.days must be a whole number, not text |"
        ),
    ),
    Case(
        "env yaml error",
        {"environments.yaml": "environments: [\n"},
        (
            "spec.yaml-syntax | environments.yaml:2:1 | this is not YAML: did not "
            "find expected node | Check the indentation and the"
        ),
    ),
    Case(
        "env binary",
        {"environments.yaml": b"\0\1"},
        (
            "spec.encoding | environments.yaml:1:1 | the file holds a NUL byte: it "
            "is no text | Save the file as UTF-8 text."
        ),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_environments(case: Case, tmp_path: Path) -> None:
    case.check(tmp_path)

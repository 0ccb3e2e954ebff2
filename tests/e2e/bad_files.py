"""Files that are wrong, in every way that somebody thought of."""

from __future__ import annotations

from e2e.bad_case import (
    ENV,
    GOOD,
    HEAD,
    TOOL,
    Case,
    bomb,
    both,
    file,
    link_outside,
    metadata,
    section,
    spec,
    tool,
)

SYNTAX = [
    Case("unclosed bracket", file(HEAD + "spec: {model: [gpt\n"), "error"),
    Case("tab as indentation", file(HEAD + "spec:\n\tmodel: gpt-4.1\n"), "tab"),
    Case("duplicate key", file(HEAD + "spec: {model: a, model: b}\n"), "model"),
    Case("unknown alias", spec("{model: *nowhere}"), "nowhere"),
    Case("unknown tag", spec("{model: !!python/object:os.system x}"), "tag"),
    Case("a list as document", file("- a\n- b\n"), "mapping|list"),
    Case("a scalar as document", file("just text\n"), "mapping|text"),
    Case("binary", file(b"\x00\x01\x02\xff\xfe"), "UTF-8|character|binary"),
    Case("not UTF-8", file(HEAD.encode() + b"spec: {model: caf\xe9}\n"), "UTF-8"),
    Case("utf-16", file(GOOD.encode("utf-16")), "UTF-8|UTF-16|character"),
    Case("control character", spec('{model: "a\\u0000b", systemPrompt: x, name: "\x07"}'), r"U\+0007"),
    Case("YAML bomb", file(bomb()), "alias|large|values|expand"),
    Case("depth", spec("[" * 400 + "]" * 400), "deep|nest"),
    Case(
        "front matter not closed",
        file("---\nkind: Assistant\n", "assistants/a.md"),
        "front matter|---",
        r"assistants/a\.md",
    ),
    Case("environments.yaml broken", both(file(GOOD), file("a: [", "environments.yaml")), "error", ENV),
    Case("environments.yaml empty", both(file(GOOD), file("", "environments.yaml")), "", ENV),
    Case(
        "huge file",
        file(GOOD + "# " + "x" * 20_000_000 + "\n"),
        "large|big|MB|MiB|bytes",
        r"specs/assistants/a\.yaml",
    ),
]
SHAPES = [
    Case("no kind", file("apiVersion: v1\nmetadata: {name: a}\nspec: {}\n"), "kind"),
    Case(
        "unknown kind",
        file("apiVersion: v1\nkind: Asistant\nmetadata: {name: a}\nspec: {}\n"),
        "Did you mean Assistant",
    ),
    Case(
        "unknown version",
        file("apiVersion: v9\nkind: Assistant\nmetadata: {name: a}\nspec: {}\n"),
        "v9|apiVersion",
    ),
    Case("no name", metadata("{}"), "name"),
    Case("name is no slug", metadata("{name: A B}"), "name|slug|A B"),
    Case("name too long", metadata(f"{{name: {'a' * 64}}}"), "63|name"),
    Case("unknown top-level key", file(GOOD + "lifecyle: {}\n"), "Did you mean lifecycle"),
    Case("unknown spec key", spec("{model: gpt-4.1, sytemPrompt: x}"), "Did you mean systemPrompt"),
    Case("unknown metadata key", metadata("{name: a, nme: b}"), "nme"),
    Case("wrong type", spec("{model: gpt-4.1, firstMessage: [1, 2]}"), "firstMessage|string|text"),
    Case("wrong type inside", spec("{model: {model: gpt-4.1, temperature: hot}}"), "temperature|number"),
    Case("spec is a list", spec("[1, 2]"), "spec|mapping"),
    Case("tools is no list", spec("{model: gpt-4.1, tools: jira}"), "tools|list"),
    Case("bad lifecycle", file(GOOD + "lifecycle: {onRemove: explode}\n"), "onRemove|explode"),
    Case(
        "an http tool without operations",
        tool("{type: http, endpoint: 'https://x.example'}"),
        "operations",
        r"tools/t\.yaml:\d+",
    ),
    Case(
        "an http method that is none",
        tool("{type: http, endpoint: 'https://x.io', operations: [{name: a, method: FETCH, path: /}]}"),
        "FETCH|method",
        r"tools/t\.yaml:\d+",
    ),
    Case(
        "duplicate name",
        both(file(GOOD), file(GOOD, "assistants/b.yaml")),
        "declared already",
        r"b\.yaml:\d+:\d+",
    ),
    Case("environment key unknown", section("modle: gpt-4.1"), "Did you mean model", ENV + r":\d+:\d+"),
    Case("environment type wrong", section("rateLimit: many"), "rateLimit|many|number", ENV + r":\d+:\d+"),
    Case(
        "override of nothing",
        section("overrides: {Assistant/z: {spec: {}}}"),
        "Assistant/z",
        ENV + r":\d+:\d+",
    ),
    Case(
        "acknowledgement without owner",
        section("acknowledgedDrift: [{address: Assistant/a, until: 2027-01-01}]"),
        "owner",
        ENV + r":\d+:\d+",
    ),
]
REFERENCES = [
    Case("dangling reference", spec("{model: gpt-4.1, tools: [{ref: jria}]}"), "jria"),
    Case(
        "dangling, with a neighbour",
        both(
            spec("{model: gpt-4.1, tools: [{ref: jria}]}"),
            file(TOOL.replace("name: t", "name: jira") + "spec: {type: endCall}\n", "tools/t.yaml"),
        ),
        "jira",
    ),
    Case("reference to the wrong kind", spec("{model: gpt-4.1, tools: [{ref: Assistant/a}]}"), "Assistant/a"),
    Case("missing prompt", spec("{model: gpt-4.1, systemPromptRef: prompts/none.md}"), "none"),
    Case("missing policy", spec("{model: gpt-4.1, safetyPolicyRef: policies/none.yaml}"), "none"),
    Case(
        "missing document",
        file(
            "apiVersion: v1\nkind: KnowledgeBase\nmetadata: {name: k}\nspec: {documents: [none.md]}\n",
            "knowledge/k.yaml",
        ),
        r"none\.md",
        r"k\.yaml:\d+",
    ),
    Case(
        "unknown placeholder", spec("{model: gpt-4.1, systemPrompt: 'Hi ${params.nme}'}"), r"params\.nme|nme"
    ),
    Case(
        "placeholder not closed",
        spec("{model: gpt-4.1, systemPrompt: 'Hi ${params.name'}"),
        "placeholder|closed|}",
    ),
    Case("unknown namespace", spec("{model: gpt-4.1, systemPrompt: '${secret.x}'}"), "secret"),
    Case("traversal", spec("{model: gpt-4.1, systemPromptRef: ../../etc/passwd}"), r"\.\."),
    Case("absolute path", spec("{model: gpt-4.1, systemPromptRef: /etc/passwd}"), "passwd"),
    Case(
        "traversal in a placeholder",
        spec("{model: gpt-4.1, systemPrompt: '${file:../../etc/passwd}'}"),
        r"\.\.",
    ),
    Case("link that leads outside", link_outside, "outside", r"prompts/p\.md"),
    Case(
        "moved from itself",
        file(GOOD + "lifecycle: {movedFrom: Assistant/a}\n"),
        "itself|movedFrom|Assistant/a",
    ),
    Case(
        "knowledge bases in a circle of moves",
        both(
            file(GOOD + "lifecycle: {movedFrom: Assistant/b}\n"),
            file(
                GOOD.replace("name: a", "name: b") + "lifecycle: {movedFrom: Assistant/a}\n",
                "assistants/b.yaml",
            ),
        ),
        "Assistant/",
    ),
    Case(
        "external that is not there",
        spec("{model: gpt-4.1, native: {credentialIds: [{external: Credential/none}]}}"),
        "Credential/none",
    ),
    Case(
        "external of an unknown kind",
        spec("{model: gpt-4.1, native: {credentialIds: [{external: Wizard/none}]}}"),
        "Wizard",
    ),
    Case(
        "a marker of ours in a file",
        spec("{model: gpt-4.1, native: {metadata: {$secret: 'secrets://env/X'}}}"),
        "secret",
    ),
]
LIMITS = [
    Case("name too long for the provider", spec(f"{{model: gpt-4.1, name: {'n' * 41}}}"), "40|name"),
    Case("temperature out of range", spec("{model: {model: gpt-4.1, temperature: 9}}"), "temperature"),
    Case(
        "duration out of range",
        spec("{model: gpt-4.1, limits: {maxDurationSeconds: 1}}"),
        "maxDurationSeconds|duration",
    ),
    Case("unknown native key", spec("{model: gpt-4.1, native: {frstMessage: x}}"), "frstMessage"),
    Case("unknown provider of a model", spec("{model: {provider: opnai, model: gpt-4.1}}"), "opnai"),
    Case("unknown tool type", tool("{type: endcal}"), "endcal", r"tools/t\.yaml:\d+"),
    Case("infinity", spec("{model: {model: gpt-4.1, temperature: .inf}}"), "temperature|inf"),
]

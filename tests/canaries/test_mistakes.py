"""Secrets that stand in the files by mistake, beside other mistakes: errors show lines, and never those."""

from __future__ import annotations

import pytest

from canaries.canary import secret
from canaries.stage import Stage, found_in

GIT, DATABASE = secret("password of a remote"), secret("database password")
KEY, HEADER, CREDENTIAL = secret("provider key"), secret("header of a tool"), secret("inline credential")
ENVIRONMENTS = "apiVersion: v1\nkind: Environments\napp: acme\nenvironments: {dev: {default: true, %s}}\n"
TOOL = "apiVersion: v1\nkind: Tool\nmetadata: {name: t}\nspec:\n  type: http\n  endpoint: https://x.example\n%s\n"
ASSISTANT = "apiVersion: v1\nkind: Assistant\nmetadata: {name: w}\nspec:\n%s\n"

BASE = "apiVersion: v1\nkind: KnowledgeBase\nmetadata: {name: k}\nspec: {documents: [{url: '%s'}]}\n"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "environments.yaml",
            ENVIRONMENTS % f"state: {{backend: git, remote: 'https://bot:{GIT}@git.example/x'}}",
        ),
        (
            "environments.yaml",
            ENVIRONMENTS % f"state: {{backend: git, branch: 'https://bot:{GIT}@git.example/x'}}",
        ),
        (
            "environments.yaml",
            ENVIRONMENTS % f"state: {{backend: postgres, dsn: 'postgres://u:{DATABASE}@db/x'}}",
        ),
        (
            "environments.yaml",
            ENVIRONMENTS % f"state: {{backend: postgres, dns: 'postgres://u:{DATABASE}@db/x'}}",
        ),
        ("environments.yaml", ENVIRONMENTS % f"state: {{backend: 'postgres://u:{DATABASE}@db/x'}}"),
        (
            "environments.yaml",
            ENVIRONMENTS % f"state: {{backend: s3, bucket: b, endpointUrl: 'https://u:{DATABASE}@s3', x: 1}}",
        ),
        (
            "environments.yaml",
            ENVIRONMENTS % f"provider: {{apiKey: '{KEY}', baseUrl: 'https://u:{GIT}@api.vapi.ai'}}",
        ),
        ("environments.yaml", ENVIRONMENTS % f"provider: {{apiKey: '{KEY}', baseURL: 'x'}}"),
        ("environments.yaml", ENVIRONMENTS % f"provider: {{apiKey: 'Bearer {KEY}'}}"),
        ("environments.yaml", ENVIRONMENTS % f"secrets: '{KEY}'"),
        ("knowledgebases/k.yaml", BASE % f"http://u:{GIT}@127.0.0.1:1/a.md?token={KEY}"),
        ("knowledgebases/k.yaml", BASE % f"http://u:{GIT}@[/a.md?token={KEY}"),
        ("tools/t.yaml", TOOL % f"  authRef: {HEADER}"),
        ("tools/t.yaml", TOOL % f"  authRef: {{external: {HEADER}}}"),
        ("tools/t.yaml", TOOL % f"  authScheme: {HEADER}"),
        ("tools/t.yaml", TOOL % f"  headers: [Authorization, 'Bearer {HEADER}']"),
        ("tools/t.yaml", TOOL % f"  headers: {{X-Key: {HEADER}, X-Key: {HEADER}}}"),
        ("tools/t.yaml", TOOL % f"  headers: {{X-Key: [{HEADER}]}}"),
        ("tools/t.yaml", TOOL % f"  token: {HEADER}"),
        ("tools/t.yaml", TOOL % f"  token: '{HEADER}"),
        ("tools/t.yaml", TOOL % f"  native: {{environmentVariables: '{HEADER}'}}"),
        ("assistants/w.yaml", ASSISTANT % f"  native: {{server: {{secret: {{a: {CREDENTIAL}}}}}}}"),
        ("assistants/w.yaml", ASSISTANT % f"  native: {{server: {{headers: '{CREDENTIAL}'}}}}"),
        ("assistants/w.yaml", ASSISTANT % f"  native: {{server: {{headers: {{X-Key: '{CREDENTIAL}' 1}}}}}}"),
    ],
)
def test_a_secret_in_a_file_that_is_wrong(stage: Stage, path: str, text: str) -> None:
    stage.world.file(path, text)
    for output in ("terminal", "json"):
        for verb in ("validate", "plan", "drift", "doctor"):
            stage.run(verb, "-o", output, code=None)
    stage.run("state", "list", code=None)
    stage.planted = (*stage.planted, stage.world.root / path)
    stage.search()


def test_plain_text_where_secrets_belong_is_not_shown_to_people(stage: Stage) -> None:
    """A plan has to hold what it will send; what is printed of it has not."""
    world = stage.world
    native = {
        "server": {"url": "https://x.example", "headers": {"X-Key": HEADER}},
        "credentials": [{"provider": "openai", "apiKey": CREDENTIAL}],
    }
    world.assistant("w", native=native)
    variables = {"environmentVariables": [{"name": "A", "value": HEADER}]}
    world.document(
        "Tool", "c", {"type": "code", "native": {"function": {"name": "c"}, "code": "1"} | variables}
    )
    stage.run("plan", "-v")
    stage.run("apply", "--yes", "-v")
    world.edit("/assistant", "w", {"server": {"url": "https://y.example", "headers": {"X-Key": KEY}}})
    stage.run("drift", "-v", code=2)
    stage.run("plan", "-v")
    world.remove("assistants/w.yaml")
    stage.run("apply", "--yes", "-v")
    assert not found_in(stage.said, wrapped=True)


def test_a_known_secret_that_is_written_out_in_a_file_is_found_nowhere_else(stage: Stage) -> None:
    """But in a plan's file, which has to hold what it will send."""
    world = stage.world
    for reply in ("", " Again."):
        world.assistant("w", f"Use {KEY} for it.", firstMessage=f"The header is {HEADER}.{reply}")
        for output in ("terminal", "markdown", "html", "json"):
            stage.run("plan", "-o", output)
        assert "plan.secret-in-files" in stage.run("plan", "-o", "json").out
        stage.run("apply", "--yes", "-v")
    stage.run("drift", "-v", code=None)
    stage.run("export", "--out", str(world.root / "all.json"))
    world.remove("assistants/w.yaml")
    for output in ("terminal", "markdown", "html", "json"):
        stage.run("plan", "-o", output)
    stage.run("apply", "--yes", "-v")
    stage.planted = (*stage.planted, world.root / "specs/assistants/w.yaml")
    stage.search()

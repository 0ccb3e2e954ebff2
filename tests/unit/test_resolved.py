"""What an application loads: typed, from the files or from what `--out` wrote, and without a network."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from callsheet.cli.main import run
from callsheet.cli.screen import Screen
from callsheet.model.errors import CallsheetError
from callsheet.resolved import Prompt, Resolved, Secret, Text, resolve
from unit.reports.test_published import findings
from unit.spec.project import write
from unit.spec.test_environments import QUOTED

FILES = {
    "environments.yaml": """\
app: acme
environments:
  dev: {rateLimit: null, featureFlags: {newOutput: true, wave: 3}}
  prod:
    promptSource: library:active
    model: {provider: openai, model: gpt-4.1, temperature: 0.2}
    temperature: 0.9
    voice: sarah
    language: en
    logging: structured
    rateLimit: 0
    featureFlags: {newOutput: false}
    params: {desk: {number: 7}, key: secrets://env/KEY}
    variables:
      ORDERS_URL: https://orders.acme.example
      AUTH: Bearer ${secrets://vault/kv/voice/orders#token}
prompts: {greet: {prod: 1.0.0}}
""",
    "prompts/greet.md": "Hi from a file.\n",
    "prompts/greet/1.0.0.md": "---\nstatus: active\n---\nHello {{name}}, this is ${env.name} {{x}}.\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path, FILES)


def written(root: Path, environment: str, *more: str) -> Path:
    out = root.parent / f"{environment}.json"
    call = ["resolve", "-C", str(root), "--env", environment, "--out", str(out), "-q", *more]
    assert run(call, Screen(sys.stdin, sys.stdout, sys.stderr, {})) == 0
    return out


def test_everything_is_typed(root: Path) -> None:
    found = resolve("prod", start=root)
    assert (found.app, found.environment) == ("acme", "prod")
    # The model's own temperature is nearer than the one beside it.
    assert (found.model, found.temperature, found.voice, found.language) == ("gpt-4.1", 0.2, "sarah", "en")
    assert (found.prompt_source, found.logging, found.rate_limit) == ("library:active", "structured", 0)
    assert found.settings["model"] == {"provider": "openai", "model": "gpt-4.1", "temperature": 0.2}
    assert found.flag("newOutput") is False
    assert found.param("desk") == {"number": 7}
    assert found.variable("ORDERS_URL") == "https://orders.acme.example"
    text = "Hello {{name}}, this is prod {{x}}.\n"
    assert found.prompt("greet") == Prompt("greet", text, "1.0.0", "active", "prompts/greet/1.0.0.md")


def test_no_limit_is_not_a_limit_of_none(root: Path) -> None:
    assert resolve("dev", start=root).rate_limit is None
    assert resolve("prod", start=root).rate_limit == 0
    document = json.loads(written(root, "dev").read_bytes())
    assert document["rateLimit"] is None
    assert (document["model"], document["temperature"]) == (None, None)


def test_the_default_environment_is_the_one_without_a_name(root: Path) -> None:
    found = resolve(start=str(root))
    assert (found.environment, found.prompt("greet").version) == ("dev", None)


def test_secrets_stay_references_and_their_keys_are_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "canary-value")
    found = resolve("prod", start=root)
    token = Secret("secrets://vault/kv/voice/orders#token")
    assert found.param("key") == Secret("secrets://env/KEY")
    assert found.variable("AUTH") == Text(("Bearer ", token))
    assert found.secrets == {"params.key": ("secrets://env/KEY",), "variables.AUTH": (token.uri,)}
    out = written(root, "prod")
    assert "canary" not in repr(found) + out.read_text()
    assert Resolved.load(out) == found


def test_a_file_and_the_files_say_the_same(root: Path) -> None:
    for environment in ("dev", "prod"):
        out = written(root, environment)
        assert findings("resolved", json.loads(out.read_bytes())) == []
        assert Resolved.load(out) == Resolved.load(str(out)) == resolve(environment, start=root)
        assert Resolved.load(out.read_bytes()).digest == resolve(environment, start=root).digest
        assert written(root, environment).read_bytes() == out.read_bytes()
    assert resolve("dev", start=root).digest != resolve("prod", start=root).digest


def test_one_prompt_only(root: Path) -> None:
    write(root, {**FILES, "prompts/other.md": "Other."})
    assert sorted(resolve("dev", start=root).prompts) == ["greet", "other"]
    assert list(resolve("dev", start=root, prompt="other").prompts) == ["other"]
    with pytest.raises(CallsheetError, match="has no versions"):
        resolve("prod", start=root, prompt="other")


@pytest.mark.parametrize(
    ("ask", "said", "hint"),
    [
        (lambda found: found.flag("newOutputs"), "prod has no feature flag 'newOutputs'", "mean newOutput?"),
        (lambda found: found.prompt("greed"), "prod has no prompt 'greed'", "mean greet?"),
        (lambda found: found.variable("ORDER_URL"), "no variable 'ORDER_URL'", "mean ORDERS_URL?"),
        (lambda found: found.param("zzz"), "prod has no parameter 'zzz'", "set it in params of"),
    ],
)
def test_what_is_not_set_is_named_with_the_nearest(root: Path, ask: Any, said: str, hint: str) -> None:
    with pytest.raises(CallsheetError) as caught:
        ask(resolve("prod", start=root))
    [found] = caught.value.diagnostics
    assert found.code == "resolved.unknown"
    assert said in found.summary
    assert hint in found.hint


def test_a_flag_may_have_a_default_and_is_true_or_false(root: Path) -> None:
    found = resolve("dev", start=root)
    assert found.flag("newOutput", default=False) is True
    assert found.flag("later", default=False) is False
    assert found.flag("later", default=True) is True
    with pytest.raises(CallsheetError, match="wave of dev is 3, which is neither true nor false"):
        found.flag("wave", default=True)


def test_no_environment_gets_what_another_one_has(root: Path) -> None:
    found = resolve("dev", start=root)
    assert (found.params, found.variables, found.secrets) == ({}, {}, {})
    write(root, {**FILES, "prompts/greet.md": "Call ${variables.ORDERS_URL} with ${params.desk.number}\n"})
    with pytest.raises(CallsheetError) as caught:
        resolve("dev", start=root)
    told = [(str(each.place), each.summary) for each in caught.value.diagnostics]
    assert [place for place, _ in told] == [
        "prompts/greet.md:1:6",
        "prompts/greet.md:1:35",
    ]
    assert "variables.ORDERS_URL" in told[0][1]
    assert "params.desk.number" in told[1][1]


def test_a_file_that_was_changed_or_is_none_is_refused(root: Path) -> None:
    good = json.loads(written(root, "prod").read_bytes())
    other = {**good, "rateLimit": 9}
    later = {**good, "format": "callsheet.resolved/2"}
    for source, said in (
        (json.dumps(other).encode(), "was changed since it was written"),
        (json.dumps(later).encode(), "has the format 'callsheet.resolved/2'"),
        (json.dumps([1]).encode(), "has the format None"),
        (b'{"format": "callsheet.resolved/1"}', "lacks what the format says"),
        (b'{"format"', "is no JSON"),
        (b"\xff", "is no JSON"),
        (root / "nowhere.json", "cannot be read"),
    ):
        with pytest.raises(CallsheetError, match=said):
            Resolved.load(source)


def test_what_is_added_later_is_passed_over(root: Path) -> None:
    from callsheet.model.canonical import fingerprint

    document = json.loads(written(root, "prod").read_bytes())
    del document["digest"]
    document["added"] = {"in": "a minor version"}
    grown = {**document, "digest": fingerprint(document)}
    assert Resolved.load(json.dumps(grown).encode()).environment == "prod"


_HEAVY = {"httpx", "rich", "click", "deepdiff", "werkzeug", "tenacity", "sqlite3", "boto3", "hvac", "psycopg"}
_LOADED = "; print(*sorted({name.partition('.')[0] for name in sys.modules}))"


def loaded(program: str, *arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", program + _LOADED, *arguments], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_nothing_is_loaded_that_could_reach_a_network(root: Path) -> None:
    out = written(root, "prod")
    reading = "import sys; from callsheet.resolved import Resolved; Resolved.load(sys.argv[1])"
    resolving = "import sys; from callsheet.resolved import resolve; resolve('prod', start=sys.argv[1])"
    assert not loaded(reading, str(out)) & {*_HEAVY, "pydantic", "yaml", "socket"}
    assert not loaded(resolving, str(root)) & _HEAVY


QUOTED_PROMPTS = {
    "prompts/sales-email-007.md": "local\n",
    **{f"prompts/sales-email-007/{version}.md": f"---\nstatus: {status}\n---\n{version}\n"
       for version, status in (("2.2.1", "active"), ("2.3.0", "draft"))},
    "prompts/ops-summarize-001/2.1.0.md": "---\nstatus: active\n---\n2.1.0\n",
}  # fmt: skip


def test_the_quoted_configuration_resolves_as_its_comments_say(tmp_path: Path) -> None:
    if not QUOTED.is_dir():
        pytest.skip("the quoted configurations are not here")
    text = (QUOTED / "prompt-environments.yaml").read_text()
    write(tmp_path, {**QUOTED_PROMPTS, "environments.yaml": text})
    told = {}
    for name in ("development", "staging", "production"):
        found = resolve(name, start=tmp_path)
        told[name] = (
            found.model, found.temperature, found.logging, found.rate_limit, found.flag("new_output_schema"),
            found.prompt("sales-email-007").text, found.prompt("ops-summarize-001").version,
        )  # fmt: skip
    assert told == {
        "development": ("kimi-k2-5-turbo", 0.7, "verbose", None, True, "local\n", "2.1.0"),
        "staging": ("kimi-k2-5", 0.2, "full", 1000, True, "2.3.0\n", "2.1.0"),
        "production": ("kimi-k2-5", 0.2, "structured", 50000, False, "2.2.1\n", "2.1.0"),
    }
    # Only active prompts in production, whatever the pin says; drafts are permitted in staging.
    pinned = text.replace('production: "2.2.1"', 'production: "2.3.0"')
    write(tmp_path, {**QUOTED_PROMPTS, "environments.yaml": pinned})
    with pytest.raises(CallsheetError, match=r"version 2\.3\.0 of prompt sales-email-007 is draft"):
        resolve("production", start=tmp_path)
    assert resolve("staging", start=tmp_path).prompt("sales-email-007").status == "draft"

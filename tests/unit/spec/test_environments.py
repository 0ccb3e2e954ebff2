"""environments.yaml: typed, merged over its defaults, in camelCase or snake_case."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from callsheet.model.errors import SpecError
from callsheet.model.value import Secret
from callsheet.spec.environments import Environment, Environments, Retention
from callsheet.spec.project import find_root, load
from unit.spec.project import write

QUOTED = Path(__file__).resolve().parents[4] / "shared" / "quoted"


def environments(root: Path, text: str) -> Environments:
    return load(write(root, {"environments.yaml": text})).environments


def dev(root: Path, body: str) -> Environment:
    return environments(root, f"environments:\n  dev:\n    {body}\n").environments["dev"]


FULL = """
apiVersion: callsheet/v1
kind: Environments
app: acme-voice
owner: voice-platform@acme.example
state: {backend: file}
defaults:
  provider: {type: vapi, baseUrl: "sandbox:${env.name}"}
  rateLimit: 100
  params: {a: 1, deep: {x: 1, y: 2}}
environments:
  dev: {}
  uat:
    promotesFrom: dev
    pinned: false
    provider: {baseUrl: "https://api.example", apiKey: "secrets://env/${env.name}_KEY"}
    rateLimit: null
    params: {deep: {y: 3}}
    release: uat@3
    state: {backend: s3, bucket: b}
    acknowledgedDrift:
      - {address: "Tool/jira[go]", path: voice, owner: me, until: 2026-12-31, reason: later}
  prod: {rateLimit: 0, promotes_from: uat}
prompts:
  greeting: {dev: latest, prod: 1.0.0}
"""


def test_everything_is_typed(tmp_path: Path) -> None:
    found = environments(tmp_path, FULL)
    assert (found.app, found.owner) == ("acme-voice", "voice-platform@acme.example")
    assert found.default_environment == "dev"
    start, uat, prod = found.environments.values()
    assert (start.default, start.pinned, uat.pinned, prod.pinned) == (True, False, False, True)
    assert (uat.promotes_from, prod.promotes_from) == ("dev", "uat")
    assert (start.rate_limit, uat.rate_limit, prod.rate_limit) == (100, None, 0)
    assert (start.provider.type, start.provider.base_url) == ("vapi", "sandbox:dev")
    assert (uat.provider.base_url, uat.provider.api_key) == (
        "https://api.example",
        Secret("secrets://env/uat_KEY"),
    )
    assert start.params == {"a": 1, "deep": {"x": 1, "y": 2}}
    assert uat.params == {"a": 1, "deep": {"x": 1, "y": 3}}
    assert uat.state == {"backend": "s3", "bucket": "b"}
    assert start.state == {"backend": "file"}
    assert (uat.release, start.pins, prod.pins) == ("uat@3", {"greeting": "latest"}, {"greeting": "1.0.0"})
    drift = uat.acknowledged_drift[0]
    assert (str(drift.address), drift.path, drift.owner, drift.until) == (
        "Tool/jira[go]", "voice", "me", date(2026, 12, 31),
    )  # fmt: skip
    assert str(uat.origin(("params", "deep", "y")).place()) == "environments.yaml:18:24"
    assert str(uat.origin(("params", "a")).place()) == "environments.yaml:10:15"


def test_exports_stay_as_long_as_the_nearest_section_says(tmp_path: Path) -> None:
    found = environments(
        tmp_path,
        "exports: {keep: 10, days: 20}\ndefaults: {exports: {days: 7}}\n"
        "environments: {dev: {}, uat: {exports: {keep: 3}}, prod: {exports: {keep: null, days: 365}}}\n",
    ).environments
    assert [found[name].exports for name in found] == [Retention(10, 7), Retention(3, 7), Retention(10, 365)]
    assert dev(tmp_path, "exports: {}").exports == Retention(50, 90)
    assert dev(tmp_path, "pinned: false").exports == Retention(50, 90)


@pytest.mark.parametrize(
    ("camel", "snake"),
    [
        ("promptSource: library:draft", "prompt_source: library:draft"),
        ("rateLimit: 5", "rate_limit: 5"),
        ("featureFlags: {newSchema: true}", "feature_flags: {newSchema: true}"),
        ("provider: {baseUrl: 'https://x'}", "provider: {base_url: 'https://x'}"),
        ("model: {model: x, maxTokens: 5}", "model: {model: x, max_tokens: 5}"),
    ],
)
def test_snake_case_means_the_same(tmp_path: Path, camel: str, snake: str) -> None:
    first, second = (dev(tmp_path, body) for body in (camel, snake))
    unlike = {"section", "source"}
    for name in set(Environment.__dataclass_fields__) - unlike:
        assert getattr(first, name) == getattr(second, name)


def test_keys_that_belong_to_the_user_keep_their_case(tmp_path: Path) -> None:
    found = dev(tmp_path, "params: {my_param: {inner_key: 1}}\n    feature_flags: {new_output_schema: true}")
    assert found.params == {"my_param": {"inner_key": 1}}
    assert found.feature_flags == {"new_output_schema": True}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("environments: {dev: {}, prod: {}}", "dev"),
        ("environments: {development: , prod: {}}", "development"),
        ("environments: {dev: {default: false}, development: {}}", "development"),
        ("environments: {dev: {}, main: {default: true}}", "main"),
        ("environments: {staging: {}, prod: {}}", None),
    ],
)
def test_the_default_environment(tmp_path: Path, text: str, expected: str | None) -> None:
    found = environments(tmp_path, text + "\n")
    assert found.default_environment == expected
    assert [name for name, item in found.environments.items() if not item.pinned] == [expected] * bool(
        expected
    )


def test_without_app_the_folder_names_it(tmp_path: Path) -> None:
    assert environments(tmp_path / "orders", "environments: {dev: {}}\n").app == "orders"


def test_a_key_in_plain_text_is_warned_about_but_not_shown(tmp_path: Path) -> None:
    project = load(
        write(tmp_path, {"environments.yaml": "environments: {dev: {provider: {apiKey: hunter2}}}\n"})
    )
    assert [item.code for item in project.diagnostics] == ["spec.plain-secret"]
    assert "hunter2" not in repr(project)
    sandbox = "environments: {dev: {provider: {baseUrl: 'sandbox:dev', apiKey: x}}}\n"
    assert load(write(tmp_path, {"environments.yaml": sandbox})).diagnostics == ()


def test_the_quoted_configuration_loads_unchanged(tmp_path: Path) -> None:
    if not QUOTED.is_dir():
        pytest.skip("the quoted configurations are not here")
    found = environments(tmp_path, (QUOTED / "prompt-environments.yaml").read_text())
    start, staging, production = found.environments.values()
    assert [start.name, staging.name, production.name] == ["development", "staging", "production"]
    assert found.default_environment == "development"
    assert (start.rate_limit, staging.rate_limit, production.rate_limit) == (None, 1000, 50000)
    assert [item.prompt_source for item in (start, staging, production)] == [
        "local", "library:draft", "library:active",
    ]  # fmt: skip
    assert production.feature_flags == {"new_output_schema": False}
    assert production.pins == {"sales-email-007": "2.2.1", "ops-summarize-001": "2.1.0"}
    assert start.settings["model"] == "kimi-k2-5-turbo"
    model = {"temperature": 0.7, "model": "kimi-k2-5-turbo"}
    assert start.fills == {"model": model, "logging": "verbose"}
    assert start.provider.type == ""


def test_the_root_is_found_from_below_and_above(tmp_path: Path) -> None:
    root = write(tmp_path / "repo" / "specs", {"assistants/x/y.txt": ""})
    for start in (root, root / "assistants" / "x", tmp_path / "repo"):
        assert find_root(start) == root
    (tmp_path / "repo" / "src").mkdir()
    assert find_root(tmp_path / "repo" / "src") == root
    with pytest.raises(SpecError, match="there is no environments"):
        find_root(tmp_path)


def test_acknowledged_drift_of_no_document_is_doubted(tmp_path: Path) -> None:
    text = (
        "environments:\n  dev:\n    acknowledgedDrift:\n"
        "      - {address: Assistant/gone, owner: ana, until: 2027-01-01}\n"
    )
    [found] = load(write(tmp_path, {"environments.yaml": text})).diagnostics
    assert (found.code, str(found.place)) == ("spec.acknowledged-drift", "environments.yaml:4:7")
    assert "Assistant/gone" in found.summary

"""AWS Secrets Manager on moto's server, Google's Secret Manager on a double: whole values, keys, refusals."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from callsheet.model.diagnostics import Diagnostic
from callsheet.model.errors import SecretError
from callsheet.model.value import Secret
from callsheet.secrets.keeper import Keeper
from contract.secrets.conftest import Run
from support.gcp import Double, secret_manager
from support.stores import Moto


def refusal(keeper: Keeper, uri: str) -> Diagnostic:
    with pytest.raises(SecretError) as caught:
        keeper.value(Secret(uri))
    [told] = caught.value.diagnostics
    assert "canary" not in f"{told}{told.detail}{told.hint}"
    return told


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


# AWS


@pytest.fixture
def aws(moto: Moto, tmp_path: Path) -> dict[str, str]:
    client = boto3.client("secretsmanager", endpoint_url=moto.url, region_name="eu-central-1")
    name = tmp_path.name
    made = client.create_secret(Name=f"{name}/plain", SecretString="canary-plain")
    client.create_secret(Name=f"{name}/json", SecretString='{"token": "canary-token", "n": 5, "list": []}')
    client.create_secret(Name=f"{name}/binary", SecretBinary=b"canary")
    client.create_secret(Name=f"{name}/gone", SecretString="canary")
    client.delete_secret(SecretId=f"{name}/gone")
    return {"AWS_ENDPOINT_URL_SECRETS_MANAGER": moto.url, "AWS_REGION": "eu-central-1", "ARN": made["ARN"]}


def test_aws_by_name_by_arn_and_by_key(aws: dict[str, str], run: Run) -> None:
    keeper = run({**aws, "AWS_REGION": "us-east-1"})
    assert keeper.value(Secret(f"secrets://aws/{aws['ARN']}")) == "canary-plain"
    keeper, name = run(aws), run.root.name
    assert keeper.value(Secret(f"secrets://aws/{name}/plain")) == "canary-plain"
    assert keeper.value(Secret(f"secrets://aws/{name}/json#token")) == "canary-token"
    assert keeper.value(Secret(f"secrets://aws/{name}/json#n")) == "5"


def test_one_request_for_all_keys_of_a_secret(aws: dict[str, str], moto: Moto, run: Run) -> None:
    keeper, before = run(aws), moto.traffic()["requests"]["POST"]
    for key in ("token", "n"):
        keeper.value(Secret(f"secrets://aws/{run.root.name}/json#{key}"))
    assert moto.traffic()["requests"]["POST"] == before + 1


@pytest.mark.parametrize(
    ("rest", "code", "words"),
    [
        ("nope", "secret.missing", "no such secret"),
        ("gone", "secret.deleted", "marked for deletion"),
        ("json#tokne", "secret.missing", "no key 'tokne'"),
        ("json#list", "secret.unusable", "is no text"),
        ("plain#token", "secret.unusable", "no JSON object"),
        ("binary", "secret.unusable", "is empty"),
    ],
)
def test_aws_says_why_not(aws: dict[str, str], run: Run, rest: str, code: str, words: str) -> None:
    told = refusal(run(aws), f"secrets://aws/{run.root.name}/{rest}")
    assert told.code == code
    assert words in told.summary


def test_aws_out_of_reach_is_found_out_once(moto: Moto, nobody: str, run: Run) -> None:
    keeper = run({"AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL_SECRETS_MANAGER": nobody})
    told = refusal(keeper, "secrets://aws/a")
    assert told.code == "secret.unreachable"
    assert refusal(keeper, "secrets://aws/b") is told


def test_aws_without_credentials(run: Run, moto: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    variables = {"AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL_SECRETS_MANAGER": moto.url}
    assert refusal(run(variables), "secrets://aws/a").code == "secret.no-credentials"


# Google


@pytest.fixture
def google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Double, dict[str, str]]]:
    with secret_manager(tmp_path) as (double, variables):
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", variables["GOOGLE_APPLICATION_CREDENTIALS"])
        double.secrets |= {
            "acme/json": b'{"token": "canary-token"}',
            "acme/binary": b"\xff\xfe",
            "acme/off": 400,
            "acme/theirs": 403,
            "acme/broken": 500,
        }
        yield double, variables


def test_google_with_one_login_and_one_request(google: tuple[Double, dict[str, str]], run: Run) -> None:
    double, variables = google
    keeper = run(variables)
    assert keeper.value(Secret("secrets://gcp/acme/json#token")) == "canary-token"
    assert keeper.value(Secret("secrets://gcp/acme/json")) == '{"token": "canary-token"}'
    access = "GET /v1/projects/acme/secrets/json/versions/latest:access"
    assert double.requests == ["POST /token", access]


@pytest.mark.parametrize(
    ("rest", "code", "words"),
    [
        ("acme/nope", "secret.missing", "no such secret"),
        ("acme/off", "secret.deleted", "disabled or destroyed"),
        ("acme/theirs", "secret.denied", "permission denied"),
        ("acme/broken", "secret.gcp", "(500)"),
        ("acme/binary", "secret.unusable", "not UTF-8"),
        ("acme/json#tokne", "secret.missing", "no key 'tokne'"),
        ("acme", "secret.reference", "no reference into Secret Manager"),
        ("acme/json/versions/1", "secret.reference", "no reference into Secret Manager"),
    ],
)
def test_google_says_why_not(
    google: tuple[Double, dict[str, str]], run: Run, rest: str, code: str, words: str
) -> None:
    told = refusal(run(google[1]), f"secrets://gcp/{rest}")
    assert told.code == code
    assert words in told.summary


def test_google_out_of_reach_is_found_out_once(
    google: tuple[Double, dict[str, str]], nobody: str, run: Run
) -> None:
    variables = {**google[1], "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER": nobody}
    keeper = run(variables)
    told = refusal(keeper, "secrets://gcp/acme/a")
    assert told.code == "secret.unreachable"
    assert refusal(keeper, "secrets://gcp/acme/b") is told


def test_google_with_an_account_that_is_refused(
    google: tuple[Double, dict[str, str]], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("support.gcp.EMAIL", "somebody-else")
    assert refusal(run(google[1]), "secrets://gcp/acme/json").code == "secret.no-credentials"

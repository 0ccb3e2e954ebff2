"""Vault out of reach, sealed, behind a proxy, with leases that end: on the double alone."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt as pyjwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from callsheet.sandbox.server import serve
from contract.secrets.conftest import Run
from contract.secrets.test_vault import read, refusal
from support.vault import Double
from support.vault.double import ROOT
from support.vault.ground import Ground, ci_token


@pytest.fixture
def mount(vault: Ground, double: Double) -> str:
    made = vault.kv()
    for name in ("a", "b"):
        vault.put(made, name, key=f"canary-{name}")
    double.requests.clear()
    return made


def sealed(double: Double) -> None:
    double.sealed = True


def busy(double: Double) -> None:
    double.statuses += [429]


def broken(double: Double) -> None:
    double.statuses += [500]


def gateway(double: Double) -> None:
    double.statuses += [502, 502]


def empty(double: Double) -> None:
    double.statuses += [501]


def page(double: Double) -> None:
    double.page = b"<html>Sign in</html>"


def circle(double: Double) -> None:
    double.redirect = double.url


@pytest.mark.parametrize(
    ("day", "code", "words"),
    [
        (sealed, "secret.sealed", "is sealed"),
        (busy, "secret.busy", "no more requests"),
        (broken, "secret.vault", "cannot answer"),
        (gateway, "secret.vault", "cannot answer"),
        (empty, "secret.vault", "is not initialised"),
        (page, "secret.not-vault", "does not answer as Vault does"),
        (circle, "secret.standby", "not followed"),
    ],
)
def test_what_every_reference_would_meet_is_found_out_once(
    vault: Ground, double: Double, mount: str, run: Run, day: Callable[[Double], None], code: str, words: str
) -> None:
    day(double)
    keeper = run(vault.variables(ROOT))
    told = refusal(keeper, f"{mount}/a#key")
    assert told.code == code
    assert words in told.summary
    assert double.url in told.summary
    asked = len(double.requests)
    assert refusal(keeper, f"{mount}/b#key") == told
    assert len(double.requests) == asked


def test_a_credential_in_vaults_own_words_is_not_repeated(
    vault: Ground, double: Double, mount: str, run: Run
) -> None:
    double.says = "bad secret id canary-id\n\x1b[31m"
    role = {**vault.approle(vault.reader(f"{mount}/*")), "VAULT_SECRET_ID": "canary-id"}
    double.statuses = [400]
    told = refusal(run(vault.variables(**role)), f"{mount}/a#key")
    assert told.detail == "Vault says: bad secret id … [31m."


def test_a_token_that_is_taken_away_meanwhile(vault: Ground, double: Double, mount: str, run: Run) -> None:
    token = vault.token(vault.reader(f"{mount}/*"))
    keeper = run(vault.variables(token))
    assert read(keeper, f"{mount}/a#key") == "canary-a"
    del double.tokens[token]
    assert refusal(keeper, f"{mount}/b#key").code == "secret.token"


def test_one_hiccup_of_a_gateway_is_none(vault: Ground, double: Double, mount: str, run: Run) -> None:
    double.statuses += [502]
    assert read(run(vault.variables(ROOT)), f"{mount}/a#key") == "canary-a"


def test_nobody_there(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        told = refusal(run({"VAULT_ADDR": address, "VAULT_TOKEN": "t"}), "kv/a#key")
    assert (told.code, told.summary) == ("secret.unreachable", f"Vault at {address} cannot be reached")


def test_nobody_answers(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"http://127.0.0.1:{mute.getsockname()[1]}"
        keeper = run({"VAULT_ADDR": address, "VAULT_TOKEN": "t", "VAULT_CLIENT_TIMEOUT": "0.05s"})
        told = refusal(keeper, "kv/a#key")
    assert told.summary == f"Vault at {address} did not answer within 0.05 s"
    assert "VAULT_CLIENT_TIMEOUT" in told.hint


def test_a_standby_leads_to_the_active_server(vault: Ground, double: Double, mount: str, run: Run) -> None:
    with Double() as standby:
        standby.redirect = double.url
        keeper = run({"VAULT_ADDR": standby.url, **vault.approle(vault.reader(f"{mount}/*"))})
        assert read(keeper, f"{mount}/a#key") == "canary-a"
        assert len(standby.requests) == len(double.asked("login", "internal", "data/a"))


# TLS


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1 that signs itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    import ipaddress

    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1)
        )
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "vault.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


@pytest.fixture
def secure(certificate: Path) -> Iterator[Double]:
    with Double().with_tls(certificate) as made:
        yield made


def test_a_certificate_that_nobody_vouches_for_gets_no_token(secure: Double, run: Run) -> None:
    told = refusal(run({"VAULT_ADDR": secure.url, "VAULT_TOKEN": ROOT, "VAULT_SKIP_VERIFY": "1"}), "kv/a#key")
    assert told.code == "secret.tls"
    assert "self-signed certificate" in told.summary
    assert "VAULT_CACERT" in told.hint
    assert secure.requests == []


def test_an_authority_of_ones_own(secure: Double, certificate: Path, run: Run) -> None:
    keeper = run({"VAULT_ADDR": secure.url, "VAULT_TOKEN": ROOT, "VAULT_CACERT": str(certificate)})
    assert refusal(keeper, "kv/a#key").code == "secret.no-mount"
    assert secure.requests


def test_no_token_follows_a_redirect_out_of_tls(
    secure: Double, certificate: Path, double: Double, run: Run
) -> None:
    secure.redirect = double.url
    keeper = run({"VAULT_ADDR": secure.url, "VAULT_TOKEN": ROOT, "VAULT_CACERT": str(certificate)})
    assert refusal(keeper, "kv/a#key").code == "secret.standby"
    assert double.requests == []


def test_no_tls_at_that_port(double: Double, run: Run) -> None:
    told = refusal(run({"VAULT_ADDR": double.url.replace("http", "https"), "VAULT_TOKEN": "t"}), "kv/a#key")
    assert told.code == "secret.tls"
    assert "does not speak TLS" in told.summary


# leases


@pytest.fixture
def role(vault: Ground, mount: str) -> dict[str, str]:
    return vault.variables(**vault.approle(vault.reader(f"{mount}/*"), token_ttl="60s", token_max_ttl="100s"))


def passes(run: Run, double: Double, seconds: float) -> None:
    run.clock.sleep(seconds)
    double.time += seconds


def test_a_lease_is_renewed_before_it_ends(
    double: Double, mount: str, role: dict[str, str], run: Run
) -> None:
    keeper = run(role)
    assert read(keeper, f"{mount}/a#key") == "canary-a"
    passes(run, double, 45)
    assert read(keeper, f"{mount}/b#key") == "canary-b"
    assert len(double.asked("renew-self")) == 1
    assert len(double.asked("/login")) == 1


def test_beyond_its_maximum_another_login_is_made(
    double: Double, mount: str, role: dict[str, str], run: Run
) -> None:
    keeper = run(role)
    assert read(keeper, f"{mount}/a#key") == "canary-a"
    passes(run, double, 200)
    assert read(keeper, f"{mount}/b#key") == "canary-b"
    assert len(double.asked("/login")) == 2


def test_a_token_that_cannot_be_given_back_spoils_nothing(
    double: Double, mount: str, role: dict[str, str], run: Run
) -> None:
    keeper = run(role)
    assert read(keeper, f"{mount}/a#key") == "canary-a"
    double.sealed = True
    keeper.close()
    assert double.asked("revoke-self")


# who asks


def test_namespaces(vault: Ground, double: Double, run: Run) -> None:
    vault.root.sys.create_namespace("voice")
    vault.root.adapter.namespace = "voice"
    mount = vault.kv()
    vault.put(mount, "a", key="canary-a")
    vault.root.adapter.namespace = None
    assert read(run(vault.variables(ROOT, VAULT_NAMESPACE="voice/")), f"{mount}/a#key") == "canary-a"
    assert refusal(run(vault.variables(ROOT)), f"{mount}/a#key").code == "secret.no-mount"


def test_a_pod_logs_in_with_its_service_account(vault: Ground, double: Double, mount: str, run: Run) -> None:
    vault.root.sys.enable_auth_method("kubernetes", path="k8s")
    vault.root.auth.kubernetes.create_role(
        "deploy", ["callsheet"], ["voice"], policies=[vault.reader(f"{mount}/*")], mount_point="k8s"
    )
    file = run.root / "token"
    variables = vault.variables(
        VAULT_AUTH_METHOD="kubernetes",
        VAULT_AUTH_PATH="k8s",
        VAULT_AUTH_ROLE="deploy",
        VAULT_AUTH_JWT_FILE=str(file),
    )
    file.write_text(pyjwt.encode({"sub": "system:serviceaccount:voice:callsheet"}, "x" * 32))
    assert read(run(variables), f"{mount}/a#key") == "canary-a"
    file.write_text(pyjwt.encode({"sub": "system:serviceaccount:voice:other"}, "x" * 32))
    told = refusal(run(variables), f"{mount}/a#key")
    assert (told.code, told.detail) == ("secret.login", "Vault says: service account name not authorized.")


def test_a_job_on_github_asks_for_its_token(vault: Ground, double: Double, mount: str, run: Run) -> None:
    asked: list[Any] = []

    def github(environ: Any, start_response: Any) -> list[bytes]:
        asked.append((environ["QUERY_STRING"], environ["HTTP_AUTHORIZATION"]))
        good = environ["HTTP_AUTHORIZATION"] == "Bearer job"
        token = ci_token(repository="acme/voice")
        body = json.dumps({"value": token} if good else {"message": "no"}).encode()
        start_response("200 OK" if good else "403 Forbidden", [("Content-Length", str(len(body)))])
        return [body]

    with serve(github) as server:
        variables = vault.variables(
            **vault.jwt(vault.reader(f"{mount}/*"), repository="acme/voice"),
            ACTIONS_ID_TOKEN_REQUEST_URL=f"{server.url}/token?v=1",
            ACTIONS_ID_TOKEN_REQUEST_TOKEN="job",
            VAULT_AUTH_AUDIENCE="https://vault.acme.example",
        )
        keeper = run(variables)
        assert read(keeper, f"{mount}/a#key") == "canary-a"
        assert read(keeper, f"{mount}/b#key") == "canary-b"
        assert asked == [("v=1&audience=https%3A%2F%2Fvault.acme.example", "Bearer job")]
        told = refusal(run({**variables, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "canary"}), f"{mount}/a#key")
    assert (told.code, told.summary) == (
        "secret.id-token",
        "GitHub answers 403 to the request for an ID token",
    )


def test_the_jobs_credential_goes_to_github_alone(double: Double, run: Run) -> None:
    asked: list[str] = []

    def elsewhere(environ: Any, start_response: Any) -> list[bytes]:
        asked.append(environ.get("HTTP_AUTHORIZATION", ""))
        start_response("200 OK", [("Content-Length", "14")])
        return [b'{"value": "x"}']

    with serve(elsewhere) as other:

        def github(environ: Any, start_response: Any) -> list[bytes]:
            start_response("302 Found", [("Location", other.url), ("Content-Length", "0")])
            return [b""]

        with serve(github) as server:
            variables = {**GITHUB, "ACTIONS_ID_TOKEN_REQUEST_URL": server.url, "VAULT_ADDR": double.url}
            told = refusal(run(variables), "kv/a#key")
    assert told.summary == "GitHub answers 302 to the request for an ID token"
    assert asked == []


GITHUB = {
    "VAULT_AUTH_ROLE": "r",
    "ACTIONS_ID_TOKEN_REQUEST_URL": "http://github",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "canary",
}


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"VAULT_ADDR": ""}, "VAULT_ADDR is not set"),
        ({"VAULT_ADDR": "vault:8200"}, "VAULT_ADDR is no address"),
        ({"VAULT_ADDR": "https://me:canary@vault"}, "VAULT_ADDR is no address"),
        ({"VAULT_ADDR": "http://vault.acme.example"}, "plain http over the open network"),
        ({"VAULT_CLIENT_TIMEOUT": "soon"}, "VAULT_CLIENT_TIMEOUT is 'soon'"),
        ({}, "nothing says who asks Vault"),
        ({"VAULT_TOKEN_FILE": "/nowhere"}, "/nowhere cannot be read"),
        ({"VAULT_AUTH_METHOD": "aprole"}, "VAULT_AUTH_METHOD is 'aprole'"),
        ({"VAULT_AUTH_METHOD": "approle"}, "VAULT_ROLE_ID is not set"),
        ({"VAULT_AUTH_METHOD": "jwt"}, "VAULT_AUTH_ROLE is not set"),
        ({"VAULT_AUTH_METHOD": "jwt", "VAULT_AUTH_ROLE": "r"}, "this job has no ID token"),
        (GITHUB, "no https address"),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_reach_nobody(run: Run, variables: dict[str, str], words: str) -> None:
    told = refusal(run({"VAULT_ADDR": "http://127.0.0.1:1", **variables}), "kv/a#key")
    assert words in told.summary
    assert "canary" not in f"{told}{told.detail}{told.hint}"

"""What every resolver of secrets holds to, whoever made it."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from callsheet.model.errors import SecretError
from callsheet.model.value import Secret
from contract.secrets.conftest import Run
from support.gcp import secret_manager
from support.stores import Moto
from support.vault.ground import Ground

CANARY = "canary-Zoë \"'{}$\n#1"
THIRD_PARTY = """
class Resolver:
    def __init__(self, around):
        self.folder = around.root / "others"
        self.closed = around.root / "closed"

    def resolve(self, rest, uri):
        from callsheet.model.errors import SecretError
        try:
            return (self.folder / rest).read_text()
        except OSError:
            raise SecretError(f"{uri}: not there", hint="write it", code="secret.missing") from None

    def close(self):
        self.closed.write_text("")

class Odd:
    def resolve(self, rest, uri):
        if rest == "number":
            return 7
        raise ValueError("canary in the words of an error")

def odd(around):
    return Odd()

def broken(around):
    raise ImportError("canary")
"""


@dataclass
class Case:
    """One family: `put` keeps a value under a name, `uri` refers to it, `asked` counts requests where
    there are any."""

    put: Callable[[str, str], None]
    uri: Callable[[str], str]
    variables: dict[str, str] = field(default_factory=dict)
    asked: Callable[[], int] | None = None


def of_vault(request: pytest.FixtureRequest, folder: Path) -> Case:
    vault: Ground = request.getfixturevalue("vault")
    mount = vault.kv()
    token = vault.token(vault.reader(f"{mount}/*"))

    def put(name: str, value: str) -> None:
        vault.put(mount, f"voice/{name}", value=value)

    double = vault.double
    asked = (lambda: len(double.requests)) if double else None
    return Case(
        put, lambda name: f"secrets://vault/{mount}/voice/{name}#value", vault.variables(token), asked
    )


def of_aws(request: pytest.FixtureRequest, folder: Path) -> Case:
    import boto3

    moto: Moto = request.getfixturevalue("moto")
    client = boto3.client("secretsmanager", endpoint_url=moto.url, region_name="eu-central-1")

    def put(name: str, value: str) -> None:
        client.create_secret(Name=f"{folder.name}/{name}", SecretString=json.dumps({"value": value}))

    variables = {"AWS_ENDPOINT_URL_SECRETS_MANAGER": moto.url, "AWS_REGION": "eu-central-1"}
    asked = lambda: moto.traffic()["requests"].get("POST", 0)  # noqa: E731
    return Case(put, lambda name: f"secrets://aws/{folder.name}/{name}#value", variables, asked)


def of_gcp(request: pytest.FixtureRequest, folder: Path) -> Case:
    double, variables = request.getfixturevalue("gcp")

    def put(name: str, value: str) -> None:
        double.secrets[f"acme/{name}"] = value.encode()

    return Case(put, lambda name: f"secrets://gcp/acme/{name}", variables, lambda: len(double.requests))


def of_env(request: pytest.FixtureRequest, folder: Path) -> Case:
    variables: dict[str, str] = {}

    def put(name: str, value: str) -> None:
        variables[name] = value

    return Case(put, lambda name: f"secrets://env/{name}", variables)


def of_files(scheme: str, folder_name: str) -> Callable[[pytest.FixtureRequest, Path], Case]:
    def case(request: pytest.FixtureRequest, folder: Path) -> Case:
        (folder / folder_name).mkdir(exist_ok=True)

        def put(name: str, value: str) -> None:
            (folder / folder_name / name).write_text(value)

        prefix = f"{folder_name}/" if scheme == "file" else ""
        return Case(put, lambda name: f"secrets://{scheme}/{prefix}{name}")

    return case


CASES = {
    "env": of_env, "file": of_files("file", "kept"), "vault": of_vault, "aws": of_aws, "gcp": of_gcp,
    "third-party": of_files("acme", "others"),
}  # fmt: skip


@pytest.fixture
def gcp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    with secret_manager(tmp_path) as made:
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", made[1]["GOOGLE_APPLICATION_CREDENTIALS"])
        yield made


@pytest.fixture
def third_party(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A package that brings resolvers, installed as pip would."""
    site = tmp_path / "site"
    about = site / "acme_secrets-1.0.dist-info"
    about.mkdir(parents=True)
    (site / "acme_secrets.py").write_text(THIRD_PARTY)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-secrets\nVersion: 1.0\n")
    entries = """
        [callsheet.secrets]
        acme = acme_secrets:Resolver
        odd = acme_secrets:odd
        broken = acme_secrets:broken
        gone = acme_nowhere:Resolver
        env = acme_secrets:odd
    """
    (about / "entry_points.txt").write_text(textwrap.dedent(entries))
    monkeypatch.syspath_prepend(site)
    yield
    sys.modules.pop("acme_secrets", None)


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest, tmp_path: Path, third_party: None) -> Case:
    return CASES[request.param](request, tmp_path)


def test_a_value_comes_as_it_was_written(case: Case, run: Run) -> None:
    case.put("plain", "canary-1")
    case.put("odd", CANARY)
    keeper = run(case.variables)
    assert keeper.value(Secret(case.uri("plain"))) == "canary-1"
    assert keeper.value(Secret(case.uri("odd"))) == CANARY
    assert "canary" not in f"{keeper!r}{[*keeper._resolvers.values()]!r}"


def test_a_run_asks_late_and_once(case: Case, run: Run) -> None:
    case.put("one", "canary-1")
    if case.asked is None:
        return
    keeper = run(case.variables)
    before = case.asked()
    keeper.value(Secret(case.uri("one")))
    first = case.asked()
    assert first > before
    keeper.value(Secret(case.uri("one")))
    with pytest.raises(SecretError):
        keeper.value(Secret(case.uri("nope")))
    missed = case.asked()
    with pytest.raises(SecretError):
        keeper.value(Secret(case.uri("nope")))
    assert case.asked() == missed
    assert missed > first


@pytest.mark.parametrize(("name", "code"), [("nope", "secret.missing"), ("empty", "secret.")])
def test_what_is_not_there_is_an_error_that_leads_on(case: Case, run: Run, name: str, code: str) -> None:
    if name == "empty":
        case.put("empty", "")
    case.put("other", "canary-1")
    keeper = run(case.variables)
    keeper.value(Secret(case.uri("other")))
    with pytest.raises(SecretError) as caught:
        keeper.value(Secret(case.uri(name)))
    [told] = caught.value.diagnostics
    assert told.code.startswith(code)
    assert case.uri(name).partition("#")[0] in told.summary
    assert told.hint or name == "empty"
    assert "canary" not in f"{told}{told.detail}{told.hint}"
    assert caught.value.__cause__ is None
    assert keeper.digest(Secret(case.uri(name)), b"key") is None


def test_a_new_value_has_a_new_digest(case: Case, run: Run) -> None:
    case.put("one", "canary-1")
    case.put("two", "canary-2")
    keeper = run(case.variables)
    one, two = (keeper.digest(Secret(case.uri(name)), b"key") for name in ("one", "two"))
    assert one
    assert one != two
    assert run(case.variables).digest(Secret(case.uri("one")), b"key") == one


# what goes wrong in somebody else's code


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("secrets://odd/x", "the resolver 'odd' failed (ValueError)"),
        ("secrets://broken/x", "the resolver 'broken' cannot be loaded (ImportError)"),
        ("secrets://gone/x", "the resolver 'gone' cannot be loaded (ModuleNotFoundError)"),
        ("secrets://acne/x", "no resolver for this reference"),
    ],
)
def test_a_faulty_resolver_is_named_and_not_quoted(third_party: None, run: Run, uri: str, words: str) -> None:
    with pytest.raises(SecretError) as caught:
        run({}).value(Secret(uri))
    [told] = caught.value.diagnostics
    assert told.summary == f"{uri}: {words}"
    assert "canary" not in f"{told}{told.detail}{told.hint}"


@pytest.mark.parametrize(
    ("uri", "module", "extra"),
    [
        ("secrets://vault/kv/a#b", "hvac", "callsheet[vault]"),
        ("secrets://aws/a", "botocore.exceptions", "callsheet[aws]"),
        ("secrets://gcp/a/b", "google.auth.exceptions", "callsheet[gcp]"),
    ],
)
def test_an_extra_that_is_not_installed_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, uri: str, module: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SecretError) as caught:
        run({}).value(Secret(uri))
    [told] = caught.value.diagnostics
    assert "is not installed" in told.summary
    assert told.hint == f"pip install '{extra}'"


def test_nobody_takes_the_place_of_what_is_built_in(third_party: None, run: Run) -> None:
    assert run({"number": "mine"}).value(Secret("secrets://env/number")) == "mine"


def test_resolvers_are_closed(third_party: None, run: Run) -> None:
    (run.root / "others").mkdir()
    (run.root / "others" / "x").write_text("canary")
    keeper = run({})
    keeper.value(Secret("secrets://acme/x"))
    keeper.close()
    assert (run.root / "closed").exists()

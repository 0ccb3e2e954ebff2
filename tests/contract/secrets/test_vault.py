"""What is read from Vault, and what is said where it cannot be: on the double, or on a real server."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from callsheet.model.diagnostics import Diagnostic
from callsheet.model.errors import SecretError
from callsheet.model.value import Secret
from callsheet.secrets.keeper import Keeper
from contract.secrets.conftest import Run
from support.vault.ground import Ground, ci_token


def read(keeper: Keeper, rest: str) -> str:
    return keeper.value(Secret(f"secrets://vault/{rest}"))


def refusal(keeper: Keeper, rest: str) -> Diagnostic:
    with pytest.raises(SecretError) as caught:
        read(keeper, rest)
    [told] = caught.value.diagnostics
    return told


@pytest.fixture
def stocked(vault: Ground) -> tuple[str, str]:
    """A mount with a secret of two keys, and a policy that reads it."""
    mount = vault.kv()
    vault.put(mount, "voice/jira", token="canary-1", user="bot")
    return mount, vault.reader(f"{mount}/data/voice/*")


def test_keys_are_read_with_one_request_per_path(vault: Ground, stocked: tuple[str, str], run: Run) -> None:
    mount, policy = stocked
    keeper = run(vault.variables(vault.token(policy)))
    before = len(vault.double.requests) if vault.double else 0
    assert read(keeper, f"{mount}/voice/jira#token") == "canary-1"
    assert read(keeper, f"{mount}/voice/jira#user") == "bot"
    assert read(keeper, f"{mount}/voice/jira#token") == "canary-1"
    if vault.double:
        told = [f"{method} {path}" for method, path, _ in vault.double.requests[before:]]
        assert told == [
            f"GET sys/internal/ui/mounts/{mount}/voice/jira",
            f"GET {mount}/data/voice/jira",
        ]


def test_version_one_and_mounts_with_slashes(vault: Ground, run: Run) -> None:
    mount = vault.kv(1, f"{vault.name('team')}/voice/kv")
    vault.root.secrets.kv.v1.create_or_update_secret(
        "eu/jira", {"token": "canary", "n": 5}, mount_point=mount
    )
    keeper = run(vault.variables(vault.token(vault.reader(f"{mount}/*"))))
    assert read(keeper, f"{mount}/eu/jira#token") == "canary"
    assert read(keeper, f"{mount}/eu/jira#n") == "5"


def deleted(vault: Ground, mount: str) -> None:
    vault.root.secrets.kv.v2.delete_latest_version_of_secret("voice/jira", mount_point=mount)


def destroyed(vault: Ground, mount: str) -> None:
    vault.root.secrets.kv.v2.destroy_secret_versions("voice/jira", [2], mount_point=mount)


def erased(vault: Ground, mount: str) -> None:
    vault.root.secrets.kv.v2.delete_metadata_and_all_versions("voice/jira", mount_point=mount)


@pytest.mark.parametrize(
    ("fate", "code", "words", "hint"),
    [
        (deleted, "secret.deleted", "newest version, 2, was deleted on 20", "kv undelete"),
        (destroyed, "secret.deleted", "newest version, 2, was destroyed", "kv put"),
        (erased, "secret.missing", "nothing at this path", "kv put"),
    ],
)
def test_what_was_taken_away_is_not_replaced_by_an_older_version(
    vault: Ground, stocked: tuple[str, str], run: Run,
    fate: Callable[[Ground, str], None], code: str, words: str, hint: str,
) -> None:  # fmt: skip
    mount, policy = stocked
    vault.put(mount, "voice/jira", token="canary-2")
    fate(vault, mount)
    told = refusal(run(vault.variables(vault.token(policy))), f"{mount}/voice/jira#token")
    assert told.code == code
    assert words in told.summary
    assert hint in told.hint


@pytest.mark.parametrize(
    ("rest", "code", "words"),
    [
        ("MOUNT/voice/nope#token", "secret.missing", "MOUNT/voice/nope: there is nothing at this path"),
        ("MOUNT/data/voice/jira#token", "secret.denied", "permission denied"),
        ("MOUNT/voice/jira#tokne", "secret.missing", "no key 'tokne'"),
        ("MOUNT/voice/odd#empty", "secret.unusable", "is empty"),
        ("MOUNT/voice/odd#list", "secret.unusable", "no text"),
        ("MOUNT/ops/root#token", "secret.denied", "permission denied"),
        ("nowhere/voice/jira#token", "secret.no-mount", "no secrets engine is mounted"),
        ("MOUNT/voice/jira", "secret.reference", "no reference into Vault"),
        ("MOUNT#token", "secret.reference", "no reference into Vault"),
        ("MOUNT/voice/../ops#token", "secret.reference", "no reference into Vault"),
        ("MOUNT/voice/jira?version=1#token", "secret.reference", "no reference into Vault"),
    ],
)
def test_what_does_not_resolve_says_why(
    vault: Ground, stocked: tuple[str, str], run: Run, rest: str, code: str, words: str
) -> None:
    mount, policy = stocked
    vault.put(mount, "voice/odd", empty="", list=["canary"])
    told = refusal(run(vault.variables(vault.token(policy))), rest.replace("MOUNT", mount))
    assert told.code == code
    assert words.replace("MOUNT", mount) in told.summary
    assert "canary" not in f"{told}{told.detail}{told.hint}"


def test_the_way_of_the_api_is_not_the_way_to_the_secret(vault: Ground, run: Run) -> None:
    mount = vault.kv()
    keeper = run(vault.variables(vault.token(vault.reader(f"{mount}/*"))))
    told = refusal(keeper, f"{mount}/data/voice/jira#token")
    assert told.hint == f"leave out `data/`, which belongs to the API: secrets://vault/{mount}/voice/jira#…"


def test_a_refused_path_is_asked_for_once(vault: Ground, stocked: tuple[str, str], run: Run) -> None:
    mount, policy = stocked
    keeper = run(vault.variables(vault.token(policy)))
    first = refusal(keeper, f"{mount}/voice/nope#a")
    assert refusal(keeper, f"{mount}/voice/nope#b") == first
    if vault.double:
        assert len(vault.double.asked("voice/nope")) == 2  # where it is mounted, and the path


def test_a_bad_token_is_told_from_a_missing_policy(vault: Ground, stocked: tuple[str, str], run: Run) -> None:
    mount, _ = stocked
    told = refusal(run(vault.variables("hvs.canary")), f"{mount}/voice/jira#token")
    assert told.code == "secret.token"
    assert "the token from VAULT_TOKEN" in told.summary
    assert "canary" not in f"{told}{told.detail}{told.hint}"


def test_a_token_file_will_do(vault: Ground, stocked: tuple[str, str], run: Run) -> None:
    mount, policy = stocked
    (run.root / ".vault-token").write_text(vault.token(policy) + "\n")
    assert read(run(vault.variables()), f"{mount}/voice/jira#token") == "canary-1"


def test_an_approle_logs_in_once_and_gives_its_token_back(
    vault: Ground, stocked: tuple[str, str], run: Run
) -> None:
    mount, policy = stocked
    keeper = run(vault.variables(**vault.approle(policy)))
    assert read(keeper, f"{mount}/voice/jira#token") == "canary-1"
    assert read(keeper, f"{mount}/voice/jira#user") == "bot"
    [token] = [value for value in keeper.known_values() if value.startswith(("hvs.", "s."))]
    assert vault.root.auth.token.lookup(token) if not vault.double else token in vault.double.tokens
    keeper.close()
    if vault.double:
        assert token not in vault.double.tokens
        assert len(vault.double.asked("/login")) == 1
    else:
        import hvac

        with pytest.raises(hvac.exceptions.Forbidden):
            vault.root.auth.token.lookup(token)


def test_a_given_token_is_not_given_back(vault: Ground, stocked: tuple[str, str], run: Run) -> None:
    mount, policy = stocked
    token = vault.token(policy)
    for _ in range(2):
        keeper = run(vault.variables(token))
        assert read(keeper, f"{mount}/voice/jira#token") == "canary-1"
        keeper.close()


def test_a_refused_login_says_with_what(vault: Ground, stocked: tuple[str, str], run: Run) -> None:
    mount, policy = stocked
    told = refusal(
        run(vault.variables(**{**vault.approle(policy), "VAULT_SECRET_ID": "canary"})), f"{mount}/x/y#token"
    )
    assert told.code == "secret.login"
    assert "VAULT_ROLE_ID and VAULT_SECRET_ID" in told.summary
    assert "invalid" in told.detail
    assert "canary" not in f"{told}{told.detail}{told.hint}"


def test_a_job_of_a_ci_logs_in_with_its_own_token(vault: Ground, stocked: tuple[str, str], run: Run) -> None:
    mount, policy = stocked
    role = vault.jwt(policy, project_path="acme/voice")
    good = run(vault.variables(**role, VAULT_ID_TOKEN=ci_token(project_path="acme/voice")))
    assert read(good, f"{mount}/voice/jira#token") == "canary-1"
    for token in (
        ci_token(project_path="mallory/voice"),
        ci_token("elsewhere", project_path="acme/voice"),
        "x",
    ):
        told = refusal(run(vault.variables(**role, VAULT_ID_TOKEN=token)), f"{mount}/voice/jira#token")
        assert told.code == "secret.login"
        assert "bound_claims" in told.hint
        assert token == "x" or token not in told.detail


def test_only_kv_is_read(vault: Ground, run: Run) -> None:
    mount = vault.name("transit")
    if vault.double:
        vault.double.spaces[""].engines[f"{mount}/"] = None
        vault.double.spaces[""].sorts[f"{mount}/"] = "transit"
    else:
        vault.root.sys.enable_secrets_engine("transit", path=mount)
    keeper = run(vault.variables(vault.token(vault.reader(f"{mount}/*"))))
    assert "type 'transit'" in refusal(keeper, f"{mount}/keys/x#token").summary

"""Where keys come from, for how long they are kept, and from where they are not taken."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Callable
from typing import Any

import pytest

from callsheet.identity.addresses import fault
from callsheet.identity.jwks import KeySets
from callsheet.identity.trust import Trust
from callsheet.identity.verifying import verified
from callsheet.model.diagnostics import Diagnostic
from callsheet.model.errors import IdentityError
from support.clock import FakeClock
from support.issuer import Issuer, issuer, public, rsa_key


def refusal(keys: KeySets, address: str, kid: str = "first") -> Diagnostic:
    with pytest.raises(IdentityError) as caught:
        keys.keys(address, kid)
    [told] = caught.value.diagnostics
    assert told.detail or told.hint
    return told


def test_keys_are_found_by_discovery_and_asked_for_once(ci: Issuer, keys: KeySets) -> None:
    for _ in range(3):
        assert [key["kid"] for key in keys.keys(ci.url, "first")] == ["first"]
    assert ci.requests == ["/.well-known/openid-configuration", "/keys"]


@pytest.mark.parametrize(
    ("control", "seconds"),
    [
        ("", 3600),
        ("public, max-age=300", 300),
        ("max-age=86400", 3600),
        ("private,max-age=60, must-revalidate", 60),
        ("s-maxage=10", 3600),
    ],
)
def test_they_are_kept_as_long_as_the_issuer_says_and_never_beyond_an_hour(
    ci: Issuer, keys: KeySets, clock: FakeClock, control: str, seconds: float
) -> None:
    ci.headers = [("Cache-Control", control)]
    keys.keys(ci.url, "first")
    clock.sleep(seconds - 1)
    keys.keys(ci.url, "first")
    assert ci.asked("keys") == 1
    clock.sleep(1)
    keys.keys(ci.url, "first")
    assert ci.asked("keys") == 2


def test_what_may_not_be_kept_is_not(ci: Issuer, keys: KeySets) -> None:
    ci.headers = [("Cache-Control", "no-store, max-age=300")]
    keys.keys(ci.url, "first")
    keys.keys(ci.url, "first")
    assert ci.asked("keys") == 2


def test_old_keys_do_not_stand_in_for_those_that_cannot_be_had(
    ci: Issuer, keys: KeySets, clock: FakeClock
) -> None:
    keys.keys(ci.url, "first")
    clock.sleep(3600)
    ci.status = 503
    assert refusal(keys, ci.url).code == "identity.unreachable"


def test_a_new_key_is_looked_for_and_once_a_minute_at_most(
    ci: Issuer, keys: KeySets, clock: FakeClock
) -> None:
    assert keys.keys(ci.url, "second") == ()
    # That set was just fetched; the look is still to come.
    assert (ci.asked("keys"), keys.keys(ci.url, "second"), ci.asked("keys")) == (1, (), 2)
    ci.keys.append(public(rsa_key("second"), "second"))
    assert keys.keys(ci.url, "second") == ()
    assert keys.keys(ci.url, "third") == ()
    clock.sleep(59)
    assert (keys.keys(ci.url, "second"), ci.asked("keys")) == ((), 2)
    clock.sleep(1)
    assert [key["kid"] for key in keys.keys(ci.url, "second")] == ["second"]
    assert ci.asked("keys") == 3


def test_a_look_that_failed_counts_too(ci: Issuer, keys: KeySets) -> None:
    keys.keys(ci.url, "first")
    ci.status = 503
    assert refusal(keys, ci.url, "second").code == "identity.unreachable"
    assert keys.keys(ci.url, "second") == ()
    assert len(keys.keys(ci.url, "first")) == 1
    assert len(ci.requests) == 3


def test_keys_that_rotate(ci: Issuer, keys: KeySets, clock: FakeClock) -> None:
    def good(token: str) -> Any:
        return verified(token, [Trust(ci.url)], keys, clock.now())["actor"]

    assert good(ci.token()) == "anna"
    ci.keys = [public(rsa_key("second"), "second")]
    assert good(ci.token(rsa_key("second"), kid="second")) == "anna"
    with pytest.raises(IdentityError, match="has no key 'first'"):
        good(ci.token())
    assert ci.asked("keys") == 2


# not taken


def down(ci: Issuer) -> None:
    ci.status = 500


def not_there(ci: Issuer) -> None:
    ci.status = 404


def huge(ci: Issuer) -> None:
    ci.raw = json.dumps({"keys": [*ci.keys, {"x": "x" * 600_000}]}).encode()


def packed(ci: Issuer) -> None:
    ci.raw = gzip.compress(json.dumps({"keys": ci.keys}).encode())
    ci.headers = [("Content-Encoding", "gzip")]


def page(ci: Issuer) -> None:
    ci.raw = b"<html>Sign in</html>"


def array(ci: Issuer) -> None:
    ci.raw = b"[]"


def listless(ci: Issuer) -> None:
    ci.raw = b'{"keys": {"first": 1}}'


def elsewhere(ci: Issuer) -> None:
    # To a good set of keys, even.
    ci.redirect = f"{ci.url}/other"


def another(ci: Issuer) -> None:
    ci.discovery = {"issuer": "https://token.actions.githubusercontent.com"}


def nameless(ci: Issuer) -> None:
    ci.discovery = {"jwks_uri": None}


def in_clear(ci: Issuer) -> None:
    ci.discovery = {"jwks_uri": "http://keys.acme.example/keys"}


def local(ci: Issuer) -> None:
    ci.discovery = {"jwks_uri": "file:///etc/passwd"}


@pytest.mark.parametrize(
    ("day", "code", "words"),
    [
        (down, "unreachable", "answers 500"),
        (not_there, "unreachable", "answers 404"),
        (huge, "keys", "more than 512 KiB"),
        (packed, "keys", "answers no JSON object"),
        (page, "keys", "answers no JSON object"),
        (array, "keys", "answers no JSON object"),
        (listless, "keys", "has no list of keys"),
        (elsewhere, "keys", "leads elsewhere (302)"),
        (another, "keys", "is another issuer's"),
        (nameless, "keys", "names no jwks_uri"),
        (in_clear, "keys", "its jwks_uri is plain http"),
        (local, "keys", "its jwks_uri is no https address"),
    ],
)
def test_keys_that_are_not_taken(
    ci: Issuer, keys: KeySets, day: Callable[[Issuer], None], code: str, words: str
) -> None:
    day(ci)
    told = refusal(keys, ci.url)
    assert told.code == f"identity.{code}"
    assert words in told.summary
    assert ci.url in told.summary
    assert ci.asked("other") == 0


def test_an_issuer_that_nobody_answers_for(keys: KeySets) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        told = refusal(keys, f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert told.code == "identity.unreachable"
    assert "does not answer (ConnectError)" in told.summary


@pytest.mark.parametrize(
    "address",
    [
        "http://ci.acme.example",
        "http://10.0.0.1",
        "ftp://127.0.0.1",
        "ci.acme.example",
        "https://me:canary@ci.acme.example",
        "https://ci.acme.example?x=1",
        "https://[",
    ],
)
def test_an_address_that_nobody_is_asked_at(keys: KeySets, address: str) -> None:
    assert refusal(keys, address).code == "identity.issuer"


def test_an_answer_that_takes_for_ever(ci: Issuer, keys: KeySets, clock: FakeClock) -> None:
    ci.meanwhile = lambda: clock.sleep(21)
    told = refusal(keys, ci.url)
    assert (told.code, "longer than 20 s" in told.summary) == ("identity.unreachable", True)


def test_an_issuer_out_there_does_not_send_us_to_this_machine() -> None:
    assert fault("http://127.0.0.1:8080/keys") is None
    assert fault("http://127.0.0.1:8080/keys", may_be_http=False)
    assert fault("https://ci.acme.example/keys", may_be_http=False) is None


def test_one_issuers_keys_are_not_anothers(ci: Issuer, keys: KeySets, clock: FakeClock) -> None:
    with issuer() as other:
        other.keys = [public(rsa_key("mallory"), "mallory")]
        trusted = [Trust(ci.url), Trust(other.url)]
        good = other.token(rsa_key("mallory"), kid="mallory")
        assert verified(good, trusted, keys, clock.now())["iss"] == other.url
        forged = other.token(rsa_key("mallory"), kid="mallory", iss=ci.url)
        with pytest.raises(IdentityError, match="has no key 'mallory'"):
            verified(forged, trusted, keys, clock.now())

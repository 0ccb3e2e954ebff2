"""A token counts where every single thing about it is right, over real HTTP and with real keys."""

from __future__ import annotations

import base64
import json
import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from callsheet.identity.jwks import KeySets
from callsheet.identity.trust import Trust
from callsheet.identity.verifying import verified
from callsheet.model.diagnostics import Diagnostic
from callsheet.model.errors import IdentityError
from support.clock import FakeClock
from support.issuer import NOW, Issuer, ec_key, ed_key, public, rsa_key


class Judge:
    def __init__(self, ci: Issuer, keys: KeySets, clock: FakeClock) -> None:
        self.ci, self.keys, self.clock = ci, keys, clock
        self.trusted = [Trust(ci.url)]

    def __call__(self, token: str) -> Mapping[str, Any]:
        return verified(token, self.trusted, self.keys, self.clock.now())

    def refuses(self, token: str) -> Diagnostic:
        with pytest.raises(IdentityError) as caught:
            self(token)
        [told] = caught.value.diagnostics
        told_all = f"{told}{told.detail}{told.hint}"
        assert not any(part in told_all for part in token.split(".") if len(part) > 8)
        return told


@pytest.fixture
def judge(ci: Issuer, keys: KeySets, clock: FakeClock) -> Judge:
    return Judge(ci, keys, clock)


def test_a_good_token_is_believed(judge: Judge) -> None:
    claims = judge(judge.ci.token())
    assert (claims["repository"], claims["actor"]) == ("acme/voice", "anna")


@pytest.mark.parametrize(("algorithm", "make"), [("ES256", ec_key), ("EdDSA", ed_key)])
def test_other_kinds_of_keys(judge: Judge, algorithm: str, make: Callable[[], Any]) -> None:
    judge.ci.keys.append(public(make(), "other"))
    assert judge(judge.ci.token(make(), kid="other", algorithm=algorithm))["actor"] == "anna"


@pytest.mark.parametrize(
    ("claims", "code", "words"),
    [
        ({"iss": "https://token.actions.githubusercontent.com"}, "issuer", "is not trusted"),
        ({"iss": "SLASH"}, "issuer", "is not trusted"),
        ({"iss": ["URL"]}, "issuer", "is not trusted"),
        ({"aud": "https://github.com/acme"}, "audience", "not for callsheet"),
        ({"aud": ["callsheets", "x"]}, "audience", "not for callsheet"),
        ({"aud": None}, "audience", "not for callsheet"),
        ({"exp": NOW - 61}, "expired", "expired 61 s ago"),
        ({"exp": NOW - 60}, "expired", "expired 60 s ago"),
        ({"exp": float("nan")}, "malformed", "exp is no time"),
        ({"exp": True}, "malformed", "exp is no time"),
        ({"exp": "tomorrow"}, "malformed", "exp is no time"),
        ({"nbf": NOW + 61}, "not-yet", "its nbf is 61 s from now"),
        ({"iat": NOW + 61}, "not-yet", "its iat is 61 s from now"),
        ({"sub": ""}, "malformed", "whom it is about"),
    ],
)
def test_a_claim_that_is_not_right(judge: Judge, claims: dict[str, Any], code: str, words: str) -> None:
    if claims.get("iss") == "SLASH":
        claims = {"iss": judge.ci.url + "/"}
    if claims.get("iss") == ["URL"]:
        # PyJWT writes no such issuer.
        token = _changed(judge.ci.token(), iss=[judge.ci.url])
    else:
        token = judge.ci.token(**claims)
    told = judge.refuses(token)
    assert told.code == f"identity.{code}"
    assert words in told.summary


@pytest.mark.parametrize(("name", "words"), [("exp", "when it expires"), ("sub", "whom it is about")])
def test_a_claim_that_is_missing(judge: Judge, name: str, words: str) -> None:
    told = judge.refuses(judge.ci.token(without=name))
    assert (told.code, words in told.summary) == ("identity.malformed", True)


def test_clocks_may_differ_by_less_than_a_minute(judge: Judge) -> None:
    assert judge(judge.ci.token(exp=NOW - 59))
    assert judge(judge.ci.token(nbf=NOW + 60, iat=NOW + 60))
    assert judge(judge.ci.token(without="nbf"))


def test_several_audiences_will_do(judge: Judge) -> None:
    assert judge(judge.ci.token(aud=["https://vault.acme.example", "callsheet"]))


def test_nobody_is_asked_whom_nobody_trusts(judge: Judge) -> None:
    judge.trusted = [Trust("https://gitlab.com")]
    assert judge.refuses(judge.ci.token()).code == "identity.issuer"
    assert judge.ci.requests == []


@pytest.mark.parametrize(
    "claims",
    [
        {"repository": ("acme/voice",)},
        {"repository": ("acme/other", "acme/voice"), "environment": ("prod",), "ref": ("refs/heads/main",)},
    ],
)
def test_bound_claims(judge: Judge, claims: dict[str, tuple[str, ...]]) -> None:
    judge.trusted = [Trust(judge.ci.url, claims=claims)]
    assert judge(judge.ci.token())
    for wrong in ({"repository": "acme/voice2"}, {"repository": "mallory/voice"}, {"repository": None}):
        told = judge.refuses(judge.ci.token(**wrong))
        assert told.code == "identity.claims"
        assert "repository" in told.summary
    # Another entry for the same issuer may let it in.
    judge.trusted.append(Trust(judge.ci.url, claims={"repository": ("mallory/voice",)}))
    assert judge(judge.ci.token(repository="mallory/voice"))


def test_the_audience_and_the_claims_are_of_one_entry(judge: Judge) -> None:
    judge.trusted = [
        Trust(judge.ci.url, "callsheet", {"repository": ("acme/voice",)}),
        Trust(judge.ci.url, "elsewhere", {"repository": ("mallory/voice",)}),
    ]
    assert judge.refuses(judge.ci.token(repository="mallory/voice")).code == "identity.claims"


# signatures


def test_a_token_that_was_changed(judge: Judge) -> None:
    told = judge.refuses(_changed(judge.ci.token(), repository="mallory/voice"))
    assert told.code == "identity.signature"


def test_another_key_under_the_same_name(judge: Judge) -> None:
    assert judge.refuses(judge.ci.token(rsa_key("mallory"))).code == "identity.signature"


def test_no_signature_at_all(judge: Judge) -> None:
    body = {**judge.ci.claims, "iss": judge.ci.url, "aud": "callsheet", "exp": NOW + 300}
    told = judge.refuses(jwt.encode(body, None, algorithm="none", headers={"kid": "first"}))  # type: ignore[arg-type]
    assert (told.code, "'none'" in told.summary) == ("identity.algorithm", True)
    header, payload, _ = judge.ci.token().split(".")
    assert judge.refuses(f"{header}.{payload}.").code == "identity.signature"


def test_an_hmac_with_the_public_key(judge: Judge) -> None:
    pem = rsa_key().public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    told = judge.refuses(_hmac(judge.ci.token(), pem))
    assert (told.code, "'HS256'" in told.summary) == ("identity.algorithm", True)
    # Nor where the issuer itself publishes something that would do as its key.
    judge.ci.keys = [{"kty": "oct", "kid": "first", "k": _encoded(b"x" * 32)}]
    assert judge.refuses(_hmac(judge.ci.token(), b"x" * 32)).code == "identity.algorithm"


def test_rs256_alone_of_its_family(judge: Judge) -> None:
    assert judge.refuses(judge.ci.token(algorithm="PS256")).code == "identity.algorithm"


@pytest.mark.parametrize(
    "change", [{"alg": "RS512"}, {"use": "enc"}, {"kty": "EC", "crv": "P-256"}, {"kty": "oct", "k": "eA"}]
)
def test_a_key_that_is_for_something_else(judge: Judge, change: dict[str, str]) -> None:
    judge.ci.keys = [{**judge.ci.keys[0], **change}]
    assert judge.refuses(judge.ci.token()).code == "identity.key"


def test_a_key_of_another_curve(judge: Judge) -> None:
    judge.ci.keys = [{**public(ec_key(), "first"), "crv": "P-384"}]
    assert judge.refuses(judge.ci.token(ec_key(), algorithm="ES256")).code == "identity.key"


def test_a_key_that_is_none(judge: Judge) -> None:
    judge.ci.keys = [{**judge.ci.keys[0], "n": "!"}]
    assert judge.refuses(judge.ci.token()).code == "identity.signature"


def test_a_short_key(judge: Judge) -> None:
    judge.ci.keys = [public(rsa_key("short", 1024), "first")]
    with warnings.catch_warnings(action="ignore"):
        token = judge.ci.token(rsa_key("short", 1024))
    assert judge.refuses(token).code == "identity.signature"


@pytest.mark.parametrize(
    ("token", "code"),
    [
        ("", "malformed"),
        ("x", "malformed"),
        ("a.b.c", "malformed"),
        ("€.€.€", "malformed"),
        ("e30.e30.", "issuer"),
        ("eyJhbGciOiJSUzI1NiJ9.WzFd.eA", "malformed"),
        ("eyJhbGciOiJSUzI1NiJ9.e30.eA", "issuer"),
        ("." * 70_000, "malformed"),
    ],
)
def test_what_is_no_token(judge: Judge, token: str, code: str) -> None:
    assert judge.refuses(token).code == f"identity.{code}"


def test_a_token_that_is_too_long(judge: Judge) -> None:
    assert judge.refuses(judge.ci.token(more="x" * 70_000)).code == "identity.malformed"


def test_a_header_that_names_no_key_or_asks_for_more(judge: Judge) -> None:
    assert judge.refuses(judge.ci.token(kid=None)).code == "identity.malformed"
    # What is critical and not known is PyJWT's to refuse, from 2.12 on.
    for headers in ({"crit": ["b64"], "b64": True}, {"crit": ["exp"], "exp": 1}):
        assert judge.refuses(judge.ci.token(headers=headers)).code == "identity.malformed"


def test_a_claim_is_shown_cleaned_and_in_part(judge: Judge) -> None:
    told = judge.refuses(judge.ci.token(aud="\x1b[2J" + "x" * 500))
    assert "\x1b" not in told.summary
    assert len(told.summary) < 300


@pytest.mark.parametrize("module", ["jwt", "cryptography"])
def test_without_the_library_it_says_so(judge: Judge, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    token = judge.ci.token()
    monkeypatch.setitem(sys.modules, module, None)
    told = judge.refuses(token)
    assert (told.code, told.hint) == ("identity.no-library", "pip install 'callsheet[oidc]'")


def _changed(token: str, **claims: Any) -> str:
    header, payload, signature = token.split(".")
    body = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return f"{header}.{_encoded(json.dumps({**body, **claims}).encode())}.{signature}"


def _hmac(token: str, key: bytes) -> str:
    """The token's claims with an HMAC, which PyJWT declines to make with a public key."""
    import hashlib
    import hmac

    head = _encoded(json.dumps({"alg": "HS256", "typ": "JWT", "kid": "first"}).encode())
    signed = f"{head}.{token.split('.')[1]}"
    return f"{signed}.{_encoded(hmac.new(key, signed.encode(), hashlib.sha256).digest())}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

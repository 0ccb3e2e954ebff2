"""Verifying: whether an ID token is what it says, by signature, issuer, audience, time and bound claims.

Times are those of the injected clock. Whatever is not checked is refused; a token is never quoted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from callsheet.identity.jwks import Key, KeySets
from callsheet.identity.trust import Trust
from callsheet.model.errors import IdentityError

if TYPE_CHECKING:
    from jwt.types import Options

LEEWAY = 60.0  # seconds that two clocks may differ
# By algorithm, what a key of it is. No HMAC: its key would be a public one. No `none`, of course.
ALGORITHMS: Mapping[str, tuple[str, str | None]] = {
    "RS256": ("RSA", None),
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
}
# The rest is checked here, by the injected clock.
_SIGNATURE_ALONE: Options = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_iss": False,
    "verify_aud": False,
    "verify_sub": False,
    "verify_jti": False,
}
_RSA_BITS = 2048
_LONGEST = 64 * 1024  # characters of a token
_SHOWN = 120  # characters of a claim in an error


def verified(token: str, trusted: Sequence[Trust], keys: KeySets, now: datetime) -> Mapping[str, Any]:
    """The claims of a token that is good. IdentityError says what is wrong with it.

    Nobody is asked for keys but an issuer that is trusted.
    """
    header, claims = _parts(token)
    issuer = claims.get("iss")
    trusts = [each for each in trusted if each.issuer == issuer]
    if not trusts:
        known = ", ".join(each.issuer for each in trusted) or "nobody"
        raise _wrong(
            "issuer",
            f"the ID token is of the issuer {shown(issuer)}, which is not trusted",
            f"trusted are: {known}; see protection.oidc in environments.yaml",
        )
    algorithm, kid = header.get("alg"), header.get("kid")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise _wrong(
            "algorithm",
            f"the ID token is signed with {shown(algorithm)}, which is not accepted",
            f"accepted are: {', '.join(ALGORITHMS)}",
        )
    if not isinstance(kid, str) or not kid:
        raise _wrong("malformed", "the ID token's header names no key", "")
    found = keys.keys(str(issuer), kid)
    fitting = [key for key in found if _fits(key, algorithm)]
    if not fitting:
        had = "has no key for it that fits" if found else f"has no key {shown(kid)}"
        raise _wrong(
            "key",
            f"the ID token's signature cannot be checked: {issuer} {had}",
            "get a new token; an issuer that changed its keys is asked again after a minute",
        )
    # What counts from here on is what the signature covers.
    claims = _signed(token, fitting, algorithm)
    _check_times(claims, now.timestamp())
    _check_bound(claims, [each for each in trusts if each.issuer == claims.get("iss")])
    return claims


def shown(value: Any) -> str:
    """A claim of anybody's as part of an error."""
    text = value if isinstance(value, str) else repr(value)
    # As Python writes it, control characters are escaped.
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def _parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims as they are written, not to be believed."""
    try:
        import cryptography as _  # noqa: F401
        import jwt
    except ImportError:
        raise IdentityError(
            "the ID token cannot be verified: PyJWT is not installed here, or not with its cryptography",
            hint="pip install 'callsheet[oidc]'",
            code="identity.no-library",
        ) from None
    if len(token) <= _LONGEST:
        try:
            found = jwt.decode_complete(token, options={"verify_signature": False})
            return dict(found["header"]), dict(found["payload"])
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            pass
    raise _wrong("malformed", "the ID token is no signed JSON web token", "give the token as the CI wrote it")


def _fits(key: Key, algorithm: str) -> bool:
    kind, curve = ALGORITHMS[algorithm]
    return (
        key.get("kty") == kind
        and (curve is None or key.get("crv") == curve)
        and key.get("alg", algorithm) == algorithm
        and key.get("use", "sig") == "sig"
    )


def _signed(token: str, keys: Sequence[Key], algorithm: str) -> dict[str, Any]:
    import jwt
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    for key in keys:
        try:
            public = jwt.PyJWK(dict(key), algorithm).key
            if isinstance(public, RSAPublicKey) and public.key_size < _RSA_BITS:
                continue
            return jwt.decode(
                token,
                public,
                algorithms=[algorithm],
                options=_SIGNATURE_ALONE,
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            continue
    raise _wrong(
        "signature",
        "the ID token's signature is not its issuer's",
        "somebody changed the token, or made it; get a new one from the CI",
    )


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    expires = _moment(claims, "exp")
    if expires is None:
        raise _wrong("malformed", "the ID token does not say when it expires", "")
    if not now < expires + LEEWAY:
        raise _wrong(
            "expired",
            f"the ID token expired {now - expires:.0f} s ago",
            "get a new one, right before Callsheet runs; see whether this machine's clock is right",
        )
    for name in ("nbf", "iat"):
        moment = _moment(claims, name)
        if moment is not None and not moment <= now + LEEWAY:
            raise _wrong(
                "not-yet",
                f"the ID token is not good yet: its {name} is {moment - now:.0f} s from now",
                "see whether this machine's clock is right",
            )


def _moment(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if name not in claims:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _wrong("malformed", f"the ID token's {name} is no time", "")
    return float(value)


def _check_bound(claims: Mapping[str, Any], trusts: Sequence[Trust]) -> None:
    subject, given = claims.get("sub"), claims.get("aud")
    if not isinstance(subject, str) or not subject.strip():
        raise _wrong("malformed", "the ID token does not say whom it is about (sub)", "")
    audiences = given if isinstance(given, list) else [given]
    right = [each for each in trusts if each.audience in audiences]
    if not right:
        wanted = " or ".join(dict.fromkeys(each.audience for each in trusts))
        raise _wrong(
            "audience",
            f"the ID token is for {', '.join(map(shown, audiences))}, not for {wanted}",
            f"ask the CI for a token with the audience {wanted} (docs/principals.md)",
        )
    missed = [each.missed(claims) for each in right]
    if all(missed):
        name = str(missed[0])
        raise _wrong(
            "claims",
            f"the ID token's {name} is {shown(claims.get(name))}, and that is not what protection.oidc wants",
            "run it where those claims are true, or change them in environments.yaml",
        )


def _wrong(what: str, summary: str, hint: str) -> IdentityError:
    return IdentityError(
        summary,
        detail="A token that is not good in every respect says nothing about who runs this.",
        hint=hint,
        code=f"identity.{what}",
    )

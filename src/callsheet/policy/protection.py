"""A protection as it is judged by: the one that `environments.yaml` proposes, or the one in state."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from callsheet.identity.trust import DEFAULT, Trust
from callsheet.model.errors import Refused
from callsheet.model.principal import Principal
from callsheet.policy.whom import EVERYBODY, Whom
from callsheet.policy.windows import Window


@dataclass(frozen=True, slots=True)
class SignOffs:
    """How many must have signed, and who counts. With `four_eyes` nobody signs a plan of their own."""

    required: int = 0
    whom: Whom = EVERYBODY
    four_eyes: bool = False


@dataclass(frozen=True, slots=True)
class Threshold:
    """What the evidence of one gate must show. `max_age` is in hours; None is no bound."""

    name: str
    min_passed: int = 1
    max_failed: int = 0
    max_skipped: int | None = None
    max_age: float | None = None


@dataclass(frozen=True, slots=True)
class Override:
    """Whether rules may be set aside, and by whom; nobody named means whoever may apply."""

    allowed: bool = False
    whom: Whom = EVERYBODY


@dataclass(frozen=True, slots=True)
class Protection:
    """One protection. `body` is its canonical form, as state keeps it. `oidc`: whose tokens count."""

    principals: Whom = EVERYBODY
    verified: bool = False
    oidc: tuple[Trust, ...] = DEFAULT
    sign_offs: SignOffs = SignOffs()
    windows: tuple[Window, ...] = ()
    ticket: str | None = None
    max_deletes: int | None = None
    max_delete_ratio: float | None = None
    require_clean: bool = False
    tests: tuple[Threshold, ...] = ()
    deny_variables: tuple[str, ...] = ()
    override: Override = Override()
    body: Mapping[str, Any] = field(default_factory=dict)

    def trusts(self, principal: Principal) -> bool:
        """Whether its token comes from an issuer that this protection trusts, whoever has verified it."""
        if not principal.verified:
            return False
        meant = principal.claims.get("aud")
        audiences = meant if isinstance(meant, list) else [meant]
        return any(
            each.issuer == principal.issuer
            and (meant is None or each.audience in audiences)
            and each.missed(principal.claims) is None
            for each in self.oidc
        )

    def admits(self, principal: Principal, whom: Whom) -> bool:
        """Whether it is one of `whom`, and verified where that is asked for."""
        trusted = self.trusts(principal)
        return (trusted or not self.verified) and (not whom or whom.allows(principal, trusted=trusted))

    @property
    def claims(self) -> frozenset[str]:
        """The claims of a token that decide anything here."""
        bound = frozenset(claim for each in self.oidc for claim in each.claims)
        return bound | self.principals.claims | self.sign_offs.whom.claims | self.override.whom.claims

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Protection:
        """From the form that `spec.protection.settled` gives. Refused where it asks for what is not known
        here: then nobody can tell whether it holds."""
        try:
            made = _read(dict(body))
        except (KeyError, TypeError, ValueError, AttributeError, OSError, re.error):
            made = None
        if made is None:
            raise Refused(
                "the recorded protection asks for what this version of Callsheet does not know",
                detail="Nothing was written. What cannot be judged is not passed over.",
                hint="use the version that recorded it",
                code="refused.protection",
            )
        return made


def _read(rest: dict[str, Any]) -> Protection | None:
    body = dict(rest)
    signs, right = dict(rest.pop("signOffs", {})), dict(rest.pop("override", {"allowed": False}))
    windows = [dict(each) for each in rest.pop("changeWindow", ())]
    tests = [dict(each) for each in rest.pop("gates", ())]
    issuers = [dict(each) for each in rest.pop("oidc", ())]
    made = Protection(
        principals=_whom(rest, "principals"),
        verified=rest.pop("verified", False),
        oidc=tuple(trust for each in issuers for trust in _trusts(each)) or DEFAULT,
        sign_offs=SignOffs(signs.pop("required", 0), _whom(signs, "from"), signs.pop("fourEyes", False)),
        windows=tuple(
            Window(tuple(each.pop("days")), each.pop("from"), each.pop("to"), each.pop("timezone"))
            for each in windows
        ),
        ticket=rest.pop("ticket", None),
        max_deletes=rest.pop("maxDeletes", None),
        max_delete_ratio=rest.pop("maxDeleteRatio", None),
        require_clean=rest.pop("requireClean", False),
        tests=tuple(
            Threshold(
                each.pop("name"),
                each.pop("minPassed"),
                each.pop("maxFailed"),
                each.pop("maxSkipped", None),
                each.pop("maxAge", None),
            )
            for each in tests
        ),
        deny_variables=tuple(rest.pop("denyVariables", ())),
        override=Override(right.pop("allowed"), _whom(right, "by")),
        body=body,
    )
    for window in made.windows:
        ZoneInfo(window.zone)
    re.compile(made.ticket or "")
    left = [rest, signs, right, *windows, *tests, *issuers]
    return None if any(left) else made


def _trusts(entry: dict[str, Any]) -> tuple[Trust, ...]:
    issuer, audiences = entry.pop("issuer"), entry.pop("audience")
    claims = {name: tuple(values) for name, values in entry.pop("claims", {}).items()}
    return tuple(Trust(issuer, each, claims) for each in audiences)


def _whom(section: dict[str, Any], key: str) -> Whom:
    return Whom(tuple(section.pop(key, ())))

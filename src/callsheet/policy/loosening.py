"""Loosening: where a proposed protection lets more through than the recorded one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from callsheet.identity.trust import Trust
from callsheet.model.canonical import fingerprint
from callsheet.policy.protection import Protection, Threshold
from callsheet.policy.route import Route

NONE = "none"


def loosened(recorded: Protection, proposed: Protection) -> tuple[str, ...]:
    """What is looser, one phrase per field; empty where the proposed one surely lets nothing more through."""
    return tuple(_found(recorded, proposed))


def digest_of(recorded: Protection, proposed: Protection, route: tuple[Route, Route] | None = None) -> str:
    """What a sign-off of this very loosening covers. `route`: the recorded one and the proposed one, where
    that is loosened."""
    moved = {"route": [each.to_json() for each in route]} if route else {}
    return fingerprint({"loosening": {"from": dict(recorded.body), "to": dict(proposed.body), **moved}})


def _found(old: Protection, new: Protection) -> Iterator[str]:
    if not new.principals.within(old.principals):
        yield _moved("principals", old.principals, new.principals)
    if old.verified and not new.verified:
        yield "verified: no longer asked for"
    added = [each.issuer for each in new.oidc if not any(_narrower(each, other) for other in old.oidc)]
    if added and (old.verified or old.claims or "oidc" in old.body):
        yield f"oidc: more tokens of {', '.join(dict.fromkeys(added))} would be trusted"
    yield from _signs(old, new)
    if old.windows and not (
        new.windows and all(any(each.within(other) for other in old.windows) for each in new.windows)
    ):
        yield _moved("changeWindow", *("; ".join(map(str, each.windows)) for each in (old, new)))
    if old.ticket is not None and new.ticket != old.ticket:
        yield _moved("ticket", old.ticket, new.ticket)
    if _more(old.max_deletes, new.max_deletes):
        yield _moved("maxDeletes", old.max_deletes, new.max_deletes)
    if _more(old.max_delete_ratio, new.max_delete_ratio):
        yield _moved("maxDeleteRatio", old.max_delete_ratio, new.max_delete_ratio)
    if old.require_clean and not new.require_clean:
        yield "requireClean: no longer asked for"
    there = {each.name: each for each in new.tests}
    for each in old.tests:
        yield from _tests(each, there.get(each.name))
    if gone := [each for each in old.deny_variables if each not in new.deny_variables]:
        yield f"denyVariables: {', '.join(gone)} would be allowed"
    yield from _right(old, new)


def _narrower(one: Trust, other: Trust) -> bool:
    """Whether whatever `one` trusts is trusted by `other` as well."""
    bound = all(
        set(one.claims.get(name, ())) <= set(wanted) and name in one.claims
        for name, wanted in other.claims.items()
    )
    return (one.issuer, one.audience) == (other.issuer, other.audience) and bound


def _signs(old: Protection, new: Protection) -> Iterator[str]:
    one, other = old.sign_offs, new.sign_offs
    if other.required < one.required:
        yield _moved("signOffs.required", one.required, other.required)
    if not other.whom.within(one.whom):
        yield _moved("signOffs.from", one.whom, other.whom)
    if one.four_eyes and not other.four_eyes:
        yield "signOffs.fourEyes: no longer asked for"


def _tests(old: Threshold, new: Threshold | None) -> Iterator[str]:
    name = f"gates.{old.name}"
    if new is None:
        yield f"{name}: no longer asked for"
        return
    if new.min_passed < old.min_passed:
        yield _moved(f"{name}.minPassed", old.min_passed, new.min_passed)
    for key, one, other in (
        ("maxFailed", old.max_failed, new.max_failed),
        ("maxSkipped", old.max_skipped, new.max_skipped),
        ("maxAge", old.max_age, new.max_age),
    ):
        if _more(one, other):
            yield _moved(f"{name}.{key}", one, other)


def _right(old: Protection, new: Protection) -> Iterator[str]:
    one, other = old.override, new.override
    if other.allowed and not one.allowed:
        yield "override: would be allowed"
    elif other.allowed and one.whom != other.whom and not (one.whom and other.whom.within(one.whom)):
        # Nobody named means whoever may apply, which is not everybody.
        yield _moved("override.by", one.whom or "whoever may apply", other.whom or "whoever may apply")


def _more(old: float | None, new: float | None) -> bool:
    return old is not None and (new is None or new > old)


def _moved(what: str, old: Any, new: Any) -> str:
    return f"{what}: {_shown(old)} → {_shown(new)}"


def _shown(value: Any) -> str:
    return str(value) if value not in (None, "") else NONE

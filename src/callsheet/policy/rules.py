"""The rules of a protection, one function each: a gate with its own message, and what would satisfy it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from callsheet.plan.plan import Gate
from callsheet.policy.case import Case
from callsheet.policy.coverage import coverage
from callsheet.policy.evidence import Evidence
from callsheet.policy.protection import Protection, Threshold
from callsheet.policy.sign_offs import digests_of

PASSED, PENDING, REFUSED = "passed", "pending", "refused"
Rule: TypeAlias = Callable[[Protection, Case], Iterator[Gate]]
FROM_FILES = ("apply", "promote")  # modes of plans; a rollback to a version is one to files of before
_TICKET = 200
_AHEAD = timedelta(minutes=5)
_FEW = 5


def gate_of(name: str) -> str:
    """The rule that asks for one gate's evidence."""
    return f"gates.{name}"


def _principals(protection: Protection, case: Case) -> Iterator[Gate]:
    if not (whom := protection.principals):
        return
    who = case.principal
    if whom.allows(who, trusted=protection.trusts(who)):
        yield Gate("principals", PASSED, f"{who.shown} may apply")
    else:
        yield Gate(
            "principals",
            PENDING,
            f"{who.shown} may not apply to {case.plan.environment}",
            f"have it applied by one of: {whom}",
        )


def _verified(protection: Protection, case: Case) -> Iterator[Gate]:
    if not protection.verified:
        return
    who = case.principal
    if protection.trusts(who):
        yield Gate("verified", PASSED, f"{who.shown} is verified by {who.issuer}")
    else:
        said = f"by {who.issuer}, which is not trusted here" if who.verified else "by nobody"
        issuers = " or ".join(dict.fromkeys(each.issuer for each in protection.oidc))
        yield Gate(
            "verified",
            PENDING,
            f"whoever applies must be verified, and {who.name} is verified {said}",
            f"have it applied by a job with a token of {issuers}",
        )


def _sign_offs(protection: Protection, case: Case) -> Iterator[Gate]:
    asked = protection.sign_offs
    if not asked.required:
        return
    found = coverage(protection, case, digests_of(case.plan))
    names = ", ".join(each.by.shown for each in found.counted)
    if len(found.counted) >= asked.required:
        yield Gate("signOffs", PASSED, f"signed off by {names}")
        return
    have = f"{len(found.counted)} of {_some(asked.required, 'sign-off')}" + (f" ({names})" if names else "")
    why = f"; {'; '.join(found.why_not)}" if found.why_not else ""
    whom = f" by one of: {asked.whom}" if asked.whom else ""
    others = ", not by whoever made or applies the plan" if asked.four_eyes else ""
    yield Gate(
        "signOffs",
        PENDING,
        f"{have} given for these changes{why}",
        f"{found.first}callsheet approve FILE, of this plan in a file{whom}{others}",
    )


def _change_window(protection: Protection, case: Case) -> Iterator[Gate]:
    windows = protection.windows
    if not windows:
        return
    told = "; ".join(map(str, windows))
    if not case.applying:
        # When it will be applied is not known, and the hour of planning is not part of a plan.
        yield Gate("changeWindow", PENDING, f"changes are applied within {told}", "apply it then")
    elif any(window.is_open(case.now) for window in windows):
        yield Gate("changeWindow", PASSED, f"the change window is open ({told})")
    else:
        opens = min(window.opens(case.now) for window in windows)
        yield Gate(
            "changeWindow",
            PENDING,
            f"changes are applied within {told}, and it is {_hour(case, opens)} there",
            f"apply it from {opens:%Y-%m-%dT%H:%M%z} on",
        )


def _hour(case: Case, opens: datetime) -> str:
    return f"{case.now.astimezone(opens.tzinfo):%a %H:%M}".lower()


def _ticket(protection: Protection, case: Case) -> Iterator[Gate]:
    if (pattern := protection.ticket) is None:
        return
    ticket = case.given.ticket or str(case.planned("ticket").get("ticket") or "")
    how = f"give --ticket with text like {pattern}"
    if not ticket:
        yield Gate("ticket", PENDING, "no ticket is named", how)
    elif len(ticket) <= _TICKET and re.fullmatch(pattern, ticket):
        yield Gate("ticket", PASSED, f"for {ticket}", given={"ticket": ticket})
    else:
        yield Gate("ticket", REFUSED, f"{ticket[:_TICKET]!r} is no ticket", how)


def _max_deletes(protection: Protection, case: Case) -> Iterator[Gate]:
    if (most := protection.max_deletes) is not None and (count := _deletes(case)):
        told = f"{_some(count, 'resource')} would be deleted or replaced, of at most {most} in one plan"
        if count <= most:
            yield Gate("maxDeletes", PASSED, told)
        else:
            yield Gate("maxDeletes", REFUSED, told, "plan fewer at a time, with --target or --exclude")


def _max_delete_ratio(protection: Protection, case: Case) -> Iterator[Gate]:
    held = len(case.state.records)
    if (most := protection.max_delete_ratio) is not None and (count := _deletes(case)):
        told = f"{count} of {_some(held, 'resource')} would be deleted or replaced, of at most {most:.0%}"
        if count <= most * held:
            yield Gate("maxDeleteRatio", PASSED, told)
        else:
            yield Gate("maxDeleteRatio", REFUSED, told, "plan fewer at a time, with --target or --exclude")


def _require_clean(protection: Protection, case: Case) -> Iterator[Gate]:
    if not protection.require_clean:
        return
    drifted = [str(each["address"]) for each in case.plan.drift if _counts(each)]
    if not drifted:
        yield Gate("requireClean", PASSED, "nothing has drifted that nobody has acknowledged")
        return
    yield Gate(
        "requireClean",
        REFUSED,
        f"{_named(drifted)} changed at the provider, and nobody has acknowledged it",
        "set it back there, or acknowledge it (acknowledgedDrift in environments.yaml)",
    )


def _gates(protection: Protection, case: Case) -> Iterator[Gate]:
    if case.plan.mode not in FROM_FILES:
        return  # No files are applied, or such as were applied before, when tests of them were asked for.
    for asked in protection.tests:
        rule = gate_of(asked.name)
        found = case.given.evidence.get(asked.name) or _planned(case, rule)
        digest = str(case.plan.source.get("digest"))
        how = f"plan with --evidence {asked.name}=FILE, results of these files (callsheet.source {digest})"
        if found is None:
            yield Gate(rule, PENDING, f"there is no evidence for {asked.name}, so it has failed", how)
            continue
        told = f"{found.passed} passed, {found.failed} failed, {found.skipped} skipped"
        problems = list(_short_of(asked, found, case, digest))
        message = f"{asked.name}: {told}" + (f"; {', '.join(problems)}" if problems else "")
        yield Gate(rule, REFUSED if problems else PASSED, message, how if problems else "", found.to_json())


def _planned(case: Case, rule: str) -> Evidence | None:
    """The evidence that the plan was made with."""
    try:
        return Evidence.from_json(case.planned(rule))
    except (KeyError, TypeError, ValueError):
        return None


def _short_of(asked: Threshold, found: Evidence, case: Case, digest: str) -> Iterator[str]:
    if found.source != digest:
        other = f"another source ({found.source[:80]})" if found.source else "a source that it does not name"
        yield f"they are of {other}"
    if found.passed < asked.min_passed:
        yield f"at least {asked.min_passed} must pass"
    if found.failed > asked.max_failed:
        yield f"at most {asked.max_failed} may fail"
    if asked.max_skipped is not None and found.skipped > asked.max_skipped:
        yield f"at most {asked.max_skipped} may be skipped"
    if asked.max_age is not None:
        at = found.time
        if at is None:
            yield "it does not say when it ran"
        elif at > case.now + _AHEAD:
            yield f"it says that it ran at {found.at}, which is still to come"
        elif case.now - at > timedelta(hours=asked.max_age):
            yield f"it ran at {found.at}, more than {asked.max_age:g} hours ago"


def _deny_variables(protection: Protection, case: Case) -> Iterator[Gate]:
    back_to_files = (case.plan.source.get("release") or {}).get("backTo") is not None
    if not protection.deny_variables or not (case.plan.mode in FROM_FILES or back_to_files):
        return
    how = "take it out of the environment's `variables`"
    denied = [
        f"{key} ({entry})" if entry != key else key
        for key, value in sorted(case.variables.items())
        for entry in protection.deny_variables
        if _denies(entry, key, value)
    ]
    if denied:
        yield Gate("denyVariables", REFUSED, f"variables sets what is denied here: {_named(denied)}", how)
    for gate in case.plan.gates:
        # What the plan was rendered with counts, whatever the files say by now.
        if gate.rule == "denyVariables" and gate.status == REFUSED:
            yield gate


def _denies(entry: str, key: str, value: Any) -> bool:
    name, sign, denied = entry.partition("=")
    return fnmatchcase(key, name) and (not sign or _text(value) == denied)


def _text(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case None:
            return "null"
        case _:
            return str(value)


def _deletes(case: Case) -> int:
    return sum(change.destructive for change in case.plan.changes)


def _counts(drifted: Mapping[str, Any]) -> bool:
    if drifted.get("acknowledged"):
        return False
    moved = (each.get("managed") and not each.get("acknowledged") for each in drifted["attributes"])
    return drifted["class"] == "missing" or any(moved)


def _named(names: list[str]) -> str:
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return ", ".join(names[:_FEW]) + more


def _some(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


# About whoever applies; asked wherever anything at all is written.
ABOUT_WHO: tuple[Rule, ...] = (_principals, _verified)
# About the files, also where a release of them changes nothing.
ABOUT_SOURCE: tuple[Rule, ...] = (_gates, _deny_variables)
# About the changes.
ABOUT_WHAT: tuple[Rule, ...] = (
    _sign_offs,
    _change_window,
    _ticket,
    _max_deletes,
    _max_delete_ratio,
    _require_clean,
    _gates,
    _deny_variables,
)
NAMES = (
    "principals",
    "verified",
    "signOffs",
    "changeWindow",
    "ticket",
    "maxDeletes",
    "maxDeleteRatio",
    "requireClean",
    "denyVariables",
)

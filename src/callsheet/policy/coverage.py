"""Coverage: whose sign-offs count for a set of changes, and why others' do not."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from callsheet.policy.case import Case
from callsheet.policy.protection import Protection
from callsheet.policy.sign_offs import Bound, SignOff, person_of, same_person


@dataclass(frozen=True, slots=True)
class Coverage:
    """The sign-offs that count, one for each person; and for everybody else's, in words, why not."""

    counted: tuple[SignOff, ...] = ()
    why_not: tuple[str, ...] = ()


def coverage(
    protection: Protection, case: Case, digests: Collection[str], *, four_eyes: bool | None = None
) -> Coverage:
    """Who has signed all of `digests` at once, for this instance and target, and counts here."""
    asked = protection.sign_offs.four_eyes if four_eyes is None else four_eyes
    bound = Bound.of(case.plan, case.state)
    counted: dict[str, SignOff] = {}
    why_not: dict[str, str] = {}
    for each in case.sign_offs:
        name = person_of(each.by.name)
        if problem := why_not_counted(each, bound, protection, case, frozenset(digests), asked):
            why_not[name] = f"{each.by.shown} {problem}"
        else:
            counted.setdefault(name, each)
    return Coverage(
        tuple(counted.values()), tuple(why for name, why in why_not.items() if name not in counted)
    )


def why_not_counted(
    each: SignOff, bound: Bound, protection: Protection, case: Case, digests: frozenset[str], four_eyes: bool
) -> str | None:
    """Why one sign-off does not count, as a verb after the name; None where it does."""
    if each.bound.target != bound.target:
        return "signed for another target"
    if each.bound.instance != bound.instance:
        return "signed for another life of the environment"
    if not digests <= each.digests:
        return f"signed other changes{_missing(case, each)}"
    if protection.verified and not protection.trusts(each.by):
        return "is not verified by an issuer that is trusted"
    if not protection.admits(each.by, protection.sign_offs.whom):
        return "is none of those whose sign-off counts"
    author = str((case.plan.author or {}).get("name", ""))
    if four_eyes and any(same_person(each.by.name, other) for other in (author, each.author or "") if other):
        return "made the plan"
    if four_eyes and case.applying and same_person(each.by.name, case.principal.name):
        return "is the one who applies"
    return None


def _missing(case: Case, one: SignOff) -> str:
    new = [each.address for each in case.plan.changes if each.compute_digest() not in one.digests]
    more = f" and {len(new) - 3} more" if len(new) > 3 else ""
    return f" (not {', '.join(new[:3])}{more})" if new else ""

"""Coverage: whose sign-offs count for a set of changes, and why others' do not."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from callsheet.model.principal import Principal
from callsheet.plan.plan import Plan
from callsheet.policy.case import Case
from callsheet.policy.persons import person_of, same_person, unclear
from callsheet.policy.protection import Protection
from callsheet.policy.sign_offs import Bound, SignOff


@dataclass(frozen=True, slots=True)
class Coverage:
    """The sign-offs that count, one for each person; and for everybody else's, in words, why not.

    `first`: what has to happen before any can count, such as a plan by somebody for whom a token vouches.
    """

    counted: tuple[SignOff, ...] = ()
    why_not: tuple[str, ...] = ()
    first: str = ""


def coverage(
    protection: Protection, case: Case, digests: Collection[str], *, four_eyes: bool | None = None
) -> Coverage:
    """Who has signed all of `digests` at once, for this instance and target, and counts here."""
    asked = protection.sign_offs.four_eyes if four_eyes is None else four_eyes
    bound = Bound.of(case.plan, case.state)
    if not vouched(protection, author := author_of(case.plan)):
        # Else whoever signs could have made the plan in anybody's name.
        whose = f"whoever made the plan is not verified ({author.name if author else 'nobody is named'})"
        return Coverage((), (f"{whose}, so no sign-off of it counts",), plan_first(protection))
    counted: dict[str, SignOff] = {}
    why_not: dict[str, str] = {}
    for each in case.sign_offs:
        name = person_of(each.by)
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
    if problem := unclear(each.by):
        return problem
    if protection.verified and not protection.trusts(each.by):
        return "is not verified by an issuer that is trusted"
    if not protection.admits(each.by, protection.sign_offs.whom):
        return "is none of those whose sign-off counts"
    for author in (author_of(case.plan), each.author):
        if not vouched(protection, author):
            return "signed a plan of somebody who is not verified" + (f" ({author.name})" if author else "")
    return _own(each, case) if four_eyes else None


def _own(each: SignOff, case: Case) -> str | None:
    """Whether it signs what it makes or applies; who cannot be told apart from anybody might be anybody."""
    authors = [who for who in (author_of(case.plan), each.author) if who]
    if any(same_person(each.by, who) for who in authors):
        return "made the plan"
    if case.applying and same_person(each.by, case.principal):
        return "is the one who applies"
    for who in (*authors, *([case.principal] if case.applying else [])):
        if problem := unclear(who):
            return f"cannot be told apart from {who.shown}, who {problem}"
    return None


def vouched(protection: Protection, author: Principal | None) -> bool:
    """Whether it is known who made a plan, where this protection asks for verified ones."""
    issuers = {each.issuer for each in protection.oidc}
    return not protection.verified or bool(author and author.verified and author.issuer in issuers)


def plan_first(protection: Protection) -> str:
    """What to do about a plan that nobody vouches for."""
    issuers = " or ".join(dict.fromkeys(each.issuer for each in protection.oidc))
    return f"plan with --out in a job with a token of {issuers}, then "


def author_of(plan: Plan) -> Principal | None:
    """Who made a plan, as it says; its file is no proof of that."""
    return Principal.from_json(plan.author) if plan.author and plan.author.get("name") else None


def _missing(case: Case, one: SignOff) -> str:
    new = [each.address for each in case.plan.changes if each.compute_digest() not in one.digests]
    more = f" and {len(new) - 3} more" if len(new) > 3 else ""
    return f" (not {', '.join(new[:3])}{more})" if new else ""

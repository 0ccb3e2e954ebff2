"""`--reviewed`: a plan made now is applied only where somebody has looked at all of it before."""

from __future__ import annotations

from callsheet.model.errors import Stale
from callsheet.plan.plan import Plan
from callsheet.policy.sign_offs import digests_of

_MOST = 20


def check_reviewed(plan: Plan, reviewed: Plan, name: str) -> None:
    """Stale unless all changes of the plan are among those of `reviewed`, of the same instance and target."""
    for what, now, then in (
        ("environment", plan.environment, reviewed.environment),
        ("instance", plan.instance, reviewed.instance),
        ("target", dict(plan.target), dict(reviewed.target)),
        ("mode", plan.mode, reviewed.mode),
    ):
        if now != then:
            raise Stale(
                f"{name} was reviewed for another {what}: {_shown(then)}, and this is {_shown(now)}",
                detail="Nothing was written.",
                hint="plan again with --out FILE, and have that reviewed",
                code="stale.reviewed",
            )
    known = digests_of(reviewed)
    new = [change for change in plan.changes if change.compute_digest() not in known]
    if new:
        told = ", ".join(f"{change.address} ({change.action})" for change in new[:_MOST])
        more = f" and {len(new) - _MOST} more" if len(new) > _MOST else ""
        raise Stale(
            f"not in {name}, and so not reviewed: {told}{more}",
            detail="Nothing was written.",
            hint="plan again with --out FILE, and have that reviewed",
            code="stale.reviewed",
        )


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(str(each) for each in value.values() if each)
    return str(value or "none")

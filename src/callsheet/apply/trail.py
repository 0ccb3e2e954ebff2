"""The trail of a judgement: whose sign-offs counted, and what was set aside, as state and audit keep it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from callsheet.audit.record import What
from callsheet.policy.judging import Judgement

Hide = Callable[[str | None], str | None]


def trail_of(judgement: Judgement, hide: Hide) -> dict[str, Any]:
    """Whose sign-offs counted and which rules were set aside, for what is said of the run.

    The reason and the ticket are words of a person, from which secrets were hidden when they were judged.
    """
    out: dict[str, Any] = {}
    if judgement.sign_offs:
        out["signOffs"] = [
            {
                "id": each.id,
                "by": replace(
                    each.by, name=hide(each.by.name) or "", person=hide(each.by.person) or ""
                ).to_json(),
                "at": each.at,
                "plan": each.plan,
            }
            for each in judgement.sign_offs
        ]
    if judgement.overrides:
        out["overrides"] = [dict(each) for each in judgement.overrides]
    if judgement.ticket:
        out["ticket"] = judgement.ticket
    return out


def with_trail(what: What, trail: Mapping[str, Any]) -> What:
    """What a run carried out, with the trail of its judgement."""
    return replace(
        what,
        sign_offs=tuple(trail.get("signOffs", ())),
        overrides=tuple(trail.get("overrides", ())),
        ticket=trail.get("ticket"),
    )

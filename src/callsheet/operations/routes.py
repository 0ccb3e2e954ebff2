"""Routes: which ways releases may take between environments, and what is said where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callsheet.model.errors import CallsheetError, Refused
from callsheet.releases.pin import Pin
from callsheet.spec.environments import Environment

if TYPE_CHECKING:
    from callsheet.operations.session import Session


def check_route(start: Environment, target: Environment) -> None:
    """Refused where environments.yaml allows no promotion from `start` to `target`."""
    problem: tuple[str, str, str] | None = None
    if target.default:
        problem = (
            f"{target.name} is the default environment and follows the working tree: it takes no releases",
            "check out the commit whose files it should have",
            "refused.promotion-to-default",
        )
    elif start.name == target.name:
        problem = (
            f"{target.name} cannot be promoted from itself",
            f"to go back to an earlier version, use callsheet rollback --env {target.name} --to vN",
            "refused.promotion-to-itself",
        )
    elif not target.pinned:
        problem = (
            f"{target.name} follows its branch (`pinned: false`) and runs no releases",
            f"merge into the branch of {target.name}, or take `pinned: false` out",
            "refused.promotion-to-unpinned",
        )
    elif not start.pinned and not start.default:
        problem = (
            f"{start.name} follows its branch (`pinned: false`), so nothing says what was validated there",
            f"take `pinned: false` out of {start.name}, or promote from another one",
            "refused.promotion-from-unpinned",
        )
    elif target.promotes_from is not None and target.promotes_from != start.name:
        problem = (
            f"{target.name} is promoted from {target.promotes_from}, not from {start.name}",
            f"promote {start.name} to {target.promotes_from} first, or change promotesFrom of {target.name}",
            "refused.promotion-route",
        )
    if problem:
        summary, hint, code = problem
        raise Refused(summary, detail="Nothing was written.", hint=hint, code=code)


def check_origin(session: Session, pin: Pin) -> None:
    """Refused where the environment that the release came from, and that follows the tree, is no more."""
    origin = pin.origin
    environments = session.environments.environments
    if origin.version is None and pin.back_to is None and origin.environment not in environments:
        raise Refused(
            f"{session.environment.name} runs a release of {origin.environment}, "
            f"and environments.yaml has no {origin.environment} any more",
            detail="The environment that follows the working tree can be neither renamed nor removed: "
            "every release of the others comes from it.",
            hint=f"bring the section {origin.environment} back",
            code="refused.default-gone",
        )


def none_yet(session: Session) -> CallsheetError:
    environment = session.environment
    start = environment.promotes_from or session.environments.default_environment
    hint = (
        f"callsheet promote --from {start} --to {environment.name}; "
        if start
        else "name the environment that follows the working tree with `default: true`, and promote from it; "
    )
    return CallsheetError(
        f"{environment.name} runs no release yet",
        detail=f"{environment.name} is pinned: it is planned from the release that it runs, "
        "whatever the working tree says.",
        hint=hint + f"or set `pinned: false` if the branch itself is the promotion to {environment.name}",
        place=environment.origin(("pinned",)).place(),
        code="release.none",
    )

"""The protections that hold for an environment, both of them, and the routes beside them."""

from __future__ import annotations

from dataclasses import dataclass

from callsheet.policy.protection import Protection
from callsheet.policy.route import Route, rerouted


@dataclass(frozen=True, slots=True)
class Protections:
    """The two that hold for an environment: the proposed one, and the recorded one where there is one."""

    proposed: Protection
    recorded: Protection | None = None
    # The ways that lead to the environment: None where none is kept, and where none was recorded yet.
    route: Route | None = None
    recorded_route: Route | None = None

    @property
    def moved(self) -> tuple[str, ...]:
        """What of the route lets other bytes run than the recorded one does."""
        return rerouted(self.recorded_route, self.route) if self.recorded_route and self.route else ()

    @property
    def routes(self) -> tuple[Route, Route] | None:
        """Both routes, where the proposed one is looser."""
        return (
            (self.recorded_route, self.route) if self.moved and self.recorded_route and self.route else None
        )

    @property
    def differ(self) -> bool:
        return self.bodies_differ or (self.route is not None and self.route != self.recorded_route)

    @property
    def both(self) -> tuple[Protection, ...]:
        return (self.proposed, self.recorded) if self.recorded else (self.proposed,)

    @property
    def bodies_differ(self) -> bool:
        return dict(self.proposed.body) != dict(self.recorded.body if self.recorded else {})

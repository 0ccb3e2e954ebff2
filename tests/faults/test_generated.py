"""Generated edits, foreign edits and bad days, and applies in processes that are really killed."""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from faults.applying import Applying, Order
from faults.choice import ALL
from properties.test_convergence import Estate, options


def test_generated_sequences_with_real_kills_converge(warm: Applying) -> None:
    class Killed(Estate):
        @rule(at=st.integers(1, 120))
        def really_killed(self, at: int) -> None:
            seconds = self.world.clock.monotonic()
            root, variables = str(self.world.root), self.world.variables
            decided = options(self.edited)
            warm.run(Order(root, "file", variables, fatal=f"#{at}", seconds=seconds, options=decided))
            self.world.quiet()
            self.world.time_passes(120)

    examples = 200 if ALL else 12
    run_state_machine_as_test(
        Killed,
        settings=settings(
            max_examples=examples,
            stateful_step_count=14,
            deadline=None,
            derandomize=not ALL,
            suppress_health_check=list(HealthCheck),
        ),
    )

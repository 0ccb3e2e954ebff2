"""What a plan is carried out with: the provider, the store, the lock, the secrets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from callsheet.apply.aside import Aside
from callsheet.apply.binding import Whose
from callsheet.audit.tape import Tape
from callsheet.diff.veil import Veil
from callsheet.model.events import Listener, silent
from callsheet.model.kinds import Kind
from callsheet.model.value import Secret, Text
from callsheet.plan.plan import Plan
from callsheet.policy.judging import Judgement
from callsheet.providers.base import Provider
from callsheet.spec.environments import Retention
from callsheet.state.ledger import Ledger
from callsheet.state.lock import Claim, Lease, Lock, holding
from callsheet.state.snapshot import State
from callsheet.state.store import Store


class Secrets(Protocol):
    """What apply needs of the keeper of secrets."""

    def value(self, symbol: str | Secret | Text) -> str: ...

    def digest(self, symbol: Secret | Text, key: bytes) -> str | None: ...

    def hide(self, value: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Context:
    """What a plan is carried out with. `claim` says who holds the lock, and which run this is."""

    provider: Provider
    kinds: Mapping[str, Kind]
    ledger: Ledger
    store: Store
    lock: Lock
    claim: Claim
    secrets: Secrets
    target: Mapping[str, object]
    renderer: str
    now: Callable[[], str]
    # Every secret value that is known here, the provider's key among them; for hiding them.
    known_secrets: Callable[[State], Collection[str]]
    tape: Tape
    # Refused where objects are of an organisation that is another environment's.
    whose: Whose
    # Where what was done is kept when state cannot be written.
    aside: Aside
    listener: Listener = silent
    lock_timeout: float = 0.0
    retention: Retention = field(default_factory=Retention)
    # Judges the plan by the protections that hold, with state as it is at that moment.
    judge: Callable[[Plan, State], Judgement] = lambda _, __: Judgement()


@contextmanager
def held(context: Context) -> Iterator[Lease]:
    """The environment's lock while the block runs. Held says who has it."""
    with holding(context.lock, context.claim, context.lock_timeout) as lease:
        yield lease


def veil_of(context: Context, state: State) -> Veil:
    """What hides the known secrets in everything that is kept of this run."""
    return Veil.of(context.known_secrets(state), state.key)

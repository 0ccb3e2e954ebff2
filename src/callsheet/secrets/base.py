"""What a resolver of `secrets://` references is, and what it is given.

A package brings one of its own through the entry point group `callsheet.secrets`: the entry's name stands
behind `secrets://`, and what it leads to is called with a `Surroundings` and returns a `Resolver`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from callsheet.model.errors import IdentityError

GROUP = "callsheet.secrets"
SCHEME = "secrets://"


class Resolver(Protocol):
    """Turns what follows `secrets://NAME/` into a value, which is never empty.

    SecretError says why it cannot, and holds no value. Made once per run, asked once per reference, from
    one thread at a time; whatever is read once should be kept. One that has a `close()` is closed at the
    end of the run.
    """

    def resolve(self, rest: str, uri: str) -> str: ...


@runtime_checkable
class Closing(Protocol):
    def close(self) -> None: ...


# The ID token of this CI job for an audience, and where it is from. IdentityError where there is none.
IdToken = Callable[[str | None], tuple[str, str]]


def no_id_token(_: str | None) -> tuple[str, str]:
    raise IdentityError("this job has no ID token", code="identity.no-token")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a resolver works. `hide` keeps a value, such as a token that was bought, out of all output;
    `monotonic` is in seconds; `id_token` is who this job is, for those who sell secrets for it."""

    root: Path
    variables: Mapping[str, str] = field(repr=False)
    hide: Callable[[str], None] = lambda _: None
    monotonic: Callable[[], float] = time.monotonic
    id_token: IdToken = no_id_token


Factory = Callable[[Surroundings], Resolver]

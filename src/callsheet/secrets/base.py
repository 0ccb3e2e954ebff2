"""What a resolver of `secrets://` references is."""

from __future__ import annotations

from typing import Protocol


class Resolver(Protocol):
    """Turns what follows `secrets://NAME/` into a value. SecretError says why it cannot."""

    def resolve(self, rest: str, uri: str) -> str: ...

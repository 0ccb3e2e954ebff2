"""Whose tokens count, and whose of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

AUDIENCE = "callsheet"
GITHUB = "https://token.actions.githubusercontent.com"
GITLAB = "https://gitlab.com"


@dataclass(frozen=True, slots=True)
class Trust:
    """An issuer, the audience its tokens must be for, and claims that they must have.

    Of a claim one of the values will do; claims are compared as text, whole.
    """

    issuer: str
    audience: str = AUDIENCE
    claims: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def missed(self, claims: Mapping[str, Any]) -> str | None:
        """The first claim that is not as it must be."""
        return next(
            (name for name, wanted in self.claims.items() if _text(claims.get(name)) not in wanted), None
        )


DEFAULT = (Trust(GITHUB), Trust(GITLAB))


def _text(value: Any) -> str | None:
    """A claim as text: GitHub writes "true" where others write true."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int) else None

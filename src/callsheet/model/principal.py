"""Principals: who does something, and how that is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who plans, signs or applies.

    `name` is a person's or a job's. `how` says where it is from: a variable, or for an ID token its issuer.
    Only a token whose signature was checked makes a principal `verified`; `claims` are the token's, of an
    unverified principal there are none. `person` is whom a token names, whole; empty where no token does.
    """

    name: str
    how: str = ""
    verified: bool = False
    issuer: str | None = None
    claims: Mapping[str, Any] = field(default_factory=dict)
    person: str = ""

    @property
    def shown(self) -> str:
        """The name as people see it: an unverified one says so."""
        return marked(self.name, self.verified)

    def to_json(self) -> dict[str, Any]:
        """Without the claims: a job's token says more than anybody needs to keep."""
        out: dict[str, Any] = {"name": self.name, "how": self.how, "verified": self.verified}
        return out | {
            key: value for key, value in (("issuer", self.issuer), ("person", self.person)) if value
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Principal:
        return cls(
            data["name"],
            data.get("how", ""),
            bool(data.get("verified")),
            data.get("issuer"),
            data.get("claims") or {},
            str(data.get("person") or ""),
        )


def marked(name: str, verified: bool) -> str:
    """A name as people see it: one that anybody could have given says so."""
    return name if verified else f"{name} (unverified)"

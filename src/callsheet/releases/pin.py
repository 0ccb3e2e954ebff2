"""Pins: which release an environment runs, as state remembers it. The last of them is the one that holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from callsheet.state.snapshot import State


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a release came from: an environment, and its version; None for one that follows the tree."""

    environment: str
    version: int | None = None
    git: Mapping[str, Any] | None = None

    def __str__(self) -> str:
        if self.version is not None:
            return f"{self.environment}@{self.version}"
        sha = (self.git or {}).get("sha")
        return f"{self.environment} at {sha[:12]}" if sha else self.environment

    def to_json(self) -> dict[str, Any]:
        return {
            "environment": self.environment,
            "version": self.version,
            "git": dict(self.git) if self.git else None,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Origin:
        return cls(data["environment"], data.get("version"), data.get("git"))


@dataclass(frozen=True, slots=True)
class Pin:
    """One version of an environment: `digest` names the bytes, `blob` leads to them in its store.

    `fetched` are the SHA-256 of what documents name by URL, by the SHA-256 of the URL: those too are what was
    promoted. `back_to` is the version of the same environment whose bytes a rollback brought back; `prompts`
    are the versions of prompts that the environment used when it was promoted. `serial` is state's then.
    """

    version: int
    digest: str
    blob: str
    origin: Origin
    at: str
    run: str
    by: str
    serial: int
    back_to: int | None = None
    cloned: str | None = None  # the address that joined what was there, where it is no promotion
    fetched: Mapping[str, str] = field(default_factory=dict)
    prompts: Mapping[str, str] = field(default_factory=dict)

    def named(self, environment: str) -> str:
        return f"{environment}@{self.version}"

    def to_json(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "digest": self.digest,
            "blob": self.blob,
            "origin": self.origin.to_json(),
            "at": self.at,
            "run": self.run,
            "by": self.by,
            "serial": self.serial,
            "backTo": self.back_to,
            "cloned": self.cloned,
            "fetched": dict(self.fetched),
            "prompts": dict(self.prompts),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Pin:
        return cls(
            data["version"],
            data["digest"],
            data["blob"],
            Origin.from_json(data["origin"]),
            data["at"],
            data["run"],
            data["by"],
            data["serial"],
            data.get("backTo"),
            data.get("cloned"),
            data.get("fetched", {}),
            data.get("prompts", {}),
        )


def pins(state: State) -> tuple[Pin, ...]:
    """Every version of the environment, oldest first."""
    return tuple(map(Pin.from_json, state.releases))


def pinned(state: State) -> Pin | None:
    """What the environment runs; None where nothing was ever promoted to it."""
    return Pin.from_json(state.pin) if state.pin else None


def next_version(state: State) -> int:
    found = pinned(state)
    return found.version + 1 if found else 1

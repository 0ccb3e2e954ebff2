"""What a plan is made from. All of it is plain data: planning asks nobody anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from callsheet.model.address import Address
from callsheet.model.diagnostics import Diagnostic
from callsheet.model.kinds import Kind
from callsheet.model.resource import RemoteObject, Resource
from callsheet.model.value import Path, Secret, Text
from callsheet.state.record import Record
from callsheet.state.snapshot import State


@dataclass(frozen=True, slots=True)
class Options:
    """What the person asked for. `on_conflict` is None, "overwrite" or "keep"."""

    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    on_conflict: str | None = None
    allow_mass_delete: bool = False
    destroy: bool = False
    resume: bool = False  # go on in spite of a rollback's hold
    detail: bool = False  # also look into what is in sync (`--verbose`)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Drift that somebody took on: until when (ISO date, inclusive) it is not counted, and why."""

    address: str
    owner: str
    until: str
    path: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Restoration:
    """The way back to an export, where the resources are what was live then and not what files say.

    `records` are what state is to remember again, by address: as it was, or, for what a later run took
    over, a record that owns nothing. `reowned` are the addresses at which state owns other paths now.
    `edited` are, by kind and remote id, the paths that others have set since and that a run has met; the
    empty path where others made the object.
    """

    export: str
    run: str | None
    records: Mapping[str, Record]
    reowned: frozenset[str] = frozenset()
    edited: Mapping[tuple[str, str], frozenset[Path]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inputs:
    """Desired, state and live of one environment, with the facts about the kinds involved.

    `live` maps kind and remote id to the object; it holds every object of every kind that desired or
    state mention. `digest_of` gives the keyed digest of a secret, or None where it cannot be resolved.
    `native_schema` gives what is known of the keys that a kind has (see `Catalogue`).
    `known_secrets` are values that must not be shown, wherever they turn up.
    """

    environment: str
    resources: Mapping[Address, Resource]
    state: State
    live: Mapping[str, Mapping[str, RemoteObject]]
    kinds: Mapping[str, Kind]
    externals: Mapping[tuple[str, str], str] = field(default_factory=dict)
    digest_of: Callable[[Secret | Text], str | None] = lambda _: None
    native_schema: Callable[[str], Mapping[str, Any]] = lambda _: {}
    known_secrets: tuple[str, ...] = field(default=(), repr=False)
    identity: Mapping[str, str] = field(default_factory=dict)
    acknowledged: tuple[Acknowledgement, ...] = ()
    today: str = ""
    created_at: str = ""
    callsheet: str = ""
    source: Mapping[str, Any] = field(default_factory=dict)
    target: Mapping[str, Any] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    options: Options = field(default_factory=Options)
    restoration: Restoration | None = None
    carried: tuple[str, ...] = ()  # SHA-256 of what else apply needs, such as the files of a release

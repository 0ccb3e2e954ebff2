"""What state holds of one resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from callsheet.model.canonical import fingerprint, plain
from callsheet.model.value import Path, Payload, Ref, from_json, symbols


@dataclass(frozen=True)
class Record:
    """One address: the remote object it owns, what was last sent for it and what came back.

    `applied` is desired as it was last sent (symbols with ids and digests), `seen` the provider's
    answer as `diff.view` shows it (server-owned fields out, secrets as digests): the baseline for
    drift. `attributes` are what references and later reads need of the answer (`id`, `toolId`).
    `masked` are path patterns at which this object was found to hold a secret. `residual` are paths
    that were cleared and read back unchanged. Both payloads are JSON.
    """

    address: str
    kind: str
    remote_id: str
    name: str | None = None
    applied: Payload = field(default_factory=dict)
    seen: Payload = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    prevent_destroy: bool = False
    on_remove: str = "delete"
    labels: Mapping[str, str] = field(default_factory=dict)
    masked: tuple[str, ...] = ()
    residual: tuple[Path, ...] = ()
    ignore: tuple[str, ...] = ()  # lifecycle.ignoreChanges
    kept: tuple[Path, ...] = ()  # conflicts that live won: not sent until the files' value moves again
    # Whose removal is still owed after a create-first replacement was cut short.
    replaced: tuple[str, ...] = ()
    files_digest: str = ""
    settings_digest: str = ""
    renderer: str = ""
    # The idempotency key of the change that wrote this last, and the last of its steps that is done.
    key: str = ""
    step: int = 0

    @cached_property
    def applied_symbols(self) -> Payload:
        """`applied` with its symbols brought back."""
        symbols: Payload = from_json(self.applied)
        return symbols

    @cached_property
    def applied_fingerprint(self) -> str:
        return fingerprint(self.applied)

    @cached_property
    def seen_fingerprint(self) -> str:
        return fingerprint(self.seen)

    @cached_property
    def seen_symbols(self) -> Payload:
        symbols: Payload = from_json(self.seen)
        return symbols

    @cached_property
    def targets(self) -> frozenset[str]:
        """The addresses that this one refers to."""
        held = {symbol.address for _, symbol in symbols(self.applied_symbols) if isinstance(symbol, Ref)}
        return frozenset({*self.depends_on, *held})

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {"address": self.address, "kind": self.kind, "remoteId": self.remote_id}
        optional = {
            "name": self.name,
            "applied": plain(self.applied),
            "seen": plain(self.seen),
            "attributes": dict(self.attributes),
            "dependsOn": list(self.depends_on),
            "preventDestroy": self.prevent_destroy,
            "onRemove": self.on_remove if self.on_remove != "delete" else None,
            "labels": dict(self.labels),
            "masked": list(self.masked),
            "residual": [list(path) for path in self.residual],
            "ignore": list(self.ignore),
            "kept": [list(path) for path in self.kept],
            "replaced": list(self.replaced),
            "filesDigest": self.files_digest,
            "settingsDigest": self.settings_digest,
            "renderer": self.renderer,
            "key": self.key,
            "step": self.step,
        }
        out.update({key: value for key, value in optional.items() if value})
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Record:
        """KeyError, TypeError or AttributeError where the data is no record."""
        return cls(
            address=data["address"],
            kind=data["kind"],
            remote_id=data["remoteId"],
            name=data.get("name"),
            applied=data.get("applied", {}),
            seen=data.get("seen", {}),
            attributes=data.get("attributes", {}),
            depends_on=tuple(data.get("dependsOn", ())),
            prevent_destroy=data.get("preventDestroy", False),
            on_remove=data.get("onRemove", "delete"),
            labels=data.get("labels", {}),
            masked=tuple(data.get("masked", ())),
            residual=tuple(tuple(path) for path in data.get("residual", ())),
            ignore=tuple(data.get("ignore", ())),
            kept=tuple(tuple(path) for path in data.get("kept", ())),
            replaced=tuple(data.get("replaced", ())),
            files_digest=data.get("filesDigest", ""),
            settings_digest=data.get("settingsDigest", ""),
            renderer=data.get("renderer", ""),
            key=data.get("key", ""),
            step=data.get("step", 0),
        )

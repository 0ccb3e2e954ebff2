"""Environments: what each one adds to the documents, and where it lives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from callsheet.model.address import Address
from callsheet.model.document import Origin
from callsheet.model.paths import ABSENT, get
from callsheet.model.value import Path, Secret, Text, Value
from callsheet.spec.source import FileSource


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """Where an environment's organisation is. `type` is empty where no provider is named."""

    type: str = ""
    base_url: str | None = None
    api_key: str | Secret | Text | None = field(default=None, repr=False)
    options: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Retention:
    """How long exports stay: the newest `keep`, and whatever is not older than `days` days."""

    keep: int = 50
    days: int = 90


@dataclass(frozen=True, slots=True)
class AcknowledgedDrift:
    """Drift that `owner` answers for up to and including `until`."""

    address: Address
    owner: str
    until: date
    path: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment, its section merged over the defaults.

    `settings` is what `${settings.x}` names, as the file gives it; `fills` is what assistants that leave
    it unset are given. `rate_limit` None means unlimited (or not said), which is not 0.
    """

    name: str
    default: bool = False
    pinned: bool = True
    promotes_from: str | None = None
    provider: ProviderSettings = field(default_factory=ProviderSettings)
    state: Mapping[str, Value] = field(default_factory=lambda: {"backend": "file"})
    exports: Retention = field(default_factory=Retention)
    model: Mapping[str, Value] | None = None
    temperature: float | None = None
    voice: Mapping[str, Value] | None = None
    transcriber: Mapping[str, Value] | None = None
    language: str | None = None
    prompt_source: str = "local"
    logging: str | None = None
    rate_limit: int | None = None
    feature_flags: Mapping[str, Value] = field(default_factory=dict)
    params: Mapping[str, Value] = field(default_factory=dict)
    variables: Mapping[str, Value] = field(default_factory=dict)
    settings: Mapping[str, Value] = field(default_factory=dict)
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    secrets: str = "secrets://env/{NAME}"
    # Who may apply what, and when: checked, with shorthands written out. Empty where nothing is protected,
    # None where what the file says of it is wrong.
    protection: Mapping[str, Value] | None = field(default_factory=dict)
    release: Value = None
    acknowledged_drift: tuple[AcknowledgedDrift, ...] = ()
    pins: Mapping[str, str] = field(default_factory=dict)
    source: FileSource = field(default_factory=lambda: FileSource("environments.yaml"), repr=False)
    section: Mapping[str, Value] = field(default_factory=dict, repr=False)
    # What the file says for all environments: `defaults`, `state` and `exports`.
    shared: Mapping[str, Value] = field(default_factory=dict, repr=False)

    def origin(self, path: Path) -> Origin:
        """Where the value at `path` of the section comes from: the section, the defaults, or what stands
        above both; of what is nowhere, where it would belong."""
        places = (
            (self.section, ("environments", self.name)),
            (self.shared.get("defaults"), ("defaults",)),
            ({key: value for key, value in self.shared.items() if key != "defaults"}, ()),
        )
        for length in range(len(path), 0, -1):
            for value, start in places:
                if isinstance(value, Mapping) and get(dict(value), path[:length]) is not ABSENT:
                    return Origin(self.source, 0, (*start, *path[:length]))
        return Origin(self.source, 0, ("environments", self.name))

    @property
    def fills(self) -> dict[str, Value]:
        """What fills the unset fields of an assistant's spec."""
        out: dict[str, Value] = {
            key: dict(value)
            for key, value in (
                ("model", self.model),
                ("voice", self.voice),
                ("transcriber", self.transcriber),
            )
            if value
        }
        if self.temperature is not None:
            out["model"] = {"temperature": self.temperature, **out.get("model", {})}
        if self.language is not None:
            out["language"] = self.language
        if self.logging is not None:
            out["logging"] = self.logging
        return out


@dataclass(frozen=True, slots=True)
class Environments:
    """All of `environments.yaml`. `prompts` holds the pins: prompt → environment → version or `latest`."""

    app: str
    owner: str | None
    environments: Mapping[str, Environment]
    prompts: Mapping[str, Mapping[str, str]]
    default_environment: str | None
    source: FileSource = field(repr=False)

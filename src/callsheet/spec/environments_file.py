"""`environments.yaml` to `Environments`, with everything that is wrong in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from callsheet.model.address import Address, is_name
from callsheet.model.diagnostics import Diagnostic, error, has_errors, nearest, warning
from callsheet.model.value import Path, Text, Value
from callsheet.spec.base_urls import broken_base_url
from callsheet.spec.environments import (
    AcknowledgedDrift,
    Environment,
    Environments,
    ProviderSettings,
    Retention,
)
from callsheet.spec.placeholders import Expander, Scope
from callsheet.spec.protection import problems as protection_problems
from callsheet.spec.protection import settled
from callsheet.spec.sections import EnvironmentSection, EnvironmentsFile
from callsheet.spec.semver import is_version
from callsheet.spec.shapes import SPECS
from callsheet.spec.source import FileSource
from callsheet.spec.typed import Problem, check, judge

FILE = "environments.yaml"
DEFAULT_NAMES = ("dev", "development")
_SETTINGS = (
    "model", "temperature", "voice", "transcriber", "language",
    "promptSource", "logging", "rateLimit", "featureFlags",
)  # fmt: skip
# Overrides hold document text, in which placeholders are replaced later; `secrets` is a template.
_UNEXPANDED = ("overrides", "secrets", "acknowledgedDrift")
_EXPORTS = "For example exports: {keep: 50, days: 90}; both are whole numbers."
_TEMPLATE = re.compile(r"secrets://[a-z][a-z0-9-]*/[^\s]*\{(?:name|NAME)\}[^\s]*")


class EnvironmentsReader:
    """Reads one file; `diagnostics` fills as it goes."""

    def __init__(self, source: FileSource, folder: str) -> None:
        self._source = source
        self._folder = folder
        self._shared: dict[str, Value] = {}
        self.diagnostics: list[Diagnostic] = []

    def read(self, documents: list[Value]) -> Environments | None:
        """The environments, or None where the file is too broken to say."""
        if len(documents) != 1 or not isinstance(documents[0], dict):
            summary = "the file must hold one mapping with the key 'environments'"
            self.diagnostics.append(error("spec.environments", summary, place=self._source.place(0, ())))
            return None
        value, problems = check(EnvironmentsFile, documents[0])
        self._note(problems)
        sections = value.get("environments")
        if problems or not isinstance(sections, dict):
            return None
        defaults = value.get("defaults") or {}
        self._shared = {
            key: value[key] for key in ("defaults", "state", "exports") if value.get(key) is not None
        }
        pins = value.get("prompts") or {}
        chosen = self._default(sections)
        environments = {
            name: self._environment(name, section or {}, defaults, pins, chosen)
            for name, section in sections.items()
        }
        self._promotions(environments)
        self._pins(pins, environments, chosen)
        return Environments(
            app=value.get("app") or self._folder,
            owner=value.get("owner"),
            environments=environments,
            prompts=pins,
            default_environment=chosen,
            source=self._source,
        )

    def _default(self, sections: Mapping[str, Any]) -> str | None:
        for name in sections:
            if not is_name(name):
                summary = f"{name!r} is no name for an environment: a-z, 0-9 and inner hyphens"
                self._error(("environments", name), "spec.environment-name", summary, key=True)
        marked = [name for name, section in sections.items() if section and section.get("default")]
        for name in marked[1:]:
            summary = f"{marked[0]} is the default environment already"
            self._error(("environments", name, "default"), "spec.default-environment", summary)
        named = [name for name in DEFAULT_NAMES if name in sections]
        candidates = marked or [name for name in named if (sections[name] or {}).get("default") is not False]
        return candidates[0] if candidates else None

    def _environment(
        self,
        name: str,
        section: Mapping[str, Any],
        defaults: Mapping[str, Any],
        pins: Mapping[str, Mapping[str, str]],
        chosen: str | None,
    ) -> Environment:
        merged = self._expanded(name, section, _layered(defaults, section))
        provider = merged.get("provider") or {}
        default = name == chosen
        if default and section.get("pinned"):
            summary = f"{name} is the default environment and follows the working tree: it cannot be pinned"
            self._error(("environments", name, "pinned"), "spec.default-environment", summary)
        api_key = provider.get("apiKey")
        base_url = provider.get("baseUrl")
        if isinstance(api_key, str) and not str(base_url or "").startswith("sandbox:"):
            place = self._origin(section, name, ("provider", "apiKey"))
            hint = "Write secrets://env/NAME or another secrets:// reference."
            self.diagnostics.append(
                warning("spec.plain-secret", f"the API key of {name} stands in the file", hint=hint,
                        detail="Whoever reads the repository has it.", place=place)
            )  # fmt: skip
        if isinstance(base_url, str) and (problem := broken_base_url(base_url)):
            self._found(section, name, problem.path, problem)
        own_state = merged.get("state") or self._shared.get("state") or {"backend": "file"}
        retention = _given(self._shared.get("exports")) | _given(merged.get("exports"))
        return Environment(
            name=name,
            default=default,
            pinned=not default if section.get("pinned") is None else bool(section["pinned"]),
            promotes_from=section.get("promotesFrom"),
            provider=ProviderSettings(
                provider.get("type") or "", base_url, api_key, provider.get("options") or {}
            ),
            state=own_state,
            exports=Retention(**retention),
            model=_choice(merged.get("model"), "model"),
            temperature=merged.get("temperature"),
            voice=_choice(merged.get("voice"), "voiceId"),
            transcriber=merged.get("transcriber"),
            language=merged.get("language"),
            prompt_source=merged.get("promptSource") or "local",
            logging=merged.get("logging"),
            rate_limit=merged.get("rateLimit"),
            feature_flags=merged.get("featureFlags") or {},
            params=merged.get("params") or {},
            variables=merged.get("variables") or {},
            settings={key: merged[key] for key in _SETTINGS if key in merged},
            overrides=self._overrides(name, section.get("overrides") or {}),
            secrets=self._template(name, section, merged.get("secrets")),
            protection=self._protection(name, section, merged.get("protection")),
            release=section.get("release"),
            acknowledged_drift=self._acknowledged(name, merged.get("acknowledgedDrift") or []),
            pins={prompt: chosen[name] for prompt, chosen in pins.items() if name in chosen},
            source=self._source,
            section=section,
            shared=self._shared,
        )

    def _expanded(self, name: str, section: Mapping[str, Any], merged: dict[str, Any]) -> dict[str, Any]:
        expander = Expander(Scope(f"environments.yaml ({name})", {"env": {"name": name}}))
        plain = {key: item for key, item in merged.items() if key not in _UNEXPANDED}
        expanded = expander.expand(plain)
        if isinstance(template := merged.get("secrets"), str):
            expanded = {**expanded, "secrets": expander.text(template, ("secrets",), whole=False)}
        for fault in expander.faults:
            path = self._path(section, name, fault.path)
            place = self._source.place_within(0, path, fault.needle)
            hint = fault.hint if fault.code == "spec.secret" else (
                "Here only ${env.name} and ${secrets://…} are replaced; for a literal ${ write $${."
            )  # fmt: skip
            self.diagnostics.append(error(fault.code, fault.summary, hint=hint, place=place))
        if expanded is not plain and not expander.faults:
            shape = EnvironmentSection
            for problem in judge(shape, expanded):
                summary = f"{problem.summary} in {name}"
                self._found(section, name, problem.path, replace(problem, summary=summary))
        return {**merged, **expanded}

    def _protection(self, name: str, section: Mapping[str, Any], value: Value) -> Mapping[str, Value] | None:
        found = list(protection_problems(value))
        for problem in found:
            self._found(section, name, ("protection", *problem.path), problem)
        # After an error, what is left may have any shape.
        return None if has_errors(self.diagnostics) else settled(value or {})

    def _template(self, name: str, section: Mapping[str, Any], template: Value) -> str:
        if template is None:
            return "secrets://env/{NAME}"
        if not isinstance(template, str) or not _TEMPLATE.fullmatch(template):
            self.diagnostics.append(
                error(
                    "spec.secret",
                    "secrets must be a reference with {name} or {NAME} in it",
                    hint="For example secrets://vault/kv/voice/{name}#token or secrets://env/{NAME}.",
                    place=self._origin(section, name, ("secrets",)),
                )
            )
            return ""
        return template

    def _overrides(self, name: str, overrides: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        for key, patch in overrides.items():
            path = ("environments", name, "overrides", key)
            kind, slash, target = key.partition("/")
            if not slash or not (target == "*" or is_name(target)):
                summary = f"{key!r} names no documents; write Kind/name or Kind/*"
                self._error(path, "spec.override", summary, key=True)
            elif kind not in SPECS:
                self._error(
                    path, "spec.unknown-kind", f"there is no kind {kind}", nearest(kind, SPECS), key=True
                )
            if "name" in ((patch or {}).get("metadata") or {}):
                self._error(
                    (*path, "metadata", "name"), "spec.override", "an override cannot rename a document"
                )
        return {key: patch or {} for key, patch in overrides.items()}

    def _acknowledged(self, name: str, entries: list[Mapping[str, Any]]) -> tuple[AcknowledgedDrift, ...]:
        out = []
        for index, entry in enumerate(entries):
            path = ("environments", name, "acknowledgedDrift", index)
            try:
                until = date.fromisoformat(entry["until"])
            except ValueError:
                self._error(
                    (*path, "until"), "spec.value", f"{entry['until']!r} is no date", "Write YYYY-MM-DD."
                )
                continue
            try:
                address = Address.parse(entry["address"])
            except ValueError as problem:
                self._error((*path, "address"), "spec.value", str(problem))
                continue
            reason = entry.get("reason") or ""
            out.append(AcknowledgedDrift(address, entry["owner"], until, entry.get("path"), reason))
        return tuple(out)

    def _promotions(self, environments: Mapping[str, Environment]) -> None:
        for name, environment in environments.items():
            path = ("environments", name, "promotesFrom")
            start = environment.promotes_from
            if start is None:
                continue
            if start not in environments:
                self._error(path, "spec.unknown-environment", f"there is no environment {start!r}",
                            nearest(start, environments))  # fmt: skip
                continue
            if environment.default:
                self._error(
                    path, "spec.promotion", f"{name} is the default environment and takes no releases"
                )
            seen = {name}
            step: str | None = start
            while step is not None and step in environments and step not in seen:
                seen.add(step)
                step = environments[step].promotes_from
            if step == name:
                self._error(path, "spec.promotion", f"{name} would be promoted from itself")

    def _pins(
        self,
        pins: Mapping[str, Mapping[str, str]],
        environments: Mapping[str, Environment],
        default: str | None,
    ) -> None:
        for prompt, chosen in pins.items():
            for name, version in chosen.items():
                path = ("prompts", prompt, name)
                if name not in environments:
                    self._error(path, "spec.unknown-environment", f"there is no environment {name!r}",
                                nearest(name, environments), key=True)  # fmt: skip
                elif version == "latest" and name != default:
                    self._error(
                        path, "spec.latest", f"{name} cannot follow the latest version of a prompt",
                        "Pin a version, or leave the line out: then the release decides. "
                        "Only the default environment follows.",
                    )  # fmt: skip
                elif version != "latest" and not is_version(version):
                    self._error(path, "spec.version", f"{version!r} is no version", "Write 2.3.0 or latest.")

    def _path(self, section: Mapping[str, Any], name: str, path: Path) -> Path:
        return Environment(name, source=self._source, section=section, shared=self._shared).origin(path).path

    def _origin(self, section: Mapping[str, Any], name: str, path: Path) -> Any:
        return self._source.place(0, self._path(section, name, path))

    def _found(self, section: Mapping[str, Any], name: str, path: Path, problem: Any) -> None:
        place = self._origin(section, name, path)
        self.diagnostics.append(error(problem.code, problem.summary, hint=problem.hint, place=place))

    def _note(self, problems: list[Problem]) -> None:
        for problem in problems:
            hint = problem.hint or (_EXPORTS if "exports" in problem.path[:3] else "")
            self._error(problem.path, problem.code, problem.summary, hint, key=problem.key)

    def _error(self, path: Path, code: str, summary: str, hint: str = "", *, key: bool = False) -> None:
        place = self._source.key_place(0, path) if key else self._source.place(0, path)
        self.diagnostics.append(error(code, summary, hint=hint, place=place))


def _layered(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings merged at every level; unlike in a merge patch, null is a value (`rateLimit: null`)."""
    out = dict(below)
    for key, item in above.items():
        base = out.get(key)
        out[key] = _layered(base, item) if isinstance(base, dict) and isinstance(item, dict) else item
    return out


def _given(section: Value) -> dict[str, Any]:
    """What a section says, without its nulls."""
    return {key: item for key, item in (section or {}).items() if item is not None}


def _choice(value: Value, key: str) -> Mapping[str, Value] | None:
    if isinstance(value, str | Text):
        return {key: value}
    return value if isinstance(value, dict) else None

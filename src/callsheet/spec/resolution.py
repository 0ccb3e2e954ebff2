"""One declaration in one environment: fills, policies, overrides, placeholders, files, symbols."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from callsheet.model.canonical import digest, fingerprint
from callsheet.model.document import Document, Lifecycle, Origin
from callsheet.model.value import Path, Payload, Value
from callsheet.spec import policies
from callsheet.spec.context import Context
from callsheet.spec.declarations import Declaration
from callsheet.spec.envelope import Envelope
from callsheet.spec.lowering import Lowering
from callsheet.spec.merge import Layered
from callsheet.spec.native import pick, pick_in
from callsheet.spec.portable import Shape
from callsheet.spec.rules import broken_rules
from callsheet.spec.shapes import spec_shape
from callsheet.spec.typed import Problem, canonical, judge

# What a plain text in the place of a mapping means.
_SHORT = {"model": "model", "voice": "voiceId"}
# Fields that mean something together only: who serves it, and which one.
_TOGETHER = {
    "model": ("provider", "model"),
    "voice": ("provider", "voiceId"),
    "transcriber": ("provider", "model"),
}
# The parts of a document in which placeholders are replaced.
_EXPANDED = ("metadata", "spec", "lifecycle")
_VERBATIM = frozenset({"native", "schema", "overrides"})


@dataclass(slots=True)
class _Parts:
    """What the digests of a document are made of, and whether links to other resources were seen."""

    files: dict[str, Value] = field(default_factory=dict)
    settings: dict[str, Value] = field(default_factory=dict)
    linked: bool = False

    def add(self, other: _Parts) -> None:
        self.files |= other.files
        self.settings |= other.settings
        self.linked = self.linked or other.linked


@dataclass(frozen=True, slots=True)
class _Layer:
    """One contribution with its placeholders replaced. `broken`: what is wrong was reported; `faulty` are
    the paths at which a placeholder could not be replaced."""

    layered: Layered
    parts: _Parts
    broken: bool
    faulty: frozenset[Path] = frozenset()


@dataclass(frozen=True, slots=True)
class Resolved:
    """A document; where it is not `whole`, what is left of it is good only for finding more mistakes."""

    document: Document
    whole: bool


class Resolution:
    """Resolves the documents of one rendering; what is wrong goes into the context's diagnostics.

    Every layer has its placeholders replaced before it is merged, so that a parameter may stand for a
    mapping that other layers add to.
    """

    def __init__(self, context: Context, external_kinds: Collection[str]) -> None:
        self._context = context
        self._external_kinds = external_kinds
        self._policies: dict[str, _Layer] = {}
        self._patches: dict[tuple[str, type[Shape]], _Layer] = {}

    def document(self, declaration: Declaration) -> Resolved:
        """The document as a catalogue wants it; not whole, with diagnostics, where something is wrong.

        Whatever is wrong, the rest is looked at too, so that everything is told at once.
        """
        context, address = self._context, str(declaration.address)
        layer = self._base(declaration)
        layered, parts = layer.layered, layer.parts
        overrides = self._overrides(declaration)
        patched = [(key, patch) for key, patch in overrides if not patch.broken]
        whole = not layer.broken and len(patched) == len(overrides)
        if declaration.address.kind == "Assistant":
            self._fill(layered, parts.settings)
        self._override(layered, patched, parts)
        if declaration.address.kind == "Assistant":
            merged, unbroken = self._mix_in(layered, parts, address, layer.faulty)
            whole = whole and unbroken
            if merged:
                self._override(layered, patched, parts)
        layered.value = {**layered.value, "spec": _without_null(layered.value["spec"])}
        if problems := _judged(layered.value):
            whole = False
            # A patch that is broken may be what the document lacks.
            if len(patched) == len(overrides):
                context.report(layered, _own(problems, layer.faulty), address)
            _take_out(layered, problems)
        lowering = Lowering(
            context,
            layered,
            address,
            self._external_kinds,
            parts.linked,
            parts.files,
            parts.settings,
            layer.faulty,
        )
        lowering.run(declaration.address.kind)
        spec, origins = layered.value["spec"], layered.origins
        if not whole or lowering.failed:
            return Resolved(Document(declaration.address, spec, origins=origins), False)
        metadata = layered.value["metadata"]
        document = Document(
            address=declaration.address,
            spec=spec,
            description=metadata.get("description") or "",
            labels=metadata.get("labels") or {},
            lifecycle=_lifecycle(layered.value.get("lifecycle") or {}),
            origins=origins,
            files_digest=fingerprint(parts.files),
            settings_digest=fingerprint(parts.settings),
        )
        return Resolved(document, True)

    def _base(self, declaration: Declaration) -> _Layer:
        """The document's own layer."""
        layered = Layered(declaration.value, declaration.origin())
        problems = pick_in(layered, self._context.provider)
        self._context.report(layered, problems, str(declaration.address))
        layer = self._expanded(layered, str(declaration.address), bool(problems))
        layer.parts.files["document"] = declaration.digest
        if declaration.address.kind == "Assistant":
            layered.value = {**layered.value, "spec": _lengthened(layered.value["spec"])}
        return layer

    def _expanded(self, layered: Layered, address: str, broken: bool) -> _Layer:
        """The layer with its placeholders replaced, in place."""
        expander = self._context.expander()
        changeable = {key: layered.value[key] for key in _EXPANDED if layered.value.get(key)}
        layered.value = {**layered.value, **expander.expand(changeable)}
        faulty = self._context.faults(layered, expander, address)
        files: dict[str, Value] = {
            f"file:{path}": digest(content.encode()) for path, content in expander.files.items()
        }
        return _Layer(layered, _Parts(files, expander.used, expander.linked), broken or bool(faulty), faulty)

    def _fill(self, layered: Layered, settings: dict[str, Value]) -> None:
        environment = self._context.environment
        fills = environment.fills
        if not fills:
            return
        spec = layered.value["spec"]
        for key, together in _TOGETHER.items():
            own = spec.get(key)
            if isinstance(own, dict) and key in fills and any(own.get(part) is not None for part in together):
                fills[key] = {part: item for part, item in fills[key].items() if part not in together}
        for path in layered.fill(("spec",), fills, partial(_fill_origin, self._context)):
            value: Value = fills
            for step in path:
                value = value[step]
            settings[f"fill.{'.'.join(map(str, path))}"] = value

    def _overrides(self, declaration: Declaration) -> list[tuple[str, _Layer]]:
        """The environment's patches on a document: on its kind first, then on itself."""
        found: list[tuple[str, _Layer]] = []
        kind, overrides = declaration.address.kind, self._context.environment.overrides
        for key in (f"{kind}/*", str(declaration.address)):
            if key in overrides:
                given = overrides[key].get("spec") or {}
                shape = spec_shape(kind, {"type": declaration.spec.get("type"), **given})
                if (key, shape) not in self._patches:
                    self._patches[key, shape] = self._patch(key, kind, shape)
                found.append((key, self._patches[key, shape]))
        return found

    def _patch(self, key: str, kind: str, shape: type[Shape]) -> _Layer:
        given = self._context.environment.overrides[key]
        origin = _override_origin(self._context, key, ())
        problems: list[Problem] = []
        # A whole spec or metadata that is null would leave nothing to speak of.
        plain = {part: item for part, item in given.items() if item is not None or part == "lifecycle"}
        patch = canonical(Envelope, plain, problems)
        if "spec" in patch:
            spec = canonical(shape, patch["spec"], problems, ("spec",))
            if "native" in spec:
                native, _, more = pick(spec["native"], self._context.provider)
                problems += more
                spec = {**spec, "native": native}
            patch = {**patch, "spec": spec}
        layered = Layered(patch, origin)
        self._context.report(layered, problems, "")
        layer = self._expanded(layered, "", bool(problems))
        if kind == "Assistant" and "spec" in layered.value:
            layered.value = {**layered.value, "spec": _lengthened(layered.value["spec"])}
        return layer

    def _override(self, layered: Layered, overrides: list[tuple[str, _Layer]], parts: _Parts) -> None:
        for key, layer in overrides:
            patch = layer.layered.value
            layered.patch((), patch, partial(_override_origin, self._context, key))
            parts.add(layer.parts)
            parts.settings[f"override.{key}"] = patch

    def _mix_in(
        self, layered: Layered, parts: _Parts, address: str, faulty: Collection[Path]
    ) -> tuple[bool, bool]:
        """Merge the policies that the document names; whether there were any, and whether all are good."""
        named = policies.named(layered.value["spec"])
        broken = False
        for path, entry in named:
            found = None if path in faulty else policies.find(self._context.project, entry, path)
            if isinstance(found, Problem):
                self._context.report(layered, [found], address)
            if not isinstance(found, Declaration):
                broken = True
                continue
            policy = self._policy(found)
            broken = broken or policy.broken
            if not policy.broken:
                policies.mix_in(layered, policy.layered)
                parts.add(policy.parts)
        return bool(named), not broken

    def _policy(self, declaration: Declaration) -> _Layer:
        """A policy with the environment's patches on it; resolved once."""
        name = declaration.address.name
        if name not in self._policies:
            base = self._base(declaration)
            base.parts.files[f"policy:{name}"] = base.parts.files.pop("document")
            overrides = self._overrides(declaration)
            broken = base.broken or any(patch.broken for _, patch in overrides)
            if not broken:
                self._override(base.layered, overrides, base.parts)
                problems = _judged(base.layered.value)
                self._context.report(base.layered, problems, str(declaration.address))
                broken = bool(problems)
            self._policies[name] = _Layer(base.layered, base.parts, broken)
        return self._policies[name]


def _judged(value: Payload) -> list[Problem]:
    spec = value["spec"]
    found = judge(Envelope, value) + judge(spec_shape(value["kind"], spec), spec, ("spec",))
    return found or broken_rules(value)


def _own(problems: list[Problem], faulty: Collection[Path]) -> list[Problem]:
    """The problems that do not merely follow from a placeholder that was not replaced."""
    return [
        problem
        for problem in problems
        if not any(
            problem.path[: len(path)] == path or path[: len(problem.path)] == problem.path for path in faulty
        )
    ]


def _take_out(layered: Layered, problems: list[Problem]) -> None:
    """Take the fields out of a spec that are not what the following steps count on."""
    for problem in problems:
        if problem.path[:1] == ("spec",) and len(problem.path) > 1:
            layered.remove(problem.path[:2])
    if not isinstance(layered.value["spec"], dict):
        layered.put(("spec",), {})


def _fill_origin(context: Context, path: Path) -> Origin:
    environment = context.environment
    # `temperature` stands beside `model` in the environment's section, and below it in a document.
    if path == ("model", "temperature") and "temperature" not in (environment.model or {}):
        path = ("temperature",)
    return environment.origin(path)


def _override_origin(context: Context, key: str, path: Path) -> Origin:
    environment = context.environment
    return Origin(environment.source, 0, ("environments", environment.name, "overrides", key, *path))


def _lengthened(spec: Payload) -> Payload:
    """Plain texts in the places of mappings, as mappings."""
    for key, meant in _SHORT.items():
        if isinstance(spec.get(key), str):
            spec = {**spec, key: {meant: spec[key]}}
    return spec


def _without_null(value: Value) -> Value:
    """Portable fields that are null are not set. What belongs to the provider keeps its nulls."""
    if isinstance(value, dict):
        out: Payload | None = None
        for key, item in value.items():
            if key in _VERBATIM:
                continue
            if item is None:
                out = dict(value) if out is None else out
                del out[key]
            elif isinstance(item, dict | list) and (new := _without_null(item)) is not item:
                out = dict(value) if out is None else out
                out[key] = new
        return value if out is None else out
    if isinstance(value, list):
        items = [_without_null(item) for item in value]
        return value if all(new is item for new, item in zip(items, value, strict=True)) else items
    return value


def _lifecycle(value: Mapping[str, Any]) -> Lifecycle:
    return Lifecycle(
        prevent_destroy=value.get("preventDestroy"),
        on_remove=value.get("onRemove") or "delete",
        ignore_changes=tuple(value.get("ignoreChanges") or ()),
        moved_from=value.get("movedFrom"),
    )

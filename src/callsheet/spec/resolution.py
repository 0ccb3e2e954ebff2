"""One declaration in one environment: fills, policies, overrides, placeholders, files, symbols."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from callsheet.model.canonical import digest, fingerprint
from callsheet.model.document import Document, Lifecycle, Origin
from callsheet.model.value import Path, Payload, Value
from callsheet.spec import policies
from callsheet.spec.context import Context
from callsheet.spec.declarations import Declaration
from callsheet.spec.envelope import Envelope
from callsheet.spec.links import is_link
from callsheet.spec.lowering import Lowering
from callsheet.spec.merge import Layered
from callsheet.spec.native import pick, pick_in
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
_VERBATIM = frozenset({"native", "schema", "overrides"})


class Resolution:
    """Resolves the documents of one rendering; what is wrong goes into the context's diagnostics."""

    def __init__(self, context: Context, external_kinds: Collection[str]) -> None:
        self._context = context
        self._external_kinds = external_kinds
        self._policies: dict[str, tuple[Layered, dict[str, Value]]] = {}

    def document(self, declaration: Declaration) -> Document | None:
        """The document as a catalogue wants it, or None with diagnostics."""
        context, address = self._context, str(declaration.address)
        layered = Layered(declaration.value, declaration.origin())
        files: dict[str, Value] = {"document": declaration.digest}
        settings: dict[str, Value] = {}
        problems = pick_in(layered, context.provider)
        _lengthen(layered)
        if declaration.address.kind == "Assistant":
            self._fill(layered, settings)
        overrides = self._overrides(declaration)
        self._override(layered, overrides, settings)
        if declaration.address.kind == "Assistant" and self._mix_in(layered, files, settings, problems):
            self._override(layered, overrides, settings)
        if problems:
            context.report(layered, problems, address)
            return None
        expander = context.expander()
        expanded = expander.expand(_expandable(layered.value))
        if context.faults(layered, expander, address):
            return None
        spec = _without_null(expanded["spec"])
        if declaration.address.kind == "Assistant":
            spec = _hoisted(spec)
        layered.value = {**layered.value, **expanded, "spec": spec}
        problems = self._judged(layered.value)
        if problems:
            context.report(layered, problems, address)
            return None
        lowering = Lowering(context, layered, address, self._external_kinds, expander.linked, files, settings)
        settings |= expander.used
        files |= {f"file:{path}": digest(content.encode()) for path, content in expander.files.items()}
        lowering.run(declaration.address.kind)
        if lowering.failed:
            return None
        metadata = layered.value["metadata"]
        return Document(
            address=declaration.address,
            spec=layered.value["spec"],
            description=metadata.get("description") or "",
            labels=metadata.get("labels") or {},
            lifecycle=_lifecycle(layered.value.get("lifecycle") or {}),
            origins=layered.origins,
            files_digest=fingerprint(files),
            settings_digest=fingerprint(settings),
        )

    def _judged(self, value: Payload) -> list[Problem]:
        spec = value["spec"]
        found = judge(Envelope, value) + judge(spec_shape(value["kind"], spec), spec, ("spec",))
        return found or broken_rules(value)

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

    def _overrides(self, declaration: Declaration) -> list[tuple[str, Mapping[str, Any]]]:
        """The environment's patches on a document: on its kind first, then on itself."""
        found: list[tuple[str, Mapping[str, Any]]] = []
        environment = self._context.environment
        for key in (f"{declaration.address.kind}/*", str(declaration.address)):
            if key not in environment.overrides:
                continue
            wrong: list[Problem] = []
            given = environment.overrides[key]
            # A whole spec or metadata that is null would leave nothing to speak of.
            plain = {part: item for part, item in given.items() if item is not None or part == "lifecycle"}
            patch = canonical(Envelope, plain, wrong)
            if isinstance(patch.get("spec"), dict):
                kept = {"type": declaration.spec.get("type")}
                shape = spec_shape(declaration.address.kind, {**kept, **patch["spec"]})
                spec = canonical(shape, patch["spec"], wrong, ("spec",))
                native, _, more = pick(spec.get("native"), self._context.provider)
                wrong += more
                if "native" in spec:
                    spec = {**spec, "native": native}
                patch = {**patch, "spec": _lengthened(spec)}
            for problem in wrong:
                origin = _override_origin(self._context, key, problem.path)
                self._context.error(origin, problem, "")
            found.append((key, patch))
        return found

    def _override(
        self, layered: Layered, overrides: list[tuple[str, Mapping[str, Any]]], settings: dict[str, Value]
    ) -> None:
        for key, patch in overrides:
            layered.patch((), dict(patch), partial(_override_origin, self._context, key))
            settings[f"override.{key}"] = dict(patch)

    def _mix_in(
        self, layered: Layered, files: dict[str, Value], settings: dict[str, Value], problems: list[Problem]
    ) -> bool:
        """Merge the policies that the document names; whether there were any."""
        spec = layered.value["spec"]
        expander = self._context.expander()
        naming = expander.expand({key: spec[key] for key in policies.NAMING if key in spec}, ("spec",))
        if expander.faults:
            return False  # reported with all others when the whole document is expanded
        settings |= expander.used
        named = policies.named(naming)
        for path, entry in named:
            found = policies.find(self._context.project, entry, path)
            if isinstance(found, Problem):
                problems.append(found)
                continue
            policy, contributed = self._policy(found)
            policies.mix_in(layered, policy)
            files[f"policy:{found.address.name}"] = found.digest
            settings |= contributed
        return bool(named)

    def _policy(self, declaration: Declaration) -> tuple[Layered, dict[str, Value]]:
        name = declaration.address.name
        if name not in self._policies:
            layered = Layered(declaration.value, declaration.origin())
            settings: dict[str, Value] = {}
            problems = pick_in(layered, self._context.provider)
            _lengthen(layered)
            self._override(layered, self._overrides(declaration), settings)
            self._context.report(layered, problems, str(declaration.address))
            self._policies[name] = (layered, settings)
        return self._policies[name]


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
    for key, field in _SHORT.items():
        if isinstance(spec.get(key), str):
            spec = {**spec, key: {field: spec[key]}}
    return spec


def _hoisted(spec: Payload) -> Payload:
    """`model: ${params.model}` was taken for a name; where the parameter is a mapping, it is the model."""
    for key, field in _SHORT.items():
        outer = spec.get(key)
        if isinstance(outer, dict) and isinstance(inner := outer.get(field), dict) and not is_link(inner):
            spec = {**spec, key: {**{part: item for part, item in outer.items() if part != field}, **inner}}
    return spec


def _lengthen(layered: Layered) -> None:
    if layered.value["kind"] == "Assistant":
        layered.value = {**layered.value, "spec": _lengthened(layered.value["spec"])}


def _expandable(value: Payload) -> Payload:
    out: Payload = {"spec": value["spec"], "metadata": value["metadata"]}
    if value.get("lifecycle"):
        out["lifecycle"] = value["lifecycle"]
    return out


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

"""`validate`: are the files right, for one environment or for all? Asks nobody and writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from callsheet.model.diagnostics import Diagnostic, Severity, has_errors, nearest
from callsheet.model.errors import DONE, ERROR, CallsheetError, SpecError
from callsheet.model.resource import Resource
from callsheet.operations.loading import DEFAULT_PROVIDER
from callsheet.providers.registry import catalogue, vendor_check
from callsheet.releases.wanted import wanted
from callsheet.spec.environments import Environment
from callsheet.spec.project import Broken, Project, load
from callsheet.spec.render import render


@dataclass(frozen=True, slots=True)
class Validated:
    """What was found, each finding once; `resources` counts per environment that could be rendered."""

    environments: tuple[str, ...]
    resources: dict[str, int]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def exit_code(self) -> int:
        return ERROR if has_errors(self.diagnostics) else DONE

    def to_json(self) -> dict[str, Any]:
        return {
            "environments": [
                {"name": name, "resources": self.resources.get(name)} for name in self.environments
            ],
            "valid": not has_errors(self.diagnostics),
            "diagnostics": [each.to_json() for each in self.diagnostics],
        }


def validate(root: Path, environment: str | None = None, vendor_schema: Path | None = None) -> Validated:
    """Load the project and render it; everything that is wrong is in the result.

    With `vendor_schema`, every body that would create a resource is held against that document.
    """
    try:
        project = load(root)
    except Broken as cause:
        if cause.project is None:
            return Validated((), {}, cause.diagnostics)
        project = cause.project
    chosen = _chosen(project, environment)
    found: dict[Diagnostic, list[str]] = {each: [] for each in project.diagnostics}
    counts: dict[str, int] = {}
    checks: dict[str, Callable[[Resource], Sequence[Diagnostic]]] = {}
    for each in chosen:
        provider = each.provider.type or DEFAULT_PROVIDER
        try:
            wanted(each)
            estate = render(project, each, catalogue(provider))
            diagnostics = [*estate.diagnostics]
            if not has_errors(project.diagnostics):
                counts[each.name] = len(estate.resources)
            if vendor_schema is not None:
                if provider not in checks:
                    checks[provider] = vendor_check(provider, vendor_schema)
                for resource in estate.resources.values():
                    diagnostics += checks[provider](resource)
        except SpecError as cause:
            diagnostics = [*cause.diagnostics]
        for diagnostic in diagnostics:
            found.setdefault(diagnostic, []).append(each.name)
    return Validated(
        tuple(each.name for each in chosen),
        counts,
        tuple(_attributed(each, names, chosen) for each, names in found.items()),
    )


def _chosen(project: Project, name: str | None) -> list[Environment]:
    known = project.environments.environments
    if name is None:
        return list(known.values())
    if name not in known:
        raise CallsheetError(
            f"there is no environment {name!r}",
            detail=f"environments.yaml has: {', '.join(known)}.",
            hint=nearest(name, known),
            code="environment.unknown",
        )
    return [known[name]]


def _attributed(each: Diagnostic, names: list[str], chosen: Sequence[Environment]) -> Diagnostic:
    """The finding, with the environments that it holds for where those are not all."""
    if not names or len(names) == len(chosen) or each.severity is Severity.NOTE:
        return each
    said = f"Only in {', '.join(names)}."
    return replace(each, detail=f"{each.detail}\n{said}" if each.detail else said)

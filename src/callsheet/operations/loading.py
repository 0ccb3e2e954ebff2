"""Loading a project for one environment: where files are wrong, everything that is wrong at once."""

from __future__ import annotations

from pathlib import Path

from callsheet.model.errors import SpecError
from callsheet.providers.registry import catalogue
from callsheet.spec.project import Broken, Project, in_order, load
from callsheet.spec.render import render

DEFAULT_PROVIDER = "vapi"


def readable(root: Path) -> Project:
    """The project as far as its files can be read. SpecError where environments.yaml is wrong."""
    try:
        return load(root)
    except Broken as cause:
        if cause.project is None:
            raise
        return cause.project


def load_for(root: Path, environment: str | None) -> Project:
    """The project. SpecError with what is wrong in its files and, beyond that, in the environment (by
    default the default one)."""
    try:
        return load(root)
    except Broken as cause:
        found = list(cause.diagnostics)
        if cause.project is not None:
            environments = cause.project.environments
            chosen = environments.environments.get(environment or environments.default_environment or "")
            if chosen is not None:
                try:
                    render(cause.project, chosen, catalogue(chosen.provider.type or DEFAULT_PROVIDER))
                except SpecError as more:
                    found += more.diagnostics
    raise SpecError(diagnostics=in_order(found))

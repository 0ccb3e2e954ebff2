"""Loading a project for one environment: where files are wrong, everything that is wrong at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from callsheet.model.errors import SpecError
from callsheet.providers.registry import catalogue
from callsheet.spec.project import Broken, Project, in_order, load
from callsheet.spec.render import render

DEFAULT_PROVIDER = "vapi"


@dataclass(frozen=True, slots=True)
class Loaded:
    """The working tree: what can be read of it, and what is wrong with the rest, if anything is."""

    readable: Project
    broken: Broken | None = None

    def right(self, environment: str | None) -> Project:
        """The project. SpecError with what is wrong in its files and, beyond that, in the environment (by
        default the default one)."""
        if self.broken is None:
            return self.readable
        found = list(self.broken.diagnostics)
        environments = self.readable.environments
        chosen = environments.environments.get(environment or environments.default_environment or "")
        if chosen is not None:
            try:
                render(self.readable, chosen, catalogue(chosen.provider.type or DEFAULT_PROVIDER))
            except SpecError as more:
                found += more.diagnostics
        raise SpecError(diagnostics=in_order(found))


def attempt(root: Path) -> Loaded:
    """The project as far as its files can be read. SpecError where environments.yaml is wrong."""
    try:
        return Loaded(load(root))
    except Broken as cause:
        if cause.project is None:
            raise
        return Loaded(cause.project, cause)

"""One rendering: a project, one of its environments, and what is found wrong on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from callsheet.model.diagnostics import Diagnostic, Place, error, warning
from callsheet.model.document import Origin
from callsheet.model.value import Path
from callsheet.spec.contents import Contents
from callsheet.spec.environments import Environment
from callsheet.spec.merge import Layered
from callsheet.spec.placeholders import Expander, Scope
from callsheet.spec.project import Project
from callsheet.spec.source import FileSource
from callsheet.spec.typed import Problem

Fetch = Callable[[str], bytes]


@dataclass(slots=True)
class Context:
    """What the steps of a rendering share. `provider` is the catalogue's name."""

    project: Project
    environment: Environment
    provider: str
    contents: Contents
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def expander(self) -> Expander:
        environment = self.environment
        spaces = {
            "params": environment.params,
            "settings": environment.settings,
            "variables": environment.variables,
            "env": {"name": environment.name},
        }
        return Expander(Scope(f"environment {environment.name}", spaces, self.project.read_text))

    def report(self, layered: Layered, problems: list[Problem], address: str) -> None:
        """Problems of a document under construction, each at the place that the value came from."""
        for problem in problems:
            self.error(layered.origin(problem.path), problem, address)

    def error(self, origin: Origin, problem: Problem, address: str) -> None:
        self.diagnostics.append(
            error(
                problem.code,
                problem.summary,
                hint=problem.hint,
                place=origin.place(),
                address=address or None,
            )
        )

    def faults(self, layered: Layered, expander: Expander, address: str) -> frozenset[Path]:
        """Report what placeholders did wrong; the paths where they did."""
        for severity, faults in ((error, expander.faults), (warning, expander.doubts)):
            for fault in faults:
                place = _within(layered.origin(fault.path), fault.needle)
                self.diagnostics.append(
                    severity(fault.code, fault.summary, hint=fault.hint, place=place, address=address or None)
                )
        return frozenset(fault.path for fault in expander.faults)


def _within(origin: Origin, needle: str) -> Place:
    if isinstance(origin.source, FileSource):
        return origin.source.place_within(origin.document, origin.path, needle)
    return origin.place()

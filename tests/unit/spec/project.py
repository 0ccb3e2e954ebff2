"""Small projects in a temporary folder, and what loading and rendering them finds wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from callsheet.model.diagnostics import Diagnostic
from callsheet.model.errors import SpecError
from callsheet.spec.project import Project, load
from callsheet.spec.render import Estate, render
from unit.spec.catalogue import FakeCatalogue

ENVIRONMENTS = "environments:\n  dev: {}\n"
ASSISTANT = "kind: Assistant\nmetadata: {name: a}\nspec:\n"
TOOL = (
    "kind: Tool\nmetadata: {name: t}\nspec:\n  type: http\n  endpoint: https://x.example\n"
    "  operations:\n    - {name: go, method: GET, path: /x}\n"
)
Files = Mapping[str, str | bytes]


def write(root: Path, files: Files) -> Path:
    """The files, with an environments.yaml of one environment where none is given."""
    for path, content in {"environments.yaml": ENVIRONMENTS, **files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def assistant(body: str, name: str = "a") -> str:
    """An Assistant whose spec is `body`, each line indented by two."""
    return ASSISTANT.replace("name: a", f"name: {name}") + "".join(f"  {line}\n" for line in body.split("\n"))


def rendered(
    root: Path, environment: str = "dev", fetch: Callable[[str], bytes] | None = None
) -> tuple[Project, Estate]:
    project = load(root)
    chosen = project.environments.environments[environment]
    return project, render(project, chosen, FakeCatalogue(), fetch=fetch)


def findings(root: Path) -> tuple[Diagnostic, ...]:
    """What is wrong with a project, in its first environment."""
    try:
        project = load(root)
        rendered(root, next(iter(project.environments.environments)))
    except SpecError as problem:
        return problem.diagnostics
    return ()


@dataclass(frozen=True)
class Case:
    """Bad input, and the findings that it must give, one a line:
    code | place | part of the summary | part of the hint."""

    name: str
    files: Files
    expected: str

    def check(self, root: Path) -> None:
        found = findings(write(root, self.files))
        shown = "\n".join(f"{item.code} | {item.place} | {item.summary} | {item.hint}" for item in found)
        wanted = self.expected.split("\n")
        assert len(found) == len(wanted), shown
        for item, line in zip(found, wanted, strict=True):
            code, place, summary, hint = (part.strip() for part in line.split("|"))
            assert (item.code, str(item.place)) == (code, place), shown
            assert summary in item.summary, shown
            assert hint in item.hint, shown

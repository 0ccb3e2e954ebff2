"""Which text of a prompt an environment uses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from callsheet.model.diagnostics import Diagnostic, nearest
from callsheet.model.document import Origin
from callsheet.spec.environments import Environment, Environments
from callsheet.spec.files import FileProblem
from callsheet.spec.project import Project
from callsheet.spec.prompts import FOLDER, Prompt, Prompts
from callsheet.spec.semver import is_version

_NAME = re.compile(r"[A-Za-z0-9_][\w.-]*(/[A-Za-z0-9_][\w.-]*)*", re.ASCII)
# Which statuses an environment takes, by its promptSource. Retired versions are for nobody.
_TAKES = {
    "local": ("draft", "active"),
    "library:draft": ("draft", "active"),
    "library:active": ("active",),
}


class NoPrompt(Exception):
    """A prompt that the environment cannot have. `origin` is given where another place than the reference
    is to blame (the pin); `name` is the prompt of the library that was looked for."""

    def __init__(
        self, code: str, summary: str, hint: str = "", origin: Origin | None = None, name: str = ""
    ) -> None:
        super().__init__(summary)
        self.code, self.summary, self.hint, self.origin, self.name = code, summary, hint, origin, name


@dataclass(frozen=True, slots=True)
class Chosen:
    """A prompt, and the environment's part in the choice."""

    prompt: Prompt
    settings: Mapping[str, str]


def used_prompts(project: Project, environment: Environment) -> dict[str, str]:
    """The version of each prompt of the library that an environment uses, where it may use any."""
    chooser = Chooser(project.prompts, project.environments, environment)
    found: dict[str, str] = {}
    for name in sorted(project.prompts.library):
        try:
            chosen = chooser.choose(name, [])
        except NoPrompt:
            continue
        if chosen is not None:
            found[name] = str(chosen.prompt.version or "local")
    return found


@dataclass(frozen=True, slots=True)
class Chooser:
    """Chooses for one environment.

    An explicit version in the reference counts before the pin, the pin before what promptSource finds:
    `local` prefers the local file, then the highest version; the library's sources take the highest
    version of an allowed status.
    """

    prompts: Prompts
    environments: Environments
    environment: Environment

    def choose(self, reference: str, diagnostics: list[Diagnostic]) -> Chosen | None:
        """The prompt that `reference` (a path or a name) means; NoPrompt, or None with diagnostics."""
        name = self._name(reference)
        if name is None:
            return self._file(reference, reference, {}, diagnostics)
        folder, _, last = name.rpartition("/")
        if folder in self.prompts.library and is_version(last):
            return Chosen(self._version(folder, last, None), {})
        pin = self.environment.pins.get(name)
        source = self.environment.prompt_source
        settings = {"promptSource": source, **({"pin": pin} if pin else {})}
        if pin is not None and pin != "latest":
            return Chosen(self._version(name, pin, self._pin_origin(name)), settings)
        if source == "local" and name in self.prompts.local:
            return self._file(self.prompts.local[name], name, settings, diagnostics)
        allowed = [item for item in self.prompts.library.get(name, ()) if item.status in _TAKES[source]]
        if allowed:
            return Chosen(allowed[-1], settings)
        raise self._none(name, source)

    def _name(self, reference: str) -> str | None:
        """The prompt's name, or None for a file that is no prompt of the library."""
        name = reference.removeprefix("./")
        if name.startswith(FOLDER):
            name = name.removeprefix(FOLDER).removesuffix(".md")
        elif name.endswith(".md"):
            return None
        return name if _NAME.fullmatch(name) else None

    def _file(
        self, path: str, name: str, settings: Mapping[str, str], diagnostics: list[Diagnostic]
    ) -> Chosen | None:
        try:
            prompt = self.prompts.plain(path, name, diagnostics)
        except FileProblem as problem:
            raise NoPrompt(problem.code, problem.summary, problem.hint) from None
        if prompt is not None and prompt.status == "retired":
            raise NoPrompt("spec.prompt-status", f"{path} is retired", "Choose another prompt.")
        return Chosen(prompt, settings) if prompt is not None else None

    def _version(self, name: str, version: str, origin: Origin | None) -> Prompt:
        versions = self.prompts.library.get(name, ())
        found = next((item for item in versions if str(item.version) == version), None)
        if found is None:
            known = ", ".join(str(item.version) for item in versions)
            hint = f"There is {known}." if known else f"It would be {FOLDER}{name}/{version}.md."
            summary = f"there is no version {version} of prompt {name}"
            raise NoPrompt("spec.unknown-prompt", summary, hint, origin, name)
        takes = _TAKES[self.environment.prompt_source]
        if found.status not in takes:
            wants = f"{self.environment.name} takes {' or '.join(takes)}"
            summary = f"version {version} of prompt {name} is {found.status}; {wants}"
            hint = "Pin another version, or change the status when the prompt is approved."
            raise NoPrompt("spec.prompt-status", summary, hint, origin)
        return found

    def _none(self, name: str, source: str) -> NoPrompt:
        where = self.environment.name
        if name in self.prompts.library:
            known = ", ".join(f"{item.version} ({item.status})" for item in self.prompts.library[name])
            summary = f"no version of prompt {name} may be used in {where}, which takes {source}"
            return NoPrompt("spec.prompt-status", summary, f"There is {known}.", name=name)
        if name in self.prompts.local:
            summary = f"prompt {name} has no versions, and {where} takes {source} only"
            hint = f"Add {FOLDER}{name}/1.0.0.md with its status."
            return NoPrompt("spec.prompt-status", summary, hint)
        hint = nearest(name, self.prompts.names()).replace("mean ", f"mean {FOLDER}").replace("?", ".md?")
        return NoPrompt("spec.unknown-prompt", f"there is no prompt {FOLDER}{name}.md", hint, name=name)

    def _pin_origin(self, name: str) -> Origin:
        return Origin(self.environments.source, 0, ("prompts", name, self.environment.name))

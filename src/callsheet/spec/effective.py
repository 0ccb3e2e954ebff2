"""What an application loads at start-up: the settings of its environment, and the prompts it uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from callsheet.model.diagnostics import Diagnostic, Place, error
from callsheet.model.document import Origin
from callsheet.model.errors import SpecError
from callsheet.model.value import Path, Text, Value
from callsheet.spec.contents import Contents
from callsheet.spec.context import Context
from callsheet.spec.environments import Environment
from callsheet.spec.merge import Layered
from callsheet.spec.project import Project, in_order
from callsheet.spec.prompt_choice import Chooser, NoPrompt


@dataclass(frozen=True, slots=True)
class EffectivePrompt:
    """A prompt as one environment uses it, placeholders replaced. `version` is None for a local file."""

    name: str
    version: str | None
    status: str | None
    path: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Effective:
    """Settings as in the file (camelCase); params and variables may hold secret references."""

    environment: str
    settings: Mapping[str, Value]
    params: Mapping[str, Value]
    variables: Mapping[str, Value]
    prompts: Mapping[str, EffectivePrompt]


def effective(project: Project, environment: Environment, prompt: str | None = None) -> Effective:
    """What holds in the environment; with `prompt`, of the prompts that one only.

    SpecError where a prompt that is asked for, or pinned, cannot be had. Without a pin, prompts that the
    environment may not use are left out.
    """
    diagnostics: list[Diagnostic] = []
    known = project.prompts.names() | set(environment.pins)
    prompts: dict[str, EffectivePrompt] = {}
    for name in sorted(known) if prompt is None else [prompt]:
        asked = prompt is not None or name in environment.pins
        found = _prompt(project, environment, name, asked, diagnostics)
        if found is not None:
            prompts[name] = found
    if diagnostics:
        raise SpecError(diagnostics=in_order(diagnostics))
    return Effective(
        environment.name, environment.settings, environment.params, environment.variables, prompts
    )


def _prompt(
    project: Project, environment: Environment, name: str, asked: bool, diagnostics: list[Diagnostic]
) -> EffectivePrompt | None:
    path: Path = ("prompts", name, environment.name)
    pin = Origin(project.environments.source, 0, path)
    try:
        chosen = Chooser(project.prompts, project.environments, environment).choose(name, diagnostics)
    except NoPrompt as problem:
        if asked:
            place: Place | None = (problem.origin or pin).place() if name in environment.pins else None
            diagnostics.append(error(problem.code, problem.summary, hint=problem.hint, place=place))
        return None
    if chosen is None:
        return None
    context = Context(project, environment, "", Contents(project.files, None), diagnostics)
    expander = context.expander()
    text = expander.text(chosen.prompt.text, whole=False)
    context.faults(Layered({}, Origin(chosen.prompt.source, 0, ())), expander, "")
    if isinstance(text, Text):
        summary = f"prompt {name} holds a secret, which the model may repeat"
        diagnostics.append(error("spec.type", summary, place=chosen.prompt.source.place(0, ())))
    if not isinstance(text, str):
        return None
    version = str(chosen.prompt.version) if chosen.prompt.version is not None else None
    return EffectivePrompt(name, version, chosen.prompt.status, chosen.prompt.path, text)

"""From the fields that files have to the fields that a catalogue gets: what is named becomes what it is."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from callsheet.model.canonical import digest
from callsheet.model.document import Origin
from callsheet.model.value import Path, Payload, Secret, Value
from callsheet.spec.context import Context
from callsheet.spec.files import FileProblem
from callsheet.spec.links import Linker
from callsheet.spec.merge import Layered
from callsheet.spec.naming import constant
from callsheet.spec.prompt_choice import Chooser, NoPrompt
from callsheet.spec.schema_files import read_schema
from callsheet.spec.source import BODY, FileSource
from callsheet.spec.typed import Problem

_SECRET_NAME = re.compile(r"secrets/([A-Za-z0-9][A-Za-z0-9._-]*)")
_CONSUMED = ("systemPromptRef", "policies", "safetyPolicyRef")


def named_secret(reference: str, template: str) -> Secret | None:
    """What `secrets/NAME` stands for by the environment's template; None where it is no such name."""
    named = _SECRET_NAME.fullmatch(reference)
    if named is None:
        return None
    return Secret(template.replace("{name}", named[1]).replace("{NAME}", constant(named[1])))


@dataclass(slots=True)
class Lowering:
    """One document on its last steps. `linked` says whether it holds links to other resources; `files` and
    `settings` collect what its digests are made of; `failed` tells that something could not be had. At
    the `faulty` paths stands a placeholder that could not be replaced, which was reported."""

    context: Context
    layered: Layered
    address: str
    external_kinds: Collection[str]
    linked: bool
    files: dict[str, Value] = field(default_factory=dict)
    settings: dict[str, Value] = field(default_factory=dict)
    faulty: Collection[Path] = ()
    failed: bool = False

    def run(self, kind: str) -> None:
        """Read what the document names, and turn the links that were seen into symbols."""
        spec = self.layered.value["spec"]
        if kind == "Assistant":
            self._assistant(spec)
        elif kind == "Tool" and spec.get("type") == "http":
            self._http_tool(spec)
        elif kind == "KnowledgeBase":
            self._knowledge_base(spec)
        elif kind == "File":
            self._file(spec)
        if not self.linked:
            return
        linker = Linker(self.external_kinds)
        linked = linker.link(self.layered.value["spec"], ("spec",))
        self.layered.value = {**self.layered.value, "spec": linked}
        self._report(linker.problems)

    def _assistant(self, spec: Payload) -> None:
        reference = spec.get("systemPromptRef")
        for key in _CONSUMED:
            if key in spec and key != "systemPromptRef":
                self.layered.remove(("spec", key))
        if reference is None or ("spec", "systemPromptRef") in self.faulty:
            return
        origin = self.layered.origin(("spec", "systemPromptRef"))
        self.layered.remove(("spec", "systemPromptRef"))
        project = self.context.project
        chooser = Chooser(project.prompts, project.environments, self.context.environment)
        try:
            chosen = chooser.choose(reference, self.context.diagnostics)
        except NoPrompt as problem:
            if problem.name in project.prompts.failed:
                self.failed = True
                return
            found = Problem((), problem.code, problem.summary, problem.hint)
            self._fail(problem.origin or origin, found)
            return
        if chosen is None:
            self.failed = True
            return
        prompt = chosen.prompt
        self.layered.put(BODY, prompt.text, Origin(prompt.source, 0, ()))
        expander = self.context.expander()
        text = expander.text(prompt.text, BODY, whole=False)
        self.layered.put(BODY, text, Origin(prompt.source, 0, ()))
        if self.context.faults(self.layered, expander, self.address):
            self.failed = True
        elif not isinstance(text, str):
            summary = "a secret cannot stand in a prompt: the model may repeat it to the caller"
            self._fail(self.layered.origin(BODY), Problem(BODY, "spec.type", summary))
        self.files["prompt"] = {**project.prompts.fingerprints(prompt.name)}
        if prompt.version is None:
            self.files["prompt file"] = prompt.digest
        self.settings.update(expander.used)
        self.settings |= {f"prompt.{key}": value for key, value in chosen.settings.items()}
        if prompt.version is not None:
            self.settings["prompt.version"] = str(prompt.version)
        self.files |= {f"file:{path}": digest(content.encode()) for path, content in expander.files.items()}

    def _http_tool(self, spec: Payload) -> None:
        if "authRef" in spec and ("spec", "authRef") not in self.faulty:
            origin = self.layered.origin(("spec", "authRef"))
            reference = spec["authRef"]
            self.layered.remove(("spec", "authRef"))
            self.layered.put(("spec", "auth"), self._secret(reference, origin), origin)
        operations: list[dict[str, Any]] = []
        schemas: dict[Path, Origin] = {}
        for index, operation in enumerate(spec.get("operations") or ()):
            path: Path = ("spec", "operations", index)
            reference = operation.get("schemaRef")
            if reference and (*path, "schemaRef") not in self.faulty:
                origin = self.layered.origin((*path, "schemaRef"))
                operation = {key: item for key, item in operation.items() if key != "schemaRef"}
                try:
                    schema = read_schema(self.context.project, reference)
                except FileProblem as problem:
                    self._fail(origin, Problem((), problem.code, problem.summary, problem.hint))
                    continue
                operation["schema"] = schema
                text = self.context.project.read_text(reference)
                file = self.context.project.shown + self.context.project.files.resolve(reference)
                schemas[*path, "schema"] = Origin(FileSource(file, "", 0, text, 1), 0, ())
                self.files[f"schema:{reference}"] = digest(text.encode())
            operations.append(operation)
        if schemas:
            at: Path = ("spec", "operations")
            kept = {path: origin for path, origin in self.layered.origins.items() if path[:2] == at}
            self.layered.put(at, operations, self.layered.origin(at))
            self.layered.origins.update(kept | schemas)

    def _secret(self, reference: Value, origin: Origin) -> Value:
        if not isinstance(reference, str):
            return reference
        named = named_secret(reference, self.context.environment.secrets)
        if not named:
            hint = "Write secrets/NAME, secrets://RESOLVER/… or {external: Credential/NAME}."
            self._fail(origin, Problem((), "spec.secret", "authRef is no reference to a secret", hint))
            return None
        self.settings["secrets"] = self.context.environment.secrets
        return named

    def _knowledge_base(self, spec: Payload) -> None:
        documents = []
        seen: dict[str, int] = {}
        for index, entry in enumerate(spec.get("documents") or ()):
            path: Path = ("spec", "documents", index)
            content = self._content({"path": entry} if isinstance(entry, str) else entry, path)
            if content is None:
                continue
            name = content.name
            if name in seen or re.search(r"[\[\]]", name):
                why = "is taken by another document" if name in seen else "has brackets"
                hint = "Give the document a name of its own: {path: …, name: …}."
                self._fail(
                    self.layered.origin(path), Problem(path, "spec.rule", f"the name {name!r} {why}", hint)
                )
            seen[name] = index
            documents.append({"content": content, "name": name})
        if "documents" in spec:
            self.layered.put(("spec", "documents"), documents, self.layered.origin(("spec", "documents")))

    def _file(self, spec: Payload) -> None:
        content = self._content(spec, ("spec",))
        origins = [self.layered.origin(("spec", key)) for key in ("path", "url") if key in spec]
        for key in ("path", "url", "sha256"):
            self.layered.remove(("spec", key))
        if content is not None:
            self.layered.put(("spec", "content"), content, origins[0])

    def _content(self, entry: Payload, path: Path) -> Any:
        contents, name = self.context.contents, entry.get("name") if len(path) > 1 else None
        given = "path" if entry.get("path") is not None else "url"
        if path in self.faulty or (*path, given) in self.faulty or given not in entry:
            self.failed = True
            return None
        try:
            if given == "path":
                content = contents.file(entry["path"], name)
            else:
                content = contents.download(entry["url"], name, entry.get("sha256"))
        except FileProblem as problem:
            self._fail(
                self.layered.origin((*path, given)), Problem((), problem.code, problem.summary, problem.hint)
            )
            return None
        self.files[f"content:{entry[given]}"] = content.sha256
        return content

    def _report(self, problems: list[Problem]) -> None:
        for problem in problems:
            self._fail(self.layered.origin(problem.path), problem)

    def _fail(self, origin: Origin, problem: Problem) -> None:
        self.failed = True
        self.context.error(origin, problem, self.address)

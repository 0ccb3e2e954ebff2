"""Declarations: documents as the files say them, before any environment."""

from __future__ import annotations

from dataclasses import dataclass, field

from callsheet.model.address import Address, is_name
from callsheet.model.canonical import fingerprint
from callsheet.model.diagnostics import Diagnostic, error, nearest, warning
from callsheet.model.document import Origin
from callsheet.model.value import Path, Payload, Value
from callsheet.spec.envelope import Envelope
from callsheet.spec.findings import Malformed
from callsheet.spec.markdown import split
from callsheet.spec.naming import camel
from callsheet.spec.reader import decode, parse
from callsheet.spec.rules import broken_rules
from callsheet.spec.shapes import SPECS, NativeToolSpec, spec_shape
from callsheet.spec.source import BODY, FileSource
from callsheet.spec.typed import Problem, check

_NO_KIND = (
    f"One of {', '.join(SPECS)}. YAML that is no document belongs under prompts/, schemas/ or transcripts/, "
    "or is named by a KnowledgeBase or File."
)


@dataclass(frozen=True, slots=True)
class Declaration:
    """One document of one file: known keys in camelCase, placeholders and references as written."""

    address: Address
    value: Payload
    source: FileSource = field(repr=False)
    index: int
    digest: str

    @property
    def spec(self) -> Payload:
        spec: Payload = self.value["spec"]
        return spec

    def origin(self, path: Path = ()) -> Origin:
        return Origin(self.source, self.index, path)


@dataclass(slots=True)
class FileReader:
    """Reads files into declarations; `diagnostics` fills as it goes.

    `failed` are documents that were recognised but are wrong, by file; `unread` the files in which there
    may be documents that nobody knows by name.
    """

    declarations: list[Declaration] = field(default_factory=list)
    failed: dict[Address, str] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def yaml(self, file: str, data: bytes) -> None:
        try:
            text = decode(data)
        except Malformed as problem:
            self.diagnostics.append(problem.finding.diagnostic(file))
            self.unread.add(file)
            return
        source = FileSource(file, text)
        documents = self._parsed(source)
        if documents is not None and all(value is None for value in documents):
            hint = "Remove the file if nothing is meant to be in it."
            place = source.place(0, ())
            self.diagnostics.append(
                warning("spec.empty-file", "the file holds no document", hint=hint, place=place)
            )
        for index, value in enumerate(documents or ()):
            if value is not None:
                self._declare(source, index, value)

    def markdown(self, file: str, data: bytes, *, assistants: bool) -> None:
        """A Markdown file; without `assistants` it counts only where its front matter has a kind."""
        # Markdown that is no document may hold anything; it is looked at no further than needed.
        if not assistants and not data.startswith(b"---"):
            return
        try:
            text = decode(data)
            parts = split(text)
        except Malformed as problem:
            if assistants:
                self.diagnostics.append(problem.finding.diagnostic(file))
                self.unread.add(file)
            return
        source = FileSource(file, parts.header or "", 1, parts.body, parts.body_line)
        if parts.header is None:
            hint = "Begin it with --- and kind, metadata and spec, and another --- above the system prompt."
            self._error("spec.front-matter", "the file has no front matter", hint, source, 0, ("kind",))
            return
        if not assistants and "kind" not in parts.header:
            return
        documents = self._parsed(source)
        if documents is None:
            return
        value = documents[0] if documents else None
        if len(documents) > 1:
            self._error("spec.front-matter", "front matter is one document", "", source, 1, ())
        elif isinstance(value, dict) and _has_prompt(value):
            summary = "the system prompt is the body of this file"
            hint = "Take systemPrompt and systemPromptRef out of the front matter, or make it a YAML file."
            self._error("spec.front-matter", summary, hint, source, 0, ("spec",))
        elif isinstance(value, dict) and value.get("kind", "Assistant") != "Assistant":
            summary = "a Markdown document is an Assistant: its body is the system prompt"
            self._error("spec.front-matter", summary, "Write other kinds as YAML.", source, 0, ("kind",))
        elif isinstance(value, dict) and (assistants or "kind" in value):
            self._declare(source, 0, _with_body(value, parts.body))
        elif assistants:
            self._error("spec.document", "front matter is a mapping", "", source, 0, ())

    def _parsed(self, source: FileSource) -> list[Value] | None:
        parsed = parse(source.text)
        self.diagnostics += [
            finding.diagnostic(source.file, source.first_line) for finding in parsed.findings
        ]
        if parsed.findings:
            self.unread.add(source.file)
        return None if parsed.findings else parsed.values

    def _declare(self, source: FileSource, index: int, value: Value) -> None:
        if not isinstance(value, dict):
            hint = "It needs kind, metadata and spec."
            self._error("spec.document", "a document is a mapping", hint, source, index, ())
            return
        kind = value.get("kind")
        if not isinstance(kind, str) or kind not in SPECS:
            self._bad_kind(source, index, value)
            return
        document, problems = check(Envelope, value, deferred=2)
        document.setdefault("spec", {})
        if document["spec"] is None:
            document["spec"] = {}
        if isinstance(document["spec"], dict):
            shape = spec_shape(kind, document["spec"])
            document["spec"], found = check(shape, document["spec"], ("spec",), deferred=1)
            problems += map(_tool_hint, found) if shape is NativeToolSpec else found
        if not problems:
            problems += broken_rules(document)
        if not problems and "${" in document["metadata"]["name"]:
            summary = "metadata.name is the same in every environment and holds no placeholder"
            problems.append(Problem(("metadata", "name"), "spec.value", summary, "Write a plain slug."))
        if problems:
            for problem in problems:
                self._problem(problem, source, index)
            self._failed(kind, document, source)
            return
        address = Address(kind, document["metadata"]["name"])
        declaration = Declaration(address, document, source, index, fingerprint(document))
        self.declarations.append(declaration)

    def _failed(self, kind: str, document: Payload, source: FileSource) -> None:
        metadata = document.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        if isinstance(name, str) and is_name(name):
            self.failed[Address(kind, name)] = source.file
        else:
            self.unread.add(source.file)

    def _bad_kind(self, source: FileSource, index: int, value: dict[str, Value]) -> None:
        kind = value.get("kind")
        if "kind" not in value:
            self._error("spec.missing-key", "kind is missing", _NO_KIND, source, index, ())
        elif not isinstance(kind, str):
            self._error("spec.type", "kind must be text", "", source, index, ("kind",))
        elif kind == "Environments":
            hint = "There is one such file per project, environments.yaml at its root."
            self._error(
                "spec.unknown-kind", "environments are not declared here", hint, source, index, ("kind",)
            )
        else:
            hint = nearest(kind, SPECS) or f"Known: {', '.join(SPECS)}."
            self._error("spec.unknown-kind", f"there is no kind {kind!r}", hint, source, index, ("kind",))

    def _problem(self, problem: Problem, source: FileSource, index: int) -> None:
        place = (source.key_place if problem.key else source.place)(index, problem.path)
        self.diagnostics.append(error(problem.code, problem.summary, hint=problem.hint, place=place))

    def _error(self, code: str, summary: str, hint: str, source: FileSource, index: int, path: Path) -> None:
        self.diagnostics.append(error(code, summary, hint=hint, place=source.place(index, path)))
        self.unread.add(source.file)


def _with_body(value: dict[str, Value], body: str) -> dict[str, Value]:
    spec = value.get("spec")
    if spec is not None and not isinstance(spec, dict):
        return value
    return {"kind": "Assistant", **value, "spec": {**(spec or {}), BODY[1]: body}}


def _has_prompt(value: dict[str, Value]) -> bool:
    spec = value.get("spec")
    return isinstance(spec, dict) and not {"systemPrompt", "systemPromptRef"}.isdisjoint(map(camel, spec))


def _tool_hint(problem: Problem) -> Problem:
    if problem.code != "spec.unknown-key" or len(problem.path) != 2:
        return problem
    hint = "Only tools of type http have it; the provider's own fields go under native."
    return Problem(problem.path, problem.code, problem.summary, hint, problem.key)

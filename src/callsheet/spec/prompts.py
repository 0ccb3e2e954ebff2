"""Prompts: local files, and a library of versions with a status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import Field

from callsheet.model.canonical import digest
from callsheet.model.diagnostics import Diagnostic, Place, error
from callsheet.spec.files import FileProblem, Files
from callsheet.spec.findings import Malformed
from callsheet.spec.markdown import split
from callsheet.spec.portable import Shape
from callsheet.spec.reader import decode, parse
from callsheet.spec.semver import Version, is_version
from callsheet.spec.source import FileSource
from callsheet.spec.typed import Problem, check

FOLDER = "prompts/"
Status = Literal["draft", "active", "retired"]


class PromptHeader(Shape):
    """Front matter of a prompt."""

    status: Status | None = Field(None, description="Who may use it: drafts, everybody, or nobody any more.")
    version: str | None = Field(None, description="Must be the file's name, where it is given.")
    description: str | None = Field(None, description="What changed, or what it is for.")
    metadata: dict[str, Any] | None = Field(None, description="Anything else worth keeping.")


class VersionHeader(PromptHeader):
    """Front matter of a version in the library."""

    status: Status = Field(description="Who may use it: drafts, everybody, or nobody any more.")


@dataclass(frozen=True, slots=True)
class Prompt:
    """One text. `version` and `status` are None for a local file; `text` is the body, byte for byte."""

    name: str
    path: str
    text: str = field(repr=False)
    source: FileSource = field(repr=False)
    version: Version | None = None
    status: str | None = None

    @property
    def digest(self) -> str:
        return digest(self.text.encode())


@dataclass(slots=True)
class PromptFile:
    """Reads one prompt file; `diagnostics` fills as it goes."""

    files: Files
    shown: str
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def read(self, path: str, name: str, version: Version | None) -> Prompt | None:
        """The prompt, or None with diagnostics. FileProblem where the file cannot be had."""
        file = self.shown + path
        try:
            parts = split(decode(self.files.read(path)))
        except Malformed as problem:
            self.diagnostics.append(problem.finding.diagnostic(file))
            return None
        header = FileSource(file, parts.header or "", 1)
        source = FileSource(file, "", 0, parts.body, parts.body_line)
        if parts.header is None:
            if version is not None:
                hint = "Begin it with ---, status: draft (or active, or retired), and another ---."
                summary = "a version of a prompt needs front matter with its status"
                self.diagnostics.append(error("spec.prompt", summary, hint=hint, place=source.place(0, ())))
                return None
            return Prompt(name, path, parts.body, source)
        parsed = parse(parts.header)
        self.diagnostics += [finding.diagnostic(file, header.first_line) for finding in parsed.findings]
        value = parsed.values[0] if parsed.values else {}
        if parsed.findings:
            return None
        shape = PromptHeader if version is None else VersionHeader
        value, problems = check(shape, value)
        if not problems and version is not None and value.get("version", str(version)) != str(version):
            summary = f"the file is version {version}, its front matter says {value['version']}"
            problems.append(Problem(("version",), "spec.prompt", summary, "Make them agree."))
        for found in problems:
            place = (header.key_place if found.key else header.place)(0, found.path)
            self.diagnostics.append(error(found.code, found.summary, hint=found.hint, place=place))
        if problems:
            return None
        return Prompt(name, path, parts.body, source, version, value.get("status"))


@dataclass(slots=True)
class Prompts:
    """Every prompt of a project by name: `local` paths, and `library` versions, lowest first.

    `failed` names the prompts of the library with a version that could not be read.
    """

    files: Files
    shown: str
    local: dict[str, str] = field(default_factory=dict)
    library: dict[str, list[Prompt]] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    _read: dict[str, Prompt | None] = field(default_factory=dict, repr=False)

    @classmethod
    def index(cls, files: Files, shown: str, paths: list[str]) -> tuple[Prompts, list[Diagnostic]]:
        """Find the prompts among the project's paths and read the versions of the library.

        A folder that holds a version is one prompt's; any other folder is for people.
        """
        prompts = cls(files, shown)
        diagnostics: list[Diagnostic] = []
        names = {
            path: path[len(FOLDER) : -3] for path in paths if path.startswith(FOLDER) and path.endswith(".md")
        }
        versioned = {
            name.rpartition("/")[0]
            for name in names.values()
            if "/" in name and is_version(name.rpartition("/")[2])
        }
        reader = PromptFile(files, shown, diagnostics)
        for path, name in names.items():
            folder, _, last = name.rpartition("/")
            if last.lower() == "readme":
                continue
            if folder not in versioned:
                prompts.local[name] = path
                continue
            if not is_version(last):
                summary = f"{last}.md is no version, and {FOLDER}{folder}/ holds the versions of one prompt"
                hint = f"Name it like 2.3.0.md, or make it {FOLDER}{folder}.md."
                diagnostics.append(error("spec.prompt", summary, hint=hint, place=Place(shown + path, 1, 1)))
                continue
            try:
                prompt = reader.read(path, folder, Version.parse(last))
            except FileProblem as problem:
                place = Place(shown + path, 1, 1)
                diagnostics.append(error(problem.code, problem.summary, hint=problem.hint, place=place))
                prompts.failed.add(folder)
                continue
            if prompt is not None:
                prompts.library.setdefault(folder, []).append(prompt)
            else:
                prompts.failed.add(folder)
        for versions in prompts.library.values():
            versions.sort(key=lambda prompt: prompt.version or Version((0, 0, 0)))
        return prompts, diagnostics

    def names(self) -> set[str]:
        return set(self.local) | set(self.library)

    def plain(self, path: str, name: str, diagnostics: list[Diagnostic]) -> Prompt | None:
        """A file without versions; read once. FileProblem where it cannot be had."""
        if path not in self._read:
            self._read[path] = PromptFile(self.files, self.shown, diagnostics).read(path, name, None)
        return self._read[path]

    def fingerprints(self, name: str) -> Mapping[str, str]:
        """What the files say about a prompt, whichever version an environment chooses."""
        return {f"{prompt.version} {prompt.status}": prompt.digest for prompt in self.library.get(name, ())}

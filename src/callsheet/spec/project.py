"""A project on disk: found, loaded and checked as far as no environment is needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from callsheet.model.address import Address
from callsheet.model.diagnostics import Diagnostic, Place, Severity, error, has_errors, nearest, warning
from callsheet.model.errors import SpecError
from callsheet.spec.declarations import Declaration, FileReader
from callsheet.spec.environments import Environments
from callsheet.spec.environments_file import FILE, EnvironmentsReader
from callsheet.spec.files import FileProblem, Files
from callsheet.spec.findings import Malformed
from callsheet.spec.moves import broken_moves
from callsheet.spec.prompts import Prompts
from callsheet.spec.reader import decode, parse
from callsheet.spec.source import FileSource

# What these folders of the root hold is read when a document names it, and is no document itself.
DATA_FOLDERS = ("prompts/", "schemas/", "transcripts/")
ASSISTANTS = "assistants/"
_YAML = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Project:
    """Everything that the files say. `shown` is put before a path where people see it; `diagnostics`
    are warnings, for with errors a project is given only with the error that tells them (`Broken`).

    There, `failed` are the documents that are wrong, by file, and `unread` the files in which there may be
    others: what refers to them is not to blame.
    """

    root: Path
    environments: Environments
    documents: Mapping[Address, Declaration]
    prompts: Prompts
    files: Files
    shown: str = ""
    diagnostics: tuple[Diagnostic, ...] = ()
    failed: Mapping[Address, str] = field(default_factory=dict)
    unread: frozenset[str] = frozenset()
    texts: dict[str, str] = field(default_factory=dict, repr=False)

    def read_text(self, reference: str) -> str:
        """A text file of the project, read once. FileProblem where it cannot be had."""
        if reference not in self.texts:
            try:
                self.texts[reference] = decode(self.files.read(reference))
            except Malformed as problem:
                found = problem.finding
                where = f"{reference}:{found.line}:{found.column}"
                raise FileProblem(found.code, f"{where}: {found.summary}", found.hint) from None
        return self.texts[reference]


class Broken(SpecError):
    """Files are wrong; `project` is what the others say, None where no environment is known."""

    def __init__(self, diagnostics: Iterable[Diagnostic], project: Project | None) -> None:
        super().__init__(diagnostics=diagnostics)
        self.project = project


def find_root(start: Path) -> Path:
    """The folder that holds environments.yaml: `start`, its `specs`, or the same in a folder above."""
    start = start.resolve()
    for folder in (start, *start.parents):
        for candidate in (folder, folder / "specs"):
            if (candidate / FILE).is_file():
                return candidate
    raise SpecError(
        f"there is no {FILE} in {start}, in its specs folder, or in a folder above",
        code="spec.no-project",
        detail="That file marks the root of a project and says which environments there are.",
        hint="Run `callsheet init` to write one, or name the project's folder.",
    )


def load(root: Path, *, shown: str | None = None, files: Files | None = None) -> Project:
    """Read and check the project; Broken, a SpecError, with everything that is wrong.

    `files` are those at `root` unless they are given. `shown` is the prefix of paths in messages and plans;
    by default the root's name where that is `specs`, else nothing, so that plans do not depend on where a
    checkout lies.
    """
    files = files or Files(root)
    prefix = (f"{files.root.name}/" if files.root.name == "specs" else "") if shown is None else shown
    return _Loading(files, prefix).project()


class _Loading:
    def __init__(self, files: Files, shown: str) -> None:
        self._files = files
        self._shown = shown
        self._diagnostics: list[Diagnostic] = []
        self._failed: dict[Address, str] = {}
        self._unread: set[str] = set()

    def project(self) -> Project:
        environments = self._environments()
        paths: list[str] = []
        for found in self._files.walk():
            if found.problem is not None:
                self._file_problem(found.path, found.problem)
                self._unread.add(self._shown + found.path)
            else:
                paths.append(found.path)
        reader = FileReader()
        for path in paths:
            self._document(path, reader)
        declarations = self._documents(reader)
        documents = self._unique(declarations)
        prompts, found_in_prompts = Prompts.index(self._files, self._shown, paths)
        self._diagnostics += found_in_prompts
        self._moves(documents)
        if environments is not None:
            self._pins(environments, prompts)
            self._overrides(environments, documents)
            self._acknowledged(environments, documents)
        ordered = in_order(self._diagnostics)
        if environments is None:
            raise Broken(ordered, None)
        project = Project(
            self._files.root,
            environments,
            documents,
            prompts,
            self._files,
            self._shown,
            tuple(ordered),
            self._failed,
            frozenset(self._unread),
        )
        if has_errors(ordered):
            raise Broken(ordered, project)
        return project

    def _environments(self) -> Environments | None:
        try:
            text = decode(self._files.read(FILE))
        except FileProblem as problem:
            self._file_problem(FILE, problem)
            return None
        except Malformed as malformed:
            self._diagnostics.append(malformed.finding.diagnostic(self._shown + FILE))
            return None
        source = FileSource(self._shown + FILE, text)
        parsed = parse(text)
        if parsed.findings:
            self._diagnostics += [finding.diagnostic(source.file) for finding in parsed.findings]
            return None
        reader = EnvironmentsReader(source, self._files.root.name)
        environments = reader.read(parsed.values)
        self._diagnostics += reader.diagnostics
        return environments

    def _document(self, path: str, reader: FileReader) -> None:
        suffix = path[path.rfind(".") :].lower()
        if path == FILE or path.startswith(DATA_FOLDERS) or suffix not in (*_YAML, ".md"):
            return
        if suffix == ".md" and path.lower().rpartition("/")[2] == "readme.md":
            return
        try:
            data = self._files.read(path)
        except FileProblem as problem:
            self._file_problem(path, problem)
            self._unread.add(self._shown + path)
            return
        if suffix == ".md":
            reader.markdown(self._shown + path, data, assistants=path.startswith(ASSISTANTS))
        else:
            reader.yaml(self._shown + path, data)

    def _documents(self, reader: FileReader) -> list[Declaration]:
        """The declarations, without files that a document names as content: those may hold anything."""
        content = {
            self._shown + path for declaration in reader.declarations for path in _content(declaration)
        }
        self._diagnostics += [
            item for item in reader.diagnostics if item.place is None or item.place.file not in content
        ]
        self._unread |= reader.unread - content
        self._failed = {address: file for address, file in reader.failed.items() if file not in content}
        return [item for item in reader.declarations if item.source.file not in content]

    def _unique(self, declarations: Iterable[Declaration]) -> dict[Address, Declaration]:
        documents: dict[Address, Declaration] = {}
        for declaration in declarations:
            first = documents.setdefault(declaration.address, declaration)
            if first is not declaration:
                path = ("metadata", "name")
                summary = f"{declaration.address} is declared already, at {first.origin(path).place()}"
                place = declaration.origin(path).place()
                hint = "Names are unique per kind; rename one of them."
                self._diagnostics.append(error("spec.duplicate-name", summary, hint=hint, place=place))
        return dict(sorted(documents.items()))

    def _moves(self, documents: Mapping[Address, Declaration]) -> None:
        claims = []
        for address, declaration in documents.items():
            moved = (declaration.value.get("lifecycle") or {}).get("movedFrom")
            if isinstance(moved, str) and "${" not in moved:
                claims.append((address, moved, declaration.origin(("lifecycle", "movedFrom")).place()))
        if claims:
            places = {
                address: declaration.origin(("metadata", "name")).place()
                for address, declaration in documents.items()
                if any(str(address) == former for _, former, _ in claims)
            }
            self._diagnostics += broken_moves(claims, places)

    def _pins(self, environments: Environments, prompts: Prompts) -> None:
        for name in environments.prompts:
            if name not in prompts.names() | prompts.failed:
                place = environments.source.key_place(0, ("prompts", name))
                hint = nearest(name, prompts.names()) or f"It would be prompts/{name}.md or prompts/{name}/."
                summary = f"there is no prompt {name!r}; its pins have no effect"
                self._diagnostics.append(warning("spec.unknown-prompt", summary, hint=hint, place=place))

    def _overrides(self, environments: Environments, documents: Mapping[Address, Declaration]) -> None:
        if self._unread:
            return  # The document may be in a file that could not be read.
        known = {str(address) for address in (*documents, *self._failed)}
        for environment in environments.environments.values():
            for key in environment.overrides:
                if key not in known and "/" in key and not key.endswith("/*"):
                    path = ("environments", environment.name, "overrides", key)
                    place = environments.source.key_place(0, path)
                    summary = f"there is no document {key} to override"
                    self._diagnostics.append(
                        error("spec.override", summary, hint=nearest(key, known), place=place)
                    )

    def _acknowledged(self, environments: Environments, documents: Mapping[Address, Declaration]) -> None:
        if self._unread:
            return
        known = {str(address) for address in (*documents, *self._failed)}
        for environment in environments.environments.values():
            for entry in environment.acknowledged_drift:
                if str(entry.address.document) not in known:
                    summary = f"acknowledgedDrift of {environment.name}: there is no document {entry.address}"
                    self._diagnostics.append(
                        warning(
                            "spec.acknowledged-drift",
                            summary,
                            hint=nearest(str(entry.address.document), known)
                            or "Remove the entry once the resource is gone.",
                            place=environment.origin(("acknowledgedDrift",)).place(),
                        )
                    )

    def _file_problem(self, path: str, problem: FileProblem) -> None:
        place = Place(self._shown + path)
        self._diagnostics.append(error(problem.code, problem.summary, hint=problem.hint, place=place))


def _content(declaration: Declaration) -> Iterable[str]:
    spec = declaration.spec
    if declaration.address.kind == "File":
        entries = [spec]
    elif declaration.address.kind == "KnowledgeBase" and isinstance(spec.get("documents"), list):
        entries = spec["documents"]
    else:
        return
    for entry in entries:
        path = entry.get("path") if isinstance(entry, dict) else entry
        if isinstance(path, str):
            yield "/".join(step for step in path.split("/") if step not in ("", "."))


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Each finding once, by place, errors first where nothing else tells them apart."""
    found: dict[tuple[object, ...], Diagnostic] = {}
    for item in diagnostics:
        # What is wrong in a policy is found once for each document that names it.
        key = (item.place, item.severity, item.code, item.summary, None if item.place else item.address)
        known = found.setdefault(key, item)
        if known.address != item.address:
            found[key] = replace(known, address=None)
    return sorted(found.values(), key=_order)


def _order(item: Diagnostic) -> tuple[Place, bool, str, str]:
    return item.place or Place(""), item.severity is not Severity.ERROR, item.code, item.summary

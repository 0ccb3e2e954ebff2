"""A project in one environment, as the resources that a provider should hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from callsheet.model.address import Address
from callsheet.model.canonical import fingerprint
from callsheet.model.diagnostics import Diagnostic, error, has_errors, nearest, note
from callsheet.model.document import Document
from callsheet.model.errors import SpecError
from callsheet.model.forms import plain_address
from callsheet.model.kinds import Catalogue
from callsheet.model.resource import Resource
from callsheet.spec.contents import Contents
from callsheet.spec.context import Context, Fetch
from callsheet.spec.environments import Environment
from callsheet.spec.ignoring import ignored_in_lists
from callsheet.spec.moves import broken_moves
from callsheet.spec.project import Project, in_order
from callsheet.spec.references import References
from callsheet.spec.resolution import Resolution
from callsheet.spec.shapes import POLICY


@dataclass(frozen=True, slots=True)
class Estate:
    """Everything that one environment should hold, references and secrets still symbolic.

    `contents` gives the bytes of files to upload by SHA-256 (hex); SpecError where a file changed since.
    `digest` covers what the files and the environment's section contributed; `diagnostics` are warnings.
    """

    environment: Environment
    resources: Mapping[Address, Resource]
    contents: Mapping[str, Callable[[], bytes]]
    digest: str
    diagnostics: tuple[Diagnostic, ...] = field(default_factory=tuple)


def render(
    project: Project, environment: Environment, catalogue: Catalogue, *, fetch: Fetch | None = None
) -> Estate:
    """Render every document; SpecError with everything that is wrong. Equal inputs give equal estates.

    `fetch` downloads what documents name by URL; without it such contents are stand-ins, good for
    validation only.
    """
    contents = Contents(project.files, fetch)
    context = Context(project, environment, catalogue.provider, contents)
    resolution = Resolution(context, catalogue.external_kinds)
    resources: dict[Address, Resource] = {}
    stands_for: dict[Address, tuple[Address, ...]] = {}
    documents: list[Document] = []
    torn: list[Document] = []
    for address, declaration in project.documents.items():
        if address.kind == POLICY:
            continue
        if address.kind not in catalogue.kinds:
            summary = f"{catalogue.provider} has no kind {address.kind}"
            place = declaration.origin(("kind",)).place()
            hint = nearest(address.kind, catalogue.kinds) or f"It has {', '.join(sorted(catalogue.kinds))}."
            context.diagnostics.append(error("spec.unknown-kind", summary, hint=hint, place=place))
            continue
        resolved = resolution.document(declaration)
        if not resolved.whole:
            torn.append(resolved.document)
            continue
        document = resolved.document
        rendered = catalogue.render(document)
        context.diagnostics += rendered.diagnostics
        documents.append(document)
        stands_for[address] = rendered.stands_for
        for resource in rendered.resources:
            resources[resource.address] = resource
    references = References(
        catalogue.kinds,
        resources,
        stands_for,
        {**project.documents, **project.failed},
        unread=bool(project.unread),
    )
    expanded = {address: references.expanded(resource) for address, resource in resources.items()}
    told = {item.place for item in context.diagnostics}
    for document in torn:
        references.check(document, told)
    context.diagnostics += references.diagnostics
    for resource in expanded.values():
        context.diagnostics += catalogue.check(resource)
    context.diagnostics += _moves(documents)
    context.diagnostics += ignored_in_lists(expanded.values())
    context.diagnostics += [
        note("spec.not-fetched", f"{plain_address(url)} was not downloaded; its content is unknown")
        for url in contents.unfetched
    ]
    diagnostics = in_order(context.diagnostics)
    if has_errors(diagnostics):
        raise SpecError(diagnostics=diagnostics)
    return Estate(environment, expanded, contents.loaders, _digest(documents), tuple(diagnostics))


def _moves(documents: list[Document]) -> list[Diagnostic]:
    claims = [
        (document.address, document.lifecycle.moved_from, document.place(("lifecycle", "movedFrom")))
        for document in documents
        if document.lifecycle.moved_from is not None
    ]
    if not claims:
        return []
    former = {claim[1] for claim in claims}
    declared = {
        document.address: document.place(("metadata", "name"))
        for document in documents
        if str(document.address) in former
    }
    return broken_moves(claims, declared)


def _digest(documents: list[Document]) -> str:
    return fingerprint(
        [
            [str(document.address), document.files_digest, document.settings_digest]
            for document in sorted(documents, key=lambda document: document.address)
        ]
    )

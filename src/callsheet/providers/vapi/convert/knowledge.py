"""Knowledge bases and files: documents to upload, and what they are attached to."""

from __future__ import annotations

from collections.abc import Mapping

from callsheet.model.address import Address
from callsheet.model.document import Document
from callsheet.model.kinds import Rendered
from callsheet.model.resource import Resource
from callsheet.model.value import Content, Path, Ref
from callsheet.providers.vapi.convert.draft import Draft, Findings, named

KEYS = frozenset({"name", "description", "documents", "native"})
FILE_KEYS = frozenset({"name", "description", "content", "purpose", "native"})
PURPOSE = "knowledge-base-v2"


def render(document: Document) -> Rendered:
    findings, draft = Findings(document), Draft()
    spec = document.spec
    named(draft, document)
    draft.set(("description",), spec.get("description"), ("spec", "description"))
    files: dict[str, Resource] = {}
    for index, item in enumerate(spec.get("documents") or ()):
        at: Path = ("spec", "documents", index)
        if isinstance(item, Ref):
            draft.append(("fileIds",), item, at)
            continue
        if (file := _file(document, item, at, findings, taken=files)) is None:
            continue
        assert file.address.part is not None
        files[file.address.part] = file
        draft.append(("fileIds",), Ref(str(file.address)), at)
    draft.merge(spec.get("native"))
    resource = draft.resource(document.address, "KnowledgeBase", document)
    return Rendered((resource, *files.values()), (document.address,), tuple(findings.found))


def _file(
    document: Document, item: object, at: Path, findings: Findings, *, taken: Mapping[str, Resource]
) -> Resource | None:
    content = item.get("content") if isinstance(item, Mapping) else None
    if not isinstance(item, Mapping) or not isinstance(content, Content):
        findings.error("vapi.document", "a document of a knowledge base needs a file: {path} or {url}", at)
        return None
    name = item.get("name") or content.name
    if not isinstance(name, str) or not name or set(name) & set("[]/"):
        findings.error(
            "vapi.document-name",
            f"the document's name {name!r} is empty or has a slash or brackets in it",
            at,
            hint="give it a name",
        )
        return None
    if name in taken:
        findings.error(
            "vapi.document-name",
            f"two documents are called {name!r}",
            at,
            detail="Documents of a knowledge base are told apart by their names.",
            hint="give one of them a `name`",
        )
        return None
    draft = Draft()
    draft.origins[()] = at
    draft.set(("name",), name, (*at, "name") if "name" in item else at)
    draft.set(("purpose",), PURPOSE, at)
    draft.set(("content",), content, at)
    address = Address(document.address.kind, document.address.name, name)
    return draft.resource(address, "File", document)


def render_file(document: Document) -> Rendered:
    findings, draft = Findings(document), Draft()
    content = document.spec.get("content")
    named(draft, document)
    draft.set(("purpose",), document.spec.get("purpose") or "assistant", ("spec", "purpose"))
    if isinstance(content, Content):
        draft.set(("content",), content, ("spec", "content"))
    else:
        findings.error("vapi.document", "a file needs its content: spec.path or spec.url", ("spec",))
    draft.merge(document.spec.get("native"))
    resource = draft.resource(document.address, "File", document)
    return Rendered((resource,), (document.address,), tuple(findings.found))

"""From documents to Vapi's payloads. No I/O; references and secrets stay symbolic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from callsheet.model.diagnostics import nearest
from callsheet.model.document import Document
from callsheet.model.kinds import Rendered
from callsheet.providers.vapi.convert import assistant, knowledge, native, squad, tool
from callsheet.providers.vapi.convert.draft import NATIVE, Findings
from callsheet.providers.vapi.kinds import KINDS

_RENDERERS: Mapping[str, Callable[[Document], Rendered]] = {
    "Assistant": assistant.render,
    "Squad": squad.render,
    "Tool": tool.render,
    "KnowledgeBase": knowledge.render,
    "File": knowledge.render_file,
}
_KEYS: Mapping[str, frozenset[str]] = {
    "Assistant": assistant.KEYS,
    "Squad": squad.KEYS,
    "KnowledgeBase": knowledge.KEYS,
    "File": knowledge.FILE_KEYS,
}


def render(document: Document) -> Rendered:
    """The resources of one document, with everything that is wrong about it as diagnostics."""
    kind = document.address.kind
    if kind == "Policy":
        return Rendered((), ())
    findings = Findings(document)
    if kind not in KINDS:
        known = (*KINDS, "Policy")
        findings.error(
            "vapi.unknown-kind",
            f"Vapi has no kind {kind!r}",
            ("kind",),
            hint=nearest(kind, known) or f"known are: {', '.join(known)}",
        )
        return Rendered((), (), tuple(findings.found))
    _keys(document, findings)
    given = document.spec.get("native")
    if given is not None and not isinstance(given, Mapping):
        findings.error("vapi.native", "native must be a mapping", NATIVE)
        return Rendered((), (document.address,), tuple(findings.found))
    rendered = _RENDERERS.get(kind, native.render)(document)
    return replace(rendered, diagnostics=(*findings.found, *rendered.diagnostics))


def _keys(document: Document, findings: Findings) -> None:
    kind = document.address.kind
    known = _KEYS.get(kind, native.KEYS)
    if kind == "Tool":
        known = tool.HTTP_KEYS if document.spec.get("type") == "http" else tool.KEYS
    for key in document.spec:
        if key not in known:
            findings.error(
                "spec.unknown-key",
                f"spec.{key} is unknown for {kind}",
                ("spec", key),
                hint=nearest(key, known) or "what only Vapi has belongs under `native`",
            )

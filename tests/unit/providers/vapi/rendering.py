"""Rendering for tests: payloads, findings and places of one document."""

from __future__ import annotations

from typing import Any

from callsheet.model.diagnostics import Severity
from callsheet.model.kinds import Rendered
from callsheet.model.value import Path, Secret
from callsheet.providers.vapi.catalogue import VapiCatalogue
from unit.providers.documents import document

TOKEN = Secret("secrets://env/TOKEN")
GPT = {"provider": "openai", "model": "gpt-4.1"}


def render(address: str, spec: dict[str, Any], description: str = "") -> Rendered:
    return VapiCatalogue().render(document(address, spec, description))


def payload(address: str, spec: dict[str, Any], description: str = "") -> dict[str, Any]:
    rendered = render(address, spec, description)
    assert not rendered.diagnostics, rendered.diagnostics
    (resource,) = rendered.resources
    assert not [found for found in VapiCatalogue().check(resource) if found.severity is Severity.ERROR]
    return resource.payload


def found(address: str, spec: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (str(each.severity), each.code, str(each.place).removeprefix("f.yaml:"))
        for each in render(address, spec).diagnostics
    ]


def places(rendered: Rendered, *paths: Path) -> list[str]:
    return [str(rendered.resources[0].place(path)).removeprefix("f.yaml:") for path in paths]

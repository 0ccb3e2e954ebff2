"""Documents for tests, with places that tell which path was asked for."""

from __future__ import annotations

from typing import Any

from callsheet.model.address import Address
from callsheet.model.diagnostics import Place
from callsheet.model.document import Document, Origin
from callsheet.model.paths import show
from callsheet.model.value import Path


class Paths:
    """A source whose places are the paths themselves: `f.yaml:spec.model`."""

    def place(self, document: int, path: Path) -> Place:
        return Place(f"f.yaml:{show(path)}")


def document(address: str, spec: dict[str, Any], description: str = "") -> Document:
    return Document(
        Address.parse(address), spec, description=description, origins={(): Origin(Paths(), 0, ())}
    )

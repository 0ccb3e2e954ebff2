"""`schema`: the published JSON Schemas, of what is read and of what is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callsheet.model.errors import CallsheetError
from callsheet.operations.loading import DEFAULT_PROVIDER
from callsheet.providers.registry import catalogue
from callsheet.reports.published import PUBLISHED, published

READ = ("spec", "environments")
NAMES = (*READ, *PUBLISHED)


def schema(name: str) -> Mapping[str, Any]:
    """The schema of that name. CallsheetError where there is none."""
    if name in READ:
        from callsheet.spec.schema import document_schema, environments_schema

        return environments_schema() if name == "environments" else document_schema(_native())
    if name not in PUBLISHED:
        raise CallsheetError(
            f"there is no schema {name!r}", hint=f"one of: {', '.join(NAMES)}", code="schema"
        )
    return published(name)


def _native() -> Mapping[str, Mapping[str, Any]]:
    """What is known of the provider's own payloads, by kind."""
    known = catalogue(DEFAULT_PROVIDER)
    return {kind: known.native_schema(kind) for kind in known.kinds}

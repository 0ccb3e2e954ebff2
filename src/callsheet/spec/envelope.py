"""What surrounds the `spec` of every document."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from callsheet.spec.portable import Shape

NAME_PATTERN = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
ADDRESS_PATTERN = r"^[A-Z][A-Za-z]*/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"


class Metadata(Shape):
    """Who the document is."""

    name: str = Field(pattern=NAME_PATTERN, description="Slug, unique per kind; the address is Kind/name.")
    description: str | None = Field(None, description="For people; never sent.")
    labels: dict[str, str] | None = Field(None, description="For people and policies; never sent.")


class LifecycleShape(Shape):
    """How the resource may change and end."""

    prevent_destroy: bool | None = Field(None, description="Refuse every plan that would delete it.")
    on_remove: Literal["delete", "forget"] | None = Field(
        None,
        description="What removing the document does: delete the object, or leave it alone.",
    )
    ignore_changes: list[str] | None = Field(
        None,
        description="Payload paths that are never sent and never compared, such as voice.speed. "
        "None may lead into a list, which is sent whole.",
    )
    moved_from: str | None = Field(
        None, pattern=ADDRESS_PATTERN, description="Former address, Kind/name: rename without delete."
    )


class Envelope(Shape):
    """A document; `spec` depends on the kind."""

    api_version: Literal["v1", "callsheet/v1"] | None = Field(None, description="Version of this format.")
    kind: str = Field(description="What the document declares.")
    metadata: Metadata = Field(description="Who the document is.")
    spec: dict[str, Any] | None = Field(None, description="What it should be.")
    lifecycle: LifecycleShape | None = Field(None, description="How it may change and end.")

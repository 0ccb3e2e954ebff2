"""The shape of `environments.yaml`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from callsheet.spec.envelope import NAME_PATTERN
from callsheet.spec.portable import (
    LoggingLevel,
    ModelChoice,
    Native,
    Sensitive,
    Shape,
    Transcriber,
    VoiceChoice,
)
from callsheet.spec.protection import ProtectionSection


class ProviderSection(Shape):
    """Where the environment's organisation is."""

    type: str | None = Field(None, description="The provider, such as vapi.")
    base_url: str | None = Field(None, description="Address of its API, or sandbox:NAME.")
    api_key: Sensitive | None = Field(None, description="Key of the organisation, as a secrets:// reference.")
    options: Native | None = Field(None, description="Settings that the provider's adapter knows.")


class ExportsSection(Shape):
    """How long exports stay; one is removed only when both bounds allow it."""

    keep: int | None = Field(
        None,
        ge=1,
        description="How many newer ones must there be before one is removed; 50 if not given, or null.",
    )
    days: int | None = Field(
        None,
        ge=0,
        description="How many days old must one be before it is removed; 90 if not given, or null; "
        "0 is no bound by age.",
    )


class OverrideSection(Shape):
    """A JSON merge patch on documents; null removes."""

    metadata: dict[str, Any] | None = Field(None, description="Patch on description and labels.")
    spec: dict[str, Any] | None = Field(None, description="Patch on the spec.")
    lifecycle: dict[str, Any] | None = Field(None, description="Patch on the lifecycle.")


class AcknowledgedSection(Shape):
    """Drift that somebody has taken on, for a while."""

    address: str = Field(description="Kind/name, or Kind/name[part].")
    path: str | None = Field(None, description="Payload path; the whole resource if not given.")
    owner: str = Field(min_length=1, description="Who answers for it.")
    until: str = Field(description="Last day on which it holds, YYYY-MM-DD.")
    reason: str | None = Field(None, description="Why it is left.")


class DefaultsSection(Shape):
    """What every environment starts from; its own section wins."""

    provider: ProviderSection | None = Field(None, description="Where the organisation is.")
    state: Native | None = Field(None, description="Store of its state: backend and options.")
    exports: ExportsSection | None = Field(None, description="How long its exports stay.")
    model: str | ModelChoice | None = Field(None, description="Model for assistants that name none.")
    temperature: float | None = Field(None, ge=0, description="Temperature for assistants that set none.")
    voice: str | VoiceChoice | None = Field(None, description="Voice for assistants that name none.")
    transcriber: Transcriber | None = Field(None, description="Transcriber for assistants that name none.")
    language: str | None = Field(None, description="Language for assistants that name none.")
    prompt_source: Literal["local", "library:draft", "library:active"] | None = Field(
        None, description="local files, or versions of the library that are at least drafts, or active."
    )
    logging: LoggingLevel | None = Field(
        None, description="What the application logs, and the provider for assistants that say nothing of it."
    )
    rate_limit: int | None = Field(
        None,
        ge=0,
        description="Requests per hour, kept by the application; null is unlimited, 0 is none.",
    )
    feature_flags: dict[str, Any] | None = Field(None, description="Switches of the application.")
    params: dict[str, Any] | None = Field(None, description="Values for ${params.x}.")
    variables: dict[str, Any] | None = Field(None, description="Values for ${variables.X}.")
    secrets: str | None = Field(
        None, description="Where authRef: secrets/NAME leads; {name}, or {NAME} in upper snake case."
    )
    protection: ProtectionSection | None = Field(None, description="Who may apply what, and when.")


class EnvironmentSection(DefaultsSection):
    """One environment."""

    default: bool | None = Field(None, description="This environment follows the working tree.")
    pinned: bool | None = Field(None, description="Whether it runs a release; true for all but the default.")
    promotes_from: str | None = Field(None, description="The environment whose releases it takes.")
    release: str | None = Field(
        None, description="The wanted release, such as uat@3@sha256:…; `promote --write` writes it."
    )
    overrides: dict[str, OverrideSection] | None = Field(
        None, description="Patches by Kind/name or Kind/*, applied last."
    )
    acknowledged_drift: list[AcknowledgedSection] | None = Field(None, description="Drift that is known.")


class EnvironmentsFile(Shape):
    """environments.yaml: the environments of a project."""

    api_version: Literal["v1", "callsheet/v1"] | None = Field(None, description="Version of this format.")
    kind: Literal["Environments"] | None = Field(None, description="Environments.")
    app: str | None = Field(None, min_length=1, description="Name of the application; else the folder's.")
    owner: str | None = Field(None, description="Who answers for it.")
    state: Native | None = Field(None, description="Store of state: backend and its options.")
    exports: ExportsSection | None = Field(None, description="How long exports stay.")
    defaults: DefaultsSection | None = Field(None, description="What every environment starts from.")
    environments: dict[str, EnvironmentSection | None] = Field(
        min_length=1,
        description="The environments by name.",
        json_schema_extra={"propertyNames": {"pattern": NAME_PATTERN}},
    )
    prompts: dict[str, dict[str, str]] | None = Field(
        None, description="Prompt versions by prompt and environment: a version, or latest."
    )

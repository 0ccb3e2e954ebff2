"""The portable fields of each kind, in the form in which files give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from callsheet.spec.portable import (
    Compliance,
    Fallbacks,
    Foreign,
    Limits,
    LoggingLevel,
    ModelChoice,
    Native,
    Positive,
    Safety,
    Sensitive,
    Shape,
    Target,
    Transcriber,
    VoiceChoice,
)

_NATIVE = "The provider's own payload, merged over what the portable fields render to."
_DIGEST = "Digest that the download must have."


class Spec(Shape):
    """What every kind has."""

    name: str | None = Field(None, description="Display name at the provider; metadata.name if not given.")
    description: str | None = Field(None, description="Description at the provider, where it keeps one.")
    native: Native | None = Field(None, description=_NATIVE)


class Rules(Shape):
    """What a policy may say, and an assistant too."""

    limits: Limits | None = Field(None, description="Bounds on calls.")
    safety: Safety | None = Field(None, description="Instructions that must always be there.")
    compliance: Compliance | None = Field(None, description="Regimes that calls fall under.")
    fallbacks: Fallbacks | None = Field(None, description="What to use when the first choice fails.")


class PolicySpec(Rules):
    """A mix-in: no object at the provider, but merged into every assistant that names it."""

    description: str | None = Field(None, description="What the policy is for.")
    native: Native | None = Field(None, description=_NATIVE)


class AssistantSpec(Rules, Spec):
    """One agent that talks."""

    system_prompt: str | None = Field(None, description="The system prompt itself.")
    system_prompt_ref: str | None = Field(
        None, description="prompts/NAME.md or NAME of the prompt; the environment decides on the version."
    )
    first_message: str | None = Field(None, description="What the assistant says first.")
    model: str | ModelChoice | None = Field(None, description="A model's name, or its settings.")
    voice: str | VoiceChoice | None = Field(None, description="A voice id, or its settings.")
    transcriber: Transcriber | None = Field(None, description="Speech to text.")
    language: str | None = Field(None, description="Language of the conversation.")
    tools: list[Target] | None = Field(None, description="Tools the assistant may use.")
    knowledge: list[Target] | None = Field(None, description="Knowledge bases it may search.")
    structured_outputs: list[Target] | None = Field(None, description="What is extracted after a call.")
    logging: LoggingLevel | None = Field(
        None, description="How much is logged of its calls; the environment's, if not given."
    )
    policies: list[str | Target] | None = Field(
        None, description="Policies by name or path, merged in this order; they win over the document."
    )
    safety_policy_ref: str | None = Field(
        None, description="One more policy, by name or path; merged after all others."
    )


class Destination(Shape):
    """Where a squad's member may hand a call over to."""

    assistant: Target = Field(description="The next assistant.")
    message: str | None = Field(None, description="What is said while handing over.")
    description: str | None = Field(None, description="When to hand over.")


class Member(Shape):
    """One assistant of a squad."""

    assistant: Target = Field(description="The assistant.")
    destinations: list[Destination] | None = Field(None, description="Whom it may hand over to.")
    overrides: Native | None = Field(None, description="The provider's own overrides of the assistant.")


class SquadSpec(Spec):
    """Assistants that hand calls to each other; the first one answers."""

    members: list[Member] | None = Field(None, description="The assistants; the first one answers.")


class Operation(Shape):
    """One request that an HTTP tool can make; becomes a tool of its own."""

    name: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="Name that the model calls it by.")
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = Field(description="HTTP method.")
    path: str = Field(pattern=r"^/", description="Path below the endpoint.")
    description: str | None = Field(None, description="When the model should use it.")
    schema_: dict[str, Any] | None = Field(None, alias="schema", description="JSON Schema of the body.")
    schema_ref: str | None = Field(None, description="File with the JSON Schema, such as schemas/x.json.")
    headers: dict[str, Sensitive] | None = Field(None, description="Headers of this operation.")


class HttpToolSpec(Spec):
    """Requests to one HTTP service."""

    type: Literal["http"] = Field(description="The portable HTTP tool.")
    endpoint: Annotated[str, Field(pattern=r"^https?://[^\s/]+")] = Field(description="Base address.")
    operations: list[Operation] = Field(min_length=1, description="What can be requested.")
    auth_ref: Sensitive | Foreign | None = Field(
        None, description="secrets/NAME, secrets://RESOLVER/… or {external: Credential/NAME}."
    )
    auth_scheme: Literal["bearer", "header"] | None = Field(None, description="How the secret is sent.")
    auth_header: str | None = Field(None, description="Header for the secret, with authScheme: header.")
    headers: dict[str, Sensitive] | None = Field(None, description="Headers of every request.")
    timeout_seconds: Positive | None = Field(None, description="Longest wait for an answer, in seconds.")


class NativeToolSpec(Spec):
    """A tool of one of the provider's own types."""

    type: str | None = Field(
        None, description="The provider's tool type.", json_schema_extra={"not": {"const": "http"}}
    )


class KnowledgeDocument(Shape):
    """A file to search in."""

    path: str | None = Field(None, description="File in this project.")
    url: str | None = Field(None, pattern=r"^https?://", description="Where to download it from.")
    name: str | None = Field(None, description="Name at the provider; the file's own if not given.")
    sha256: str | None = Field(
        None, pattern=r"^[0-9a-f]{64}$", description="Digest that the download must have."
    )


class KnowledgeBaseSpec(Spec):
    """Files that assistants can search."""

    documents: list[str | KnowledgeDocument] | None = Field(None, description="Paths, or {path} or {url}.")


class FileSpec(Spec):
    """One uploaded file."""

    path: str | None = Field(None, description="File in this project.")
    url: str | None = Field(None, pattern=r"^https?://", description="Where to download it from.")
    sha256: str | None = Field(
        None, pattern=r"^[0-9a-f]{64}$", description="Digest that the download must have."
    )
    purpose: str | None = Field(None, description="What the provider is told the file is for.")


NATIVE_KINDS = (
    "PhoneNumber",
    "StructuredOutput",
    "Eval",
    "Personality",
    "Scenario",
    "Simulation",
    "SimulationSuite",
    "PronunciationDictionary",
    "Scorecard",
)
POLICY = "Policy"
SPECS: Mapping[str, tuple[type[Shape], ...]] = {
    "Assistant": (AssistantSpec,),
    "Squad": (SquadSpec,),
    "Tool": (HttpToolSpec, NativeToolSpec),
    "KnowledgeBase": (KnowledgeBaseSpec,),
    "File": (FileSpec,),
    POLICY: (PolicySpec,),
    **dict.fromkeys(NATIVE_KINDS, (Spec,)),
}


def spec_shape(kind: str, spec: object) -> type[Shape]:
    """The shape that a `spec` of this kind is held to."""
    shapes = SPECS[kind]
    if len(shapes) == 1:
        return shapes[0]
    portable = isinstance(spec, Mapping) and spec.get("type") == "http"
    return HttpToolSpec if portable else NativeToolSpec

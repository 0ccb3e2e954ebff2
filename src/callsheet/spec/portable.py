"""The pieces that documents and environments are typed with. Validates, and describes itself to editors."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from callsheet.model.value import Secret, Text


class Shape(BaseModel):
    """A mapping with known keys. Strict: nothing is converted, nothing unknown is passed on."""

    model_config = ConfigDict(
        extra="forbid", strict=True, alias_generator=to_camel, frozen=True, protected_namespaces=()
    )


def _sensitive(value: Any) -> Any:
    if isinstance(value, str | Secret | Text):
        return value
    raise PydanticCustomError("string_type", "Input should be a valid string")


# Text that may be, or hold, a secret.
Sensitive: TypeAlias = Annotated[Any, AfterValidator(_sensitive), WithJsonSchema({"type": "string"})]
Native: TypeAlias = Annotated[dict[str, Any], Field(json_schema_extra={"additionalProperties": True})]
Positive: TypeAlias = Annotated[float, Field(gt=0)]
Count: TypeAlias = Annotated[int, Field(ge=0)]
LoggingLevel: TypeAlias = Literal["verbose", "full", "structured"]


class Reference(Shape):
    """Another resource of this project: `NAME`, or `Kind/NAME` where the name alone is not enough."""

    ref: str = Field(min_length=1, description="NAME or Kind/NAME of a resource in this project.")


class Foreign(Shape):
    """An object of the organisation that Callsheet does not manage."""

    external: str = Field(
        pattern=r"^[A-Z][A-Za-z]*/.+$", description="Kind/NAME, looked up in the organisation when planning."
    )


Target: TypeAlias = Reference | Foreign


class ModelChoice(Shape):
    """A language model."""

    provider: str | None = Field(None, description="Who serves the model, as the voice provider names it.")
    model: str | None = Field(None, description="The model's name.")
    temperature: float | None = Field(None, ge=0, description="Randomness of the answers.")
    max_tokens: int | None = Field(None, gt=0, description="Longest answer, in tokens.")


class VoiceChoice(Shape):
    """A voice."""

    provider: str | None = Field(None, description="Who serves the voice.")
    voice_id: Sensitive | Target | None = Field(None, description="The voice, as its provider names it.")
    speed: Positive | None = Field(None, description="Speaking rate; 1 is the voice's own.")


class Transcriber(Shape):
    """Speech to text."""

    provider: str | None = Field(None, description="Who transcribes.")
    model: str | None = Field(None, description="The transcription model.")
    language: str | None = Field(None, description="Language code, such as en or de-CH.")


class Limits(Shape):
    """Bounds on calls."""

    max_duration_seconds: int | None = Field(None, gt=0, description="Longest call, in seconds.")
    calls_per_hour: int | None = Field(None, gt=0, description="Most calls within an hour.")


class Safety(Shape):
    """What an assistant must always be told."""

    instructions: list[str] = Field(
        default_factory=list, description="Paragraphs that are appended to the system prompt."
    )


class Compliance(Shape):
    """Regimes that calls fall under."""

    hipaa: bool | None = Field(None, description="Calls may hold health information.")
    pci: bool | None = Field(None, description="Calls may hold payment card data.")


class Fallbacks(Shape):
    """What to use when the first choice fails."""

    models: list[str | ModelChoice] = Field(default_factory=list, description="Models, best first.")
    voices: list[VoiceChoice] = Field(default_factory=list, description="Voices, best first.")

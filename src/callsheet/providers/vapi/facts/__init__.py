"""What Vapi's OpenAPI document says about request bodies, distilled to data that ships with Callsheet.

`openapi.json` beside this file was made by `distil` from Vapi's document of 2026-08-19; its `source`
and `date` travel with it. Shapes are named as in the document:

======================== ==================================================================
`{"type": "string", …}`  a scalar with its bounds (`minLength`, `maximum`, `pattern`, `enum`, …)
`{"ref": "Server"}`      another shape
`{"items": T, …}`        a list
`{"by": "type", "of": …}` one of several shapes, told apart by that key
`{"any": [T, …]}`        any of these
`{}`                     anything (an object where `type` says so)
======================== ==================================================================

The document is not exhaustive (the gitops tool sets keys that it lacks): what it does not know is a warning,
and what it bounds is an error. `DOCUMENTED` adds what Vapi's pages describe and the document lacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

import orjson

Shape = Mapping[str, Any]

# Keys that Vapi's documentation pages show and its OpenAPI document lacks, by shape.
# docs.vapi.ai, "Customize API Request Tool requests" and "Assistants", read 2026-11-20.
DOCUMENTED: Mapping[str, Mapping[str, Shape]] = {
    "JsonSchema": {
        "value": {},
        "default": {},
        "minimum": {"type": "number"},
        "maximum": {"type": "number"},
        "additionalProperties": {},
    },
    "CreateApiRequestToolDTO": {"function": {"ref": "OpenAIFunction"}},
    "CreateAssistantDTO": {"silenceTimeoutSeconds": {"type": "number"}},
    "AssistantOverrides": {"silenceTimeoutSeconds": {"type": "number"}},
    "Server": {"secret": {"type": "string"}},
}

# The shape of a create body by kind; tools and phone numbers are told apart by a key.
ROOTS: Mapping[str, str] = {
    "Assistant": "CreateAssistantDTO",
    "Squad": "CreateSquadDTO",
    "KnowledgeBase": "CreateKnowledgeBaseV2DTO",
    "StructuredOutput": "CreateStructuredOutputDTO",
    "Eval": "CreateEvalDTO",
    "Personality": "CreatePersonalityDTO",
    "Scenario": "CreateScenarioDTO",
    "Simulation": "CreateSimulationDTO",
    "SimulationSuite": "CreateSimulationSuiteDTO",
    "Scorecard": "CreateScorecardDTO",
}


@lru_cache(maxsize=1)
def _document() -> Mapping[str, Any]:
    data: Mapping[str, Any] = orjson.loads(resources.files(__package__).joinpath("openapi.json").read_bytes())
    return data


@lru_cache(maxsize=1)
def shapes() -> Mapping[str, Shape]:
    """Every shape by its name in the document, with the documented additions merged in."""
    found: dict[str, Any] = dict(_document()["shapes"])
    for name, extra in DOCUMENTED.items():
        found[name] = {**found[name], "properties": {**extra, **found[name]["properties"]}}
    return found


@lru_cache(maxsize=1)
def roots() -> Mapping[str, Shape]:
    """The shape of a create body by kind."""
    return {
        **{kind: {"ref": name} for kind, name in ROOTS.items()},
        "Tool": _document()["tool"],
        "PhoneNumber": _document()["phoneNumber"],
    }


def source() -> str:
    """Where the facts are from, for messages."""
    return f"Vapi's OpenAPI document of {_document()['date']}"


@lru_cache(maxsize=1)
def models() -> Mapping[str, tuple[str, ...]]:
    """Model name → the providers whose enum holds it."""
    return _values("model", "model")


@lru_cache(maxsize=1)
def voices() -> Mapping[str, tuple[str, ...]]:
    """Preset voice id → the providers whose enum holds it."""
    return _values("voice", "voiceId")


@lru_cache(maxsize=1)
def transcribers() -> Mapping[str, tuple[str, ...]]:
    """Transcriber model → the providers whose enum holds it."""
    return _values("transcriber", "model")


def variants(field: str) -> Mapping[str, Shape]:
    """The shapes that an assistant's `model`, `voice` or `transcriber` may have, by provider."""
    union = shapes()["CreateAssistantDTO"]["properties"][field]
    return {provider: shapes()[name] for provider, name in union["of"].items()}


def _values(field: str, key: str) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, set[str]] = {}
    for provider, shape in variants(field).items():
        for value in _enum(shape["properties"].get(key, {})):
            found.setdefault(value, set()).add(provider)
    return {value: tuple(sorted(providers)) for value, providers in found.items()}


def _enum(shape: Shape) -> list[str]:
    return list(shape.get("enum", [])) + [value for item in shape.get("any", []) for value in _enum(item)]

"""The resources that the sandbox serves, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Listing(StrEnum):
    """How a resource answers GET on its collection (facts §1)."""

    ARRAY = "array"  # a bare array; limit and the eight time filters
    PAGED = "paged"  # {results, metadata}; page, sortOrder, sortBy too
    EITHER = "either"  # a bare array, and an envelope once `page` is asked for
    SHORT = "short"  # a bare array; limit only
    WHOLE = "whole"  # a bare array; query parameters are not looked at


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource. `kind` is its name in the store and in the shapes; `label` stands in messages."""

    kind: str
    path: str
    label: str
    listing: Listing = Listing.ARRAY
    discriminator: str = ""
    filters: tuple[str, ...] = ()
    versioned: bool = False


SOURCE = "Vapi's OpenAPI document of 2026-08-19; credential: Vapi's guides and gitops, 2026"

RESOURCES: tuple[Resource, ...] = (
    Resource("assistant", "/assistant", "Assistant", versioned=True),
    Resource("squad", "/squad", "Squad", filters=("idAny",), versioned=True),
    Resource("tool", "/tool", "Tool", discriminator="type", versioned=True),
    Resource("phone-number", "/phone-number", "Phone number", discriminator="provider"),
    Resource(
        "structured-output", "/structured-output", "Structured output", Listing.PAGED, filters=("id", "name")
    ),
    Resource("eval", "/eval", "Eval", Listing.PAGED, filters=("id",)),
    Resource(
        "simulation", "/eval/simulation", "Simulation", Listing.EITHER, filters=("idAny", "standaloneOnly")
    ),
    Resource("personality", "/eval/simulation/personality", "Personality", Listing.EITHER),
    Resource("scenario", "/eval/simulation/scenario", "Scenario", Listing.EITHER, filters=("idAny", "name")),
    Resource("suite", "/eval/simulation/suite", "Simulation suite", Listing.EITHER, filters=("name",)),
    Resource("scorecard", "/observability/scorecard", "Scorecard", Listing.PAGED, filters=("id",)),
    Resource("credential", "/credential", "Credential", Listing.WHOLE, discriminator="provider"),
)
BY_KIND = {resource.kind: resource for resource in RESOURCES}
PHONE_NUMBERS_V2 = Resource(
    "phone-number", "/v2/phone-number", "Phone number", Listing.PAGED, filters=("search",)
)
KNOWLEDGE_BASE = Resource("knowledge-base", "/v2/knowledge-base", "Knowledge base", Listing.SHORT)
FILE = Resource("file", "/file", "File", Listing.WHOLE)
DICTIONARY = Resource(
    "dictionary",
    "/provider/<any('cartesia','11labs'):provider>/pronunciation-dictionary",
    "Provider resource",
    Listing.PAGED,
    filters=("id", "resourceId"),
)

"""Where the kinds live and how their lists are paged: data, from Vapi's OpenAPI document of 2026-08-19
and the gitops tool's findings against the live API of 2026-08-01."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from callsheet.model.errors import ProviderError

# Lists are cut here whatever `limit` says (live, 2026-08-01).
CAP = 100


class Paging(Enum):
    """How more than one page is asked for."""

    CURSOR = auto()  # bare array, newest first; `createdAtLe` of the last one, inclusive
    PAGES = auto()  # {results, metadata} with `page`
    EITHER = auto()  # documented as bare, an envelope when paged (gitops)
    NONE = auto()  # bare array, all there is


@dataclass(frozen=True, slots=True)
class Route:
    """`path` is the collection's; `{provider}` in it stands for each vendor of dictionaries."""

    path: str
    paging: Paging
    limited: bool = True  # whether the list takes `limit`
    # Asked for one after the other where the server refuses the list without them.
    instead: tuple[Mapping[str, str], ...] = ()


ROUTES: Mapping[str, Route] = {
    "Assistant": Route("/assistant", Paging.CURSOR),
    "Squad": Route("/squad", Paging.CURSOR),
    "Tool": Route("/tool", Paging.CURSOR),
    "PhoneNumber": Route("/phone-number", Paging.CURSOR),
    "StructuredOutput": Route("/structured-output", Paging.PAGES),
    "Eval": Route("/eval", Paging.PAGES),
    "Scorecard": Route("/observability/scorecard", Paging.PAGES),
    "Personality": Route("/eval/simulation/personality", Paging.EITHER),
    "Scenario": Route("/eval/simulation/scenario", Paging.EITHER),
    "Simulation": Route("/eval/simulation", Paging.EITHER),
    "SimulationSuite": Route("/eval/simulation/suite", Paging.EITHER),
    "KnowledgeBase": Route("/v2/knowledge-base", Paging.NONE),
    # The OpenAPI document requires a purpose; SDK 3.0.0, which is newer, lists all but the dashboard's own
    # attachments without one.
    "File": Route(
        "/file",
        Paging.NONE,
        limited=False,
        instead=({"purpose": "assistant"}, {"purpose": "knowledge-base-v2"}),
    ),
    "PronunciationDictionary": Route("/provider/{provider}/pronunciation-dictionary", Paging.PAGES),
    # Not in the OpenAPI document, but real (documentation; the gitops tool reads both).
    "Credential": Route("/credential", Paging.NONE, limited=False),
    "Monitor": Route("/monitoring/monitor", Paging.NONE, limited=False),
}

DICTIONARY_PROVIDERS = ("11labs", "cartesia")


def route(kind: str) -> Route:
    if kind not in ROUTES:
        raise ProviderError(f"Vapi has no {kind} that could be listed", code="provider.unknown-kind")
    return ROUTES[kind]

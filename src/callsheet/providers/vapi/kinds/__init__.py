"""The kinds of Vapi: dated data, one file per family of nouns. No behaviour."""

from __future__ import annotations

from collections.abc import Mapping

from callsheet.model.kinds import Kind
from callsheet.providers.vapi.kinds.assistant import ASSISTANT
from callsheet.providers.vapi.kinds.knowledge import FILE, KNOWLEDGE_BASE
from callsheet.providers.vapi.kinds.phone_number import PHONE_NUMBER
from callsheet.providers.vapi.kinds.pronunciation import PRONUNCIATION_DICTIONARY
from callsheet.providers.vapi.kinds.quality import EVAL, SCORECARD, STRUCTURED_OUTPUT
from callsheet.providers.vapi.kinds.simulation import PERSONALITY, SCENARIO, SIMULATION, SIMULATION_SUITE
from callsheet.providers.vapi.kinds.squad import SQUAD
from callsheet.providers.vapi.kinds.tool import TOOL

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        ASSISTANT,
        SQUAD,
        TOOL,
        KNOWLEDGE_BASE,
        FILE,
        PHONE_NUMBER,
        STRUCTURED_OUTPUT,
        EVAL,
        PERSONALITY,
        SCENARIO,
        SIMULATION,
        SIMULATION_SUITE,
        PRONUNCIATION_DICTIONARY,
        SCORECARD,
    )
}

# Looked up by name and never written. Monitors and credentials are real and undocumented in OpenAPI.
EXTERNAL = frozenset({*KINDS, "Credential", "Voice", "Monitor"})

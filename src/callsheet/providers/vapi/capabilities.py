"""What Vapi can do beyond the protocol, and what its conflicts mean."""

from __future__ import annotations

from collections.abc import Mapping

from callsheet.providers.base import Capabilities

# No header of the kind is known to the API (text search of document and SDK, 2026-11-20), and the rate
# limit is unpublished: four at a time is what the vendor's own tools stay below.
CAPABILITIES = Capabilities(idempotency_key=False, parallel_reads=4, parallel_writes=4)

# Words of a 409's body → what to do (OpenAPI document, SDK 3.0.0).
EXPLANATIONS: Mapping[str, str] = {
    "assistant_pinned": (
        "A squad, a phone number or a traffic allocation is pinned to a version of this assistant. "
        "Point the holder at another one, or at the latest version, and apply again."
    ),
    "tool_pinned": (
        "An assistant is pinned to a version of this tool (model.toolRefs). Take the pin away there, "
        "apply that, and then delete the tool."
    ),
    "tool_write_conflict": (
        "Somebody else wrote to this tool in the same moment, and nothing of this change was stored. "
        "Plan again: what they changed will show."
    ),
}

"""Structured outputs, evals and scorecards: what is extracted from calls and how they are judged."""

from __future__ import annotations

from callsheet.model.kinds import Kind, SecretField
from callsheet.model.paths import pattern, patterns
from callsheet.providers.vapi.kinds.common import SERVER_OWNED, SOURCE, identified, refers

STRUCTURED_OUTPUT = Kind(
    name="StructuredOutput",
    source=SOURCE,
    # The edge to assistants is owned by the assistant's `artifactPlan`; this mirror of it is Vapi's.
    server_owned=SERVER_OWNED + patterns("assistantIds", "workflowIds"),
    secrets=(SecretField(pattern("model.headers.*")),),
    unions=((pattern("model"), "provider"),),
    identity=(identified("conditions", "type"),),
    immutable=patterns("type"),
)

EVAL = Kind(
    name="Eval",
    source=SOURCE,
    server_owned=SERVER_OWNED,
    secrets=(SecretField(pattern("messages[*].judgePlan.model.headers.*")),),
    immutable=patterns("type"),
)

SCORECARD = Kind(
    name="Scorecard",
    source=SOURCE,
    server_owned=SERVER_OWNED + patterns("assistantIds"),
    references=(refers("metrics[*].structuredOutputId", "StructuredOutput"),),
    identity=(identified("metrics", "structuredOutputId"),),
)

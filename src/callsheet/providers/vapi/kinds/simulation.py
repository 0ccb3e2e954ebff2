"""Simulations: personalities that call, scenarios that they play, and suites of both."""

from __future__ import annotations

from callsheet.model.kinds import Kind, SecretField
from callsheet.model.paths import pattern, patterns
from callsheet.providers.vapi.kinds import assistant
from callsheet.providers.vapi.kinds.common import (
    SERVER_OWNED,
    SOURCE,
    below,
    identified,
    identities_below,
    patterns_below,
    refers,
    secrets_below,
    server_secrets,
    unions_below,
)

PERSONALITY = Kind(
    name="Personality",
    source=SOURCE,
    server_owned=SERVER_OWNED,
    references=below("assistant", assistant.REFERENCES),
    identity=identities_below("assistant", assistant.IDENTITIES),
    id_sets=patterns_below("assistant", assistant.ID_SETS),
    secrets=(*secrets_below("assistant", assistant.SECRETS), *server_secrets("assistant.server")),
    unions=unions_below("assistant", assistant.UNIONS),
)

SCENARIO = Kind(
    name="Scenario",
    source=SOURCE,
    server_owned=SERVER_OWNED,
    references=(
        refers("evaluations[*].structuredOutputId", "StructuredOutput"),
        *below("targetOverrides", assistant.REFERENCES),
    ),
    identity=(
        identified("evaluations", "structuredOutputId", "structuredOutput.name"),
        identified("toolMocks", "toolName"),
        *identities_below("targetOverrides", assistant.IDENTITIES),
    ),
    id_sets=patterns_below("targetOverrides", assistant.ID_SETS),
    secrets=(
        *secrets_below("targetOverrides", assistant.SECRETS),
        *server_secrets("targetOverrides.server", "hooks[*].do[*].server"),
    ),
    unions=unions_below("targetOverrides", assistant.UNIONS),
)

SIMULATION = Kind(
    name="Simulation",
    source=SOURCE,
    server_owned=SERVER_OWNED,
    references=(refers("scenarioId", "Scenario"), refers("personalityId", "Personality")),
)

SIMULATION_SUITE = Kind(
    name="SimulationSuite",
    source=SOURCE,
    server_owned=SERVER_OWNED,
    references=(
        refers("simulationIds[*]", "Simulation"),
        refers("targetAssignments[*].targetId", "Assistant", "Squad"),
    ),
    identity=(identified("targetAssignments", "targetId"),),
    id_sets=patterns("simulationIds"),
    secrets=(SecretField(pattern("slackWebhookUrl")),),
)

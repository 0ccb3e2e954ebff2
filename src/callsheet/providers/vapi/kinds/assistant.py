"""Assistants, and what an assistant's fields mean wherever one is embedded or overridden."""

from __future__ import annotations

from callsheet.model.kinds import Kind, SecretField
from callsheet.model.paths import pattern, patterns
from callsheet.providers.vapi.kinds import tool
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
)

_INLINE_TOOLS = ("model.tools[*]", "tools:append[*]", "hooks[*].do[*].tool")

# Secrets of inline credentials, as the credential bodies of the OpenAPI document name them.
_CREDENTIALS = (
    "apiKey",
    "apiSecret",
    "authToken",
    "awsSecretAccessKey",
    "ocpApimSubscriptionKey",
    "openAIKey",
    "webhookUrl",
    "authenticationPlan.awsSecretAccessKey",
    "authenticationPlan.clientSecret",
    "authenticationPlan.secretKey",
    "authenticationPlan.token",
    "authenticationSession.accessToken",
    "authenticationSession.refreshToken",
    "bucketPlan.connectionString",
    "bucketPlan.hmacSecret",
    "bucketPlan.secretAccessKey",
    "gcpKey.privateKey",
    "outboundAuthenticationPlan.authPassword",
)

REFERENCES = (
    refers("model.toolIds[*]", "Tool", deferrable=True),
    refers("model.toolRefs[*].toolId", "Tool", deferrable=True),
    refers("hooks[*].do[*].toolId", "Tool", deferrable=True),
    refers("compliancePlan.recordingConsentPlan.declineToolId", "Tool", deferrable=True),
    refers("artifactPlan.structuredOutputIds[*]", "StructuredOutput", deferrable=True),
    refers("artifactPlan.scorecardIds[*]", "Scorecard", deferrable=True),
    refers("monitorPlan.monitorIds[*]", "Monitor"),
    refers("credentialIds[*]", "Credential"),
    refers("server.credentialId", "Credential"),
    refers("voice.server.credentialId", "Credential"),
    refers("transcriber.server.credentialId", "Credential"),
    refers("voice.pronunciationDictId", "PronunciationDictionary", attribute="resourceId"),
    refers(
        "voice.pronunciationDictionary[*].pronunciationDictId",
        "PronunciationDictionary",
        attribute="resourceId",
    ),
    refers(
        "voice.pronunciationDictionaryLocators[*].pronunciationDictionaryId",
        "PronunciationDictionary",
        attribute="resourceId",
    ),
    refers(
        "voice.pronunciationDictionaryLocators[*].versionId", "PronunciationDictionary", attribute="versionId"
    ),
    refers("model.knowledgeBaseId", "KnowledgeBase"),
    # Two assistants whose inline tools hand over to each other have no other edge to leave out.
    *(
        refers(f"{place}.destinations[*].{at}", kind, deferrable=True)
        for place in _INLINE_TOOLS
        for at, kind in (("assistantId", "Assistant"), ("squadId", "Squad"))
    ),
    *(
        found
        for place in _INLINE_TOOLS
        for found in below(place, tool.REFERENCES)
        if found.at[-1] not in ("assistantId", "squadId")
    ),
)

SECRETS = (
    *server_secrets(
        "voice.server",
        "voice.fallbackPlan.voices[*].server",
        "transcriber.server",
        "transcriber.fallbackPlan.transcribers[*].server",
        "startSpeakingPlan.smartEndpointingPlan.server",
        "model.knowledgeBase.server",
        "hooks[*].do[*].server",
    ),
    SecretField(pattern("server.headers.*")),
    # Of inline credentials, keys are "not returned in the API" (documentation).
    *(SecretField(pattern(f"credentials[*].{leaf}"), echo="never") for leaf in _CREDENTIALS),
    SecretField(pattern("model.headers.*")),
    SecretField(pattern("artifactPlan.structuredOutputs[*].model.headers.*")),
    *(found for place in _INLINE_TOOLS for found in secrets_below(place, tool.SECRETS)),
)

IDENTITIES = (
    identified("model.tools", "function.name", "name", "type"),
    identified("tools:append", "function.name", "name", "type"),
    identified("model.messages", "role"),
    identified("model.toolRefs", "toolId"),
    identified("hooks", "name", "on"),
    identified("voice.fallbackPlan.voices", "voiceId", "provider"),
    identified("transcriber.fallbackPlan.transcribers", "provider"),
    identified("voice.pronunciationDictionaryLocators", "pronunciationDictionaryId"),
    identified("artifactPlan.structuredOutputs", "name"),
    identified("transportConfigurations", "provider"),
    *(found for place in _INLINE_TOOLS for found in identities_below(place, tool.IDENTITIES)),
)

# The order of hooks, destinations and messages means something; that of these does not (?).
ID_SETS = patterns(
    "model.toolIds",
    "artifactPlan.structuredOutputIds",
    "artifactPlan.scorecardIds",
    "monitorPlan.monitorIds",
    "credentialIds",
    "clientMessages",
    "serverMessages",
) + tuple(found for place in _INLINE_TOOLS for found in patterns_below(place, tool.ID_SETS))

# Another provider is another shape: nothing of the former's fields may be carried over.
UNIONS = tuple(
    (pattern(field), "provider")
    for field in ("model", "voice", "transcriber", "voicemailDetection", "observabilityPlan")
)

ASSISTANT = Kind(
    name="Assistant",
    source=SOURCE,
    label_path=("metadata", "callsheet"),
    server_owned=SERVER_OWNED,
    references=REFERENCES,
    identity=IDENTITIES,
    id_sets=ID_SETS,
    # Third parties report that an assistant's legacy server secret is not echoed, only that it is set.
    secrets=(
        *SECRETS,
        SecretField(pattern("server.secret"), echo="never", indicator=("isServerUrlSecretSet",)),
    ),
    unions=UNIONS,
    version_path=("latestVersion",),
    exports=("name",),
)

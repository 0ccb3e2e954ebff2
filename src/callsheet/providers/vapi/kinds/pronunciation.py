"""Pronunciation dictionaries: kept by the voice vendor, listed by Vapi per vendor."""

from __future__ import annotations

from callsheet.model.kinds import Kind
from callsheet.model.paths import patterns
from callsheet.providers.vapi.kinds.common import SERVER_OWNED, SOURCE, identified

PRONUNCIATION_DICTIONARY = Kind(
    name="PronunciationDictionary",
    source=SOURCE,
    server_owned=SERVER_OWNED
    + patterns("resourceName", "resourceId", "versionId", "resource", "ownerId", "pinned"),
    identity=(identified("rules", "stringToReplace"), identified("items", "text")),
    # What ElevenLabs says of a dictionary holds no rules, so they are sent and not compared.
    write_only=patterns("rules"),
    # An update takes the rules or the items and nothing else.
    immutable=patterns("provider", "name"),
    exports=("resourceId", "versionId"),
    volatile=("versionId",),
)

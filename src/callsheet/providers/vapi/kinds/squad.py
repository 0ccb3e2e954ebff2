"""Squads: an ordered list of members, the first of which answers."""

from __future__ import annotations

from callsheet.model.kinds import Kind
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

# Where an assistant, or overrides in its shape, are embedded.
_EMBEDDED = ("members[*].assistant", "members[*].assistantOverrides", "membersOverrides")

SQUAD = Kind(
    name="Squad",
    source=SOURCE,
    server_owned=SERVER_OWNED,
    references=(
        refers("members[*].assistantId", "Assistant"),
        refers("members[*].assistantDestinations[*].assistantId", "Assistant"),
        refers("members[*].assistantDestinations[*].assistantName", "Assistant", attribute="name"),
        *(found for place in _EMBEDDED for found in below(place, assistant.REFERENCES)),
    ),
    identity=(
        identified("members", "assistantId", "assistant.name"),
        identified("members[*].assistantDestinations", "assistantId", "assistantName"),
        *(found for place in _EMBEDDED for found in identities_below(place, assistant.IDENTITIES)),
    ),
    id_sets=tuple(found for place in _EMBEDDED for found in patterns_below(place, assistant.ID_SETS)),
    secrets=tuple(
        found
        for place in _EMBEDDED
        for found in (*secrets_below(place, assistant.SECRETS), *server_secrets(f"{place}.server"))
    ),
    unions=tuple(found for place in _EMBEDDED for found in unions_below(place, assistant.UNIONS)),
    version_path=("latestVersion",),
)

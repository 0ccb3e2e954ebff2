"""Tools: 23 types behind one path, told apart by `type`."""

from __future__ import annotations

from callsheet.model.kinds import Kind, SecretField
from callsheet.model.paths import pattern, patterns
from callsheet.providers.vapi.kinds.common import (
    SERVER_OWNED,
    SOURCE,
    identified,
    refers,
    server_secrets,
)

# An unknown assistant or squad is refused here (gitops #28, #30). A tool of its own need not open the cycle:
# the assistant's `toolIds` does, and leaving out an id of a list leaves nothing half-said.
REFERENCES = (
    refers("destinations[*].assistantId", "Assistant"),
    refers("destinations[*].squadId", "Squad"),
    refers("destinations[*].assistantName", "Assistant", attribute="name"),
    refers("knowledgeBases[*].fileIds[*]", "File"),
    refers("credentialId", "Credential"),
    refers("server.credentialId", "Credential"),
    refers("destinations[*].server.credentialId", "Credential"),
)

# Header values are secret even where they need not be: a token in a comment on a pull request is worse
# than a content type that cannot be read in a diff. The values of `parameters` may hold them too.
SECRETS = (
    *server_secrets("server", "destinations[*].server"),
    SecretField(pattern("environmentVariables[*].value")),
    SecretField(pattern("headers.properties.*.value")),
    SecretField(pattern("headers.properties.*.default")),
    SecretField(pattern("parameters[*].value")),
    SecretField(pattern("destinations[*].sipHeaders.*")),
)

IDENTITIES = (
    identified("destinations", "assistantId", "assistantName", "squadId", "number", "sipUri", "type"),
    identified("messages", "type"),
    identified("parameters", "key"),
    identified("environmentVariables", "name"),
    identified("knowledgeBases", "name"),
)

ID_SETS = patterns("knowledgeBases[*].fileIds")

TOOL = Kind(
    name="Tool",
    source=SOURCE,
    # Only some types have a name of their own; function tools have none but their function's.
    other_names=(("function", "name"),),
    server_owned=SERVER_OWNED,
    references=REFERENCES,
    identity=IDENTITIES,
    id_sets=ID_SETS,
    secrets=SECRETS,
    immutable=patterns("type"),
    version_path=("latestVersion",),
)

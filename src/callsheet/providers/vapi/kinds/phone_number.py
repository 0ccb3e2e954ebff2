"""Phone numbers: five providers behind one path. Giving one up cannot be undone."""

from __future__ import annotations

from callsheet.model.kinds import Kind, Replacement, SecretField
from callsheet.model.paths import pattern, patterns
from callsheet.providers.vapi.kinds.common import SERVER_OWNED, SOURCE, identified, refers, server_secrets

PHONE_NUMBER = Kind(
    name="PhoneNumber",
    source=SOURCE,
    server_owned=SERVER_OWNED + patterns("status"),
    references=(
        refers("assistantId", "Assistant"),
        refers("squadId", "Squad"),
        refers("credentialId", "Credential"),
        refers("server.credentialId", "Credential"),
        refers("hooks[*].do[*].assistantId", "Assistant"),
        refers("hooks[*].do[*].squadId", "Squad"),
    ),
    identity=(identified("hooks", "on"),),
    secrets=(
        *server_secrets("server"),
        SecretField(pattern("twilioAuthToken"), echo="never"),
        SecretField(pattern("twilioApiKey")),
        SecretField(pattern("twilioApiSecret"), echo="never"),
        SecretField(pattern("authentication.password")),
        SecretField(pattern("fallbackDestination.sipHeaders.*")),
        SecretField(pattern("hooks[*].do[*].destination.sipHeaders.*")),
    ),
    # Only asked for when a number is bought; the answer names the number instead.
    write_only=patterns("numberDesiredAreaCode"),
    assigned=(("number", "provider", "vapi"),),
    immutable=patterns("provider", "numberDesiredAreaCode"),
    irreversible=True,
    replacement=Replacement.DELETE_FIRST,
)

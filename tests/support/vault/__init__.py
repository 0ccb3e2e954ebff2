"""A double of Vault's HTTP API, for what Callsheet asks of it and for what its tests prepare.

No package of this platform brings the real server. docs/secrets.md says how far the double was compared
with it, and how to run the same suite against a real one.
"""

from support.vault.double import Double

__all__ = ["Double"]

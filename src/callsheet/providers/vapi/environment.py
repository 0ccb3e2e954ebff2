"""What Vapi has of an environment's settings: data.

- `artifactPlan.loggingEnabled` is a switch ("whether the call logs are enabled", on where it is left out):
  Vapi's OpenAPI document of 2026-08-19, its changelog of 2025-08-21, and its SDKs, read 2026-11-28.
- No rate limit can be set: one per organisation, shown in its settings only (changelog of 2026-06-15).
"""

from __future__ import annotations

from collections.abc import Mapping

from callsheet.model.value import Path

LOGS: Path = ("artifactPlan", "loggingEnabled")
# Each level wants logs; Vapi has no levels of them, and none of what else it keeps of a call is one.
LOGGING: Mapping[str, bool] = {"verbose": True, "full": True, "structured": True}
# Regimes under which Vapi decides what is kept of a call: a level of logging turns nothing on there.
REGIMES: Mapping[str, Path] = {
    "hipaa": ("compliancePlan", "hipaaEnabled"),
    "pci": ("compliancePlan", "pciEnabled"),
}
SETTINGS: Mapping[str, str] = {
    "logging": "Vapi has call logs on or off, and no levels: every level turns them on "
    "(artifactPlan.loggingEnabled), but under HIPAA or PCI",
    "rateLimit": "Vapi has no rate limit that could be set: the application has to keep it",
}

"""The provider's own payload in a spec: one for all, or one per provider."""

from __future__ import annotations

from collections.abc import Mapping

from callsheet.model.document import Origin
from callsheet.model.value import Path, Value
from callsheet.spec.merge import Layered
from callsheet.spec.typed import Problem

PROVIDERS = ("vapi", "elevenlabs", "retell", "langgraph")
PATH: Path = ("spec", "native")


def pick(native: Value, provider: str, path: Path = PATH) -> tuple[Value, Path, list[Problem]]:
    """The part for `provider`, its path, and what is wrong. Keyed by provider means: by nothing else."""
    names = {*PROVIDERS, provider}
    if not isinstance(native, Mapping) or names.isdisjoint(native):
        return native, path, []
    mixed = [key for key in native if key not in names]
    if mixed:
        hint = f"Move {mixed[0]} under {provider}, or take the providers away."
        summary = "native is either one payload or one per provider, not both"
        return {}, path, [Problem((*path, mixed[0]), "spec.native", summary, hint)]
    return native.get(provider) or {}, (*path, provider), []


def pick_in(layered: Layered, provider: str) -> list[Problem]:
    """Replace the native part of a document by the one for the provider."""
    spec = layered.value["spec"]
    if "native" not in spec:
        return []
    chosen, path, problems = pick(spec["native"], provider)
    if path != PATH:
        origin: Origin = layered.origin(path)
        layered.put(PATH, chosen, origin)
    return problems

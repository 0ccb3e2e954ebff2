"""Which provider is meant by a model, voice or transcriber that is named alone."""

from __future__ import annotations

from collections.abc import Mapping

from callsheet.model.diagnostics import nearest
from callsheet.model.value import SYMBOLS, Path
from callsheet.providers.vapi import facts
from callsheet.providers.vapi.convert.draft import Findings


def provider_of(
    findings: Findings, noun: str, name: object, known: Mapping[str, tuple[str, ...]], at: Path
) -> str | None:
    """The one provider that has `name`; None after an error that says what to write instead."""
    if isinstance(name, SYMBOLS):
        findings.error(
            f"vapi.{noun}",
            f"the provider of the {noun} cannot be told from a reference",
            at,
            hint=f"add the provider, one of: {', '.join(_providers(noun))}",
        )
        return None
    if not isinstance(name, str):
        findings.error(f"vapi.{noun}", f"{noun} must be a name", at, hint="write it as a string")
        return None
    providers = known.get(name, ())
    if len(providers) == 1:
        return providers[0]
    if providers:
        findings.error(
            f"vapi.{noun}-ambiguous",
            f"{noun} {name!r} is offered by {' and '.join(providers)}",
            at,
            detail=f"Known from {facts.source()}.",
            hint=f"say which one: provider: {providers[0]}",
        )
    else:
        findings.error(
            f"vapi.{noun}-unknown",
            f"no provider of {noun} {name!r} is known",
            at,
            detail=f"Known are the names in {facts.source()}; newer and custom ones need their provider.",
            hint=nearest(name, known) or f"add the provider, one of: {', '.join(_providers(noun))}",
        )
    return None


def _providers(noun: str) -> list[str]:
    return sorted(facts.variants(noun))

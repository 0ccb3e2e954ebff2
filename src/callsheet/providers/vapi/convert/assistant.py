"""Assistants: the portable fields to Vapi's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callsheet.model.document import Document
from callsheet.model.kinds import Rendered
from callsheet.model.paths import ABSENT, get
from callsheet.model.value import Path, Ref, Secret, Text, Value
from callsheet.providers.vapi import environment, facts
from callsheet.providers.vapi.convert.draft import NATIVE, Draft, Findings, named, without_nulls
from callsheet.providers.vapi.convert.inference import provider_of

KEYS = frozenset(
    {
        "name",
        "description",
        "systemPrompt",
        "firstMessage",
        "model",
        "voice",
        "transcriber",
        "language",
        "tools",
        "knowledge",
        "structuredOutputs",
        "logging",
        "limits",
        "safety",
        "compliance",
        "fallbacks",
        "native",
    }
)


def render(document: Document) -> Rendered:
    findings = Findings(document)
    spec, draft = document.spec, Draft()
    native = without_nulls(spec.get("native"))
    named(draft, document)
    draft.set(("firstMessage",), spec.get("firstMessage"), ("spec", "firstMessage"))
    _model(spec, native, draft, findings)
    _prompt(spec, draft)
    _tools(spec, draft)
    _voice(spec, native, draft, findings)
    _transcriber(spec, native, draft, findings)
    _policies(spec, draft, findings)
    _logging(spec, native, draft)
    _fallbacks(spec, native, draft, findings)
    draft.merge(spec.get("native"))
    _needs_model(draft, findings)
    resource = draft.resource(document.address, "Assistant", document)
    return Rendered((resource,), (document.address,), tuple(findings.found))


def _model(spec: Mapping[str, Any], native: Value, draft: Draft, findings: Findings) -> None:
    model = spec.get("model")
    if model is None:
        return
    at: Path = ("spec", "model")
    if isinstance(model, str):
        model = {"model": model}
    draft.origins[("model",)] = at
    for key in ("provider", "model", "temperature", "maxTokens"):
        draft.set(("model", key), model.get(key), (*at, key))
    if "provider" not in model and get(native, ("model", "provider")) is ABSENT:
        name = get(native, ("model", "model"))
        place = (*NATIVE, "model", "model") if name is not ABSENT else (*at, "model")
        name = model.get("model") if name is ABSENT else name
        if name is None:
            return
        draft.set(("model", "provider"), provider_of(findings, "model", name, facts.models(), place), place)


def _prompt(spec: Mapping[str, Any], draft: Draft) -> None:
    """The system message: the prompt, then every safety instruction as a paragraph of its own."""
    prompt = spec.get("systemPrompt")
    safety = (spec.get("safety") or {}).get("instructions") or []
    parts = [part for part in (prompt, *safety) if part not in (None, "")]
    if not parts:
        return
    origin: Path = ("spec", "systemPrompt") if prompt else ("spec", "safety")
    message = {"role": "system", "content": joined(parts, "\n\n")}
    draft.append(("model", "messages"), message, origin)


def joined(parts: list[Value], between: str) -> str | Text:
    """Strings and texts with secrets as one."""
    pieces: list[str | Secret] = []
    for index, part in enumerate(parts):
        if index:
            pieces.append(between)
        pieces.extend(part.parts if isinstance(part, Text) else (part,))
    if all(isinstance(piece, str) for piece in pieces):
        return "".join(piece for piece in pieces if isinstance(piece, str))
    return Text(tuple(pieces))


def _tools(spec: Mapping[str, Any], draft: Draft) -> None:
    for index, item in enumerate(spec.get("tools") or ()):
        draft.append(("model", "toolIds"), item, ("spec", "tools", index))
    for index, item in enumerate(spec.get("knowledge") or ()):
        tool = qualified(item, "KnowledgeBase", "toolId")
        draft.append(("model", "toolIds"), tool, ("spec", "knowledge", index))
    for index, item in enumerate(spec.get("structuredOutputs") or ()):
        output = qualified(item, "StructuredOutput")
        draft.append(("artifactPlan", "structuredOutputIds"), output, ("spec", "structuredOutputs", index))


def qualified(value: Value, kind: str, attribute: str = "id") -> Value:
    """A reference with its kind where the field leaves no doubt about it."""
    if not isinstance(value, Ref):
        return value
    address = value.address if "/" in value.address else f"{kind}/{value.address}"
    return Ref(address, attribute if address.startswith(f"{kind}/") else value.attribute, value.id)


def _voice(spec: Mapping[str, Any], native: Value, draft: Draft, findings: Findings) -> None:
    voice = spec.get("voice")
    if voice is None:
        return
    for key, value in _voice_fields(voice, native, ("spec", "voice"), findings).items():
        draft.set(("voice", key), value, ("spec", "voice", key))


def _voice_fields(voice: Value, native: Value, at: Path, findings: Findings) -> dict[str, Value]:
    fields = {"voiceId": voice} if not isinstance(voice, Mapping) else dict(voice)
    if "provider" not in fields and get(native, ("voice", "provider")) is ABSENT and "voiceId" in fields:
        found = provider_of(findings, "voice", fields["voiceId"], facts.voices(), (*at, "voiceId"))
        fields = {**({"provider": found} if found else {}), **fields}
    provider = fields.get("provider")
    shape = facts.variants("voice").get(provider) if isinstance(provider, str) else None
    if "speed" in fields and shape and "speed" not in shape["properties"]:
        findings.warning(
            "vapi.unmapped",
            f"voices of {provider} have no speed; it is left out",
            (*at, "speed"),
            detail=f"According to {facts.source()}.",
        )
        del fields["speed"]
    return fields


def _transcriber(spec: Mapping[str, Any], native: Value, draft: Draft, findings: Findings) -> None:
    at: Path = ("spec", "transcriber")
    given = spec.get("transcriber")
    fields = dict(given) if isinstance(given, Mapping) else {}
    own = get(native, ("transcriber", "provider"))
    if "model" in fields and "provider" not in fields and own is ABSENT:
        place = (*at, "model")
        found = provider_of(findings, "transcriber", fields["model"], facts.transcribers(), place)
        draft.set(("transcriber", "provider"), found, place)
    for key, value in fields.items():
        draft.set(("transcriber", key), value, (*at, key))
    language = spec.get("language")
    if language is None or "language" in fields:
        return
    provider = own if own is not ABSENT else get(draft.payload, ("transcriber", "provider"))
    shape = facts.variants("transcriber").get(provider) if isinstance(provider, str) else None
    if provider is ABSENT:
        why = "Vapi has no language of an assistant, only of its transcriber, and none is chosen"
    elif shape and "language" not in shape["properties"]:
        why = f"transcribers of {provider} have no language"
    else:
        draft.set(("transcriber", "language"), language, ("spec", "language"))
        return
    findings.warning(
        "vapi.unmapped",
        "language has no effect here",
        ("spec", "language"),
        detail=f"{why}.",
        hint="add transcriber: {provider: …}",
    )


def _policies(spec: Mapping[str, Any], draft: Draft, findings: Findings) -> None:
    limits, compliance = spec.get("limits") or {}, spec.get("compliance") or {}
    seconds = limits.get("maxDurationSeconds")
    draft.set(("maxDurationSeconds",), seconds, ("spec", "limits", "maxDurationSeconds"))
    for key, own in environment.REGIMES.items():
        draft.set(own, compliance.get(key), ("spec", "compliance", key))
    if limits.get("callsPerHour") is not None:
        findings.warning(
            "vapi.unmapped",
            "limits.callsPerHour is not enforced: Vapi has no such setting of an assistant",
            ("spec", "limits", "callsPerHour"),
            hint="limit calls where they are started",
        )


def _logging(spec: Mapping[str, Any], native: Value, draft: Draft) -> None:
    compliance = spec.get("compliance") or {}
    if any(compliance.get(key) or get(native, own) is True for key, own in environment.REGIMES.items()):
        return
    level = spec.get("logging")
    wanted = environment.LOGGING.get(level) if isinstance(level, str) else None
    draft.set(environment.LOGS, wanted, ("spec", "logging"))


def _fallbacks(spec: Mapping[str, Any], native: Value, draft: Draft, findings: Findings) -> None:
    fallbacks = spec.get("fallbacks") or {}
    at: Path = ("spec", "fallbacks")
    _fallback_models(fallbacks.get("models") or (), native, draft, findings, (*at, "models"))
    provider = get(native, ("voice", "provider"))
    provider = get(draft.payload, ("voice", "provider")) if provider is ABSENT else provider
    shape = facts.variants("voice").get(provider) if isinstance(provider, str) else None
    for index, voice in enumerate(fallbacks.get("voices") or ()):
        place: Path = (*at, "voices", index)
        if provider is ABSENT or (shape and "fallbackPlan" not in shape["properties"]):
            whose = "an assistant without a voice" if provider is ABSENT else f"voices of {provider}"
            findings.warning(
                "vapi.unmapped",
                f"fallbacks.voices has no effect: there is no fallback plan for {whose}",
                place,
                detail=f"According to {facts.source()}.",
            )
            return
        fields = _voice_fields(voice, {}, place, findings)
        draft.append(("voice", "fallbackPlan", "voices"), fields, place)


def _fallback_models(models: Any, native: Value, draft: Draft, findings: Findings, at: Path) -> None:
    provider = get(native, ("model", "provider"))
    provider = get(draft.payload, ("model", "provider")) if provider is ABSENT else provider
    shape = facts.variants("model").get(provider) if isinstance(provider, str) else None
    for index, model in enumerate(models):
        place: Path = (*at, index)
        fields = model if isinstance(model, Mapping) else {"model": model}
        other = fields.get("provider", provider)
        if other != provider or shape is None or "fallbackModels" not in shape["properties"]:
            findings.warning(
                "vapi.unmapped",
                f"fallback model {fields.get('model')!r} has no effect with the model's provider"
                + (f" {provider}" if isinstance(provider, str) else ""),
                place,
                detail=f"Only models of openai have fallbacks, of the same provider ({facts.source()}).",
            )
            continue
        draft.append(("model", "fallbackModels"), fields.get("model"), place)


def _needs_model(draft: Draft, findings: Findings) -> None:
    model = draft.payload.get("model")
    if isinstance(model, dict) and "model" not in model and model.get("provider") != "vapi":
        first = next((origin for path, origin in draft.origins.items() if path[:1] == ("model",)), ())
        findings.error(
            "vapi.no-model",
            "no model is chosen",
            first,
            detail="Prompt and tools are part of the model's settings at Vapi.",
            hint="set spec.model, or model of the environment",
        )

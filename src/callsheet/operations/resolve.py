"""`resolve`: what the running application loads at start-up. Asks no provider."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from callsheet import __version__
from callsheet.model.canonical import fingerprint, plain, pretty
from callsheet.model.diagnostics import Diagnostic, note
from callsheet.model.errors import CallsheetError
from callsheet.model.paths import show
from callsheet.model.value import Secret, Text, Value, symbols
from callsheet.operations.session import Session
from callsheet.operations.sources import held
from callsheet.releases.pin import Pin, pinned
from callsheet.spec.effective import Effective, EffectivePrompt, effective
from callsheet.spec.environments import Environment

FORMAT = "callsheet.resolved/1"
# Settings in the form in which they are handed out, beside `settings`, which has them as the file does.
_SHORT = (("model", "model"), ("voice", "voiceId"))


def resolve(session: Session, prompt: str | None = None) -> dict[str, Any]:
    """The document that an application loads; with `prompt`, of the prompts that one only.

    Of a pinned environment it is what its release says, and of one that runs none yet, what the tree says.
    SpecError where the files are wrong, or a prompt that is pinned or asked for cannot be had. References to
    secrets stay references.
    """
    environment = session.environment
    pin = _pin(session)
    project = held(session, pin).project if pin else session.tree
    found = effective(project, environment, prompt)
    out: dict[str, Any] = {
        "format": FORMAT,
        "callsheet": __version__,
        "app": session.environments.app,
        "environment": environment.name,
        "release": {"version": pin.version, "digest": pin.digest} if pin else None,
        **_chosen(environment),
        "promptSource": environment.prompt_source,
        "logging": environment.logging,
        "rateLimit": environment.rate_limit,
        "featureFlags": plain(environment.feature_flags),
        "params": plain(found.params),
        "variables": plain(found.variables),
        "settings": plain(found.settings),
        "prompts": {name: _prompt(each) for name, each in found.prompts.items()},
        "secrets": dict(_secrets(found)),
        "diagnostics": [each.to_json() for each in _notes(environment, session.catalogue.settings)],
    }
    return {**out, "digest": fingerprint(out)}


def _pin(session: Session) -> Pin | None:
    """What a pinned environment runs. CallsheetError where that cannot be read here."""
    if not session.environment.pinned:
        return None
    try:
        return pinned(session.ledger.load())
    except CallsheetError as cause:
        raise CallsheetError(
            f"{session.environment.name} is pinned, and which release it runs cannot be read here: "
            f"{cause.diagnostics[0].summary}",
            hint="take along what `callsheet resolve --out FILE` wrote at deployment, and load that",
            code="resolve.release",
        ) from None


def write_resolved(document: Mapping[str, Any], path: Path) -> None:
    """Write the file that a deployment takes along, whole or not at all."""
    if not path.name or path.is_dir():
        raise CallsheetError(
            f"{path} is a folder, not a file for the settings",
            hint=f"name the file, such as --out {path / 'settings.json'}",
            code="resolve.out",
        )
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.write_bytes(pretty(dict(document)))
        temporary.replace(path)
    except OSError as cause:
        temporary.unlink(missing_ok=True)
        raise CallsheetError(
            f"{path} cannot be written ({cause.strerror})",
            hint="give --out another place",
            code="resolve.out",
        ) from None


def _chosen(environment: Environment) -> dict[str, Value]:
    """What assistants that say nothing are given, each as one plain value; null where none is set."""
    fills = environment.fills
    out = {name: _plain(fills.get(name, {}).get(key)) for name, key in _SHORT}
    temperature = fills.get("model", {}).get("temperature")
    return {**out, "temperature": temperature, "language": _plain(fills.get("language"))}


def _plain(value: Value) -> str | None:
    return value if isinstance(value, str) else None


def _prompt(prompt: EffectivePrompt) -> dict[str, str | None]:
    return {
        "version": prompt.version,
        "status": prompt.status,
        "path": prompt.path,
        "text": prompt.text,
    }


def _secrets(found: Effective) -> Iterator[tuple[str, list[str]]]:
    """The references by the key that holds them."""
    spaces = {"params": found.params, "settings": found.settings, "variables": found.variables}
    for space, values in spaces.items():
        for path, symbol in symbols(dict(values)):
            parts = symbol.parts if isinstance(symbol, Text) else (symbol,)
            yield show((space, *path)), [part.uri for part in parts if isinstance(part, Secret)]


def _notes(environment: Environment, at_provider: Mapping[str, str]) -> list[Diagnostic]:
    """What becomes of settings at the provider, where it has not all of them."""
    said = {"logging": environment.logging, "rateLimit": environment.rate_limit}
    return [
        note(
            "resolve.provider",
            f"{name}: {at_provider[name]}",
            place=environment.origin((name,)).place(),
        )
        for name, value in said.items()
        if value is not None and name in at_provider
    ]

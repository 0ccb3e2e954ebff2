"""For the running application: the settings, flags, limits and prompts of its environment.

    from callsheet.resolved import Resolved, resolve

    settings = Resolved.load("settings.json")     # what `callsheet resolve --out` wrote at deployment
    settings = resolve("prod", start="specs")     # or from the files themselves

No network, and no secret: what refers to one stays a reference, which the application resolves.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from callsheet.model.canonical import fingerprint
from callsheet.model.diagnostics import nearest
from callsheet.model.errors import CallsheetError
from callsheet.model.value import Secret as Secret
from callsheet.model.value import Text as Text
from callsheet.model.value import from_json

__all__ = ["CallsheetError", "Prompt", "Resolved", "Secret", "Text", "resolve"]

FORMAT = "callsheet.resolved/1"


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt as the environment uses it. `version` and `status` are None for a local file; `{{…}}` of
    the provider is still in `text`."""

    name: str
    text: str = field(repr=False)
    version: str | None = None
    status: str | None = None
    path: str = ""


@dataclass(frozen=True, slots=True)
class Resolved:
    """What holds in one environment.

    `model`, `temperature`, `voice` and `language` are what assistants are given that name none; None where
    the environment sets none. `rate_limit` is requests per hour: None is unlimited, and 0 is none at all.
    `params`, `variables` and `settings` may hold a Secret or a Text, never a secret's value; `secrets`
    says under which keys. `digest` is equal where everything is.
    """

    app: str
    environment: str
    model: str | None
    temperature: float | None
    voice: str | None
    language: str | None
    prompt_source: str
    logging: str | None
    rate_limit: int | None
    feature_flags: Mapping[str, Any]
    params: Mapping[str, Any]
    variables: Mapping[str, Any]
    settings: Mapping[str, Any]
    prompts: Mapping[str, Prompt]
    secrets: Mapping[str, tuple[str, ...]]
    digest: str
    # What a pinned environment runs, such as "prod@3"; None where the settings are those of a working tree.
    release: str | None = None

    @classmethod
    def load(cls, source: str | Path | bytes) -> Resolved:
        """From a file, or its bytes, as `callsheet resolve --out` wrote it. CallsheetError where it is none,
        or was changed since."""
        named = "the settings" if isinstance(source, bytes) else str(source)
        if not isinstance(source, bytes):
            try:
                source = Path(source).read_bytes()
            except OSError as cause:
                raise CallsheetError(
                    f"{named} cannot be read ({cause.strerror})",
                    hint="write it with `callsheet resolve --env ENV --out FILE` when you deploy",
                    code="resolved.unreadable",
                ) from None
        try:
            document = json.loads(source)
        except ValueError:
            raise _unfit(named, "is no JSON") from None
        return cls.of(document, named)

    @classmethod
    def of(cls, document: Mapping[str, Any], named: str = "the settings") -> Resolved:
        """From the parsed document. CallsheetError where it is no such document, or was changed."""
        found = document.get("format") if isinstance(document, Mapping) else None
        if found != FORMAT:
            raise _unfit(named, f"has the format {found!r}, and this version of Callsheet reads {FORMAT}")
        try:
            if document["digest"] != _digest(document):
                raise _unfit(named, "was changed since it was written")
            return cls(
                app=document["app"],
                environment=document["environment"],
                model=document["model"],
                temperature=document["temperature"],
                voice=document["voice"],
                language=document["language"],
                prompt_source=document["promptSource"],
                logging=document["logging"],
                rate_limit=document["rateLimit"],
                feature_flags=from_json(document["featureFlags"]),
                params=from_json(document["params"]),
                variables=from_json(document["variables"]),
                settings=from_json(document["settings"]),
                prompts={name: _prompt(name, each) for name, each in document["prompts"].items()},
                secrets={key: tuple(uris) for key, uris in document["secrets"].items()},
                digest=document["digest"],
                release=_release(document),
            )
        except (KeyError, TypeError, AttributeError):
            raise _unfit(named, "lacks what the format says") from None

    def flag(self, name: str, default: bool | None = None) -> bool:
        """Whether a feature is on. CallsheetError where the flag is not set and there is no `default`, or
        where it is no switch."""
        if name not in self.feature_flags and default is not None:
            return default
        value = self._get("feature flag", "featureFlags", self.feature_flags, name)
        if not isinstance(value, bool):
            raise CallsheetError(
                f"feature flag {name} of {self.environment} is {value!r}, which is neither true nor false",
                hint=f"read it as feature_flags[{name!r}]",
                code="resolved.no-switch",
            )
        return value

    def prompt(self, name: str) -> Prompt:
        """The prompt of that name. CallsheetError where the environment has none."""
        found: Prompt = self._get("prompt", "prompts", self.prompts, name)
        return found

    def variable(self, name: str) -> Any:
        """The value of a variable. CallsheetError where it is not set in this environment."""
        return self._get("variable", "variables", self.variables, name)

    def param(self, name: str) -> Any:
        """The value of a parameter. CallsheetError where it is not set in this environment."""
        return self._get("parameter", "params", self.params, name)

    def _get(self, what: str, where: str, held: Mapping[str, Any], name: str) -> Any:
        if name in held:
            return held[name]
        raise CallsheetError(
            f"{self.environment} has no {what} {name!r}",
            detail=f"It has: {_listed(held)}.",
            hint=nearest(name, held) or f"set it in {where} of environments.yaml, or deploy what has it",
            code="resolved.unknown",
        )


def resolve(
    environment: str | None = None, *, start: str | Path = ".", prompt: str | None = None
) -> Resolved:
    """What holds in an environment (without a name, the default one) of the project at `start`.

    Reads the project's files, and of a pinned environment its release, out of the store of its state; where
    that is not on this machine, take along what `callsheet resolve --out` wrote. CallsheetError with
    everything that is wrong.
    """
    from callsheet.operations.resolve import resolve as operation
    from callsheet.operations.session import Session

    with Session.open(Path(start), environment) as session:
        return Resolved.of(operation(session, prompt))


def _digest(document: Mapping[str, Any]) -> str:
    return fingerprint({key: value for key, value in document.items() if key != "digest"})


def _release(document: Mapping[str, Any]) -> str | None:
    release = document.get("release")
    return f"{document['environment']}@{release['version']}" if release else None


def _prompt(name: str, each: Mapping[str, Any]) -> Prompt:
    return Prompt(name, each["text"], each["version"], each["status"], each["path"])


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _unfit(named: str, why: str) -> CallsheetError:
    return CallsheetError(
        f"{named} {why}",
        hint="write it again with `callsheet resolve --env ENV --out FILE`",
        code="resolved.unfit",
    )

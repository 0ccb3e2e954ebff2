"""The wanted release: one line of environments.yaml, `release: uat@3@sha256:…`, read and written.

From an environment that follows the tree there are no versions, and the line is `release: dev@sha256:…`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from callsheet.model.errors import CallsheetError, SpecError
from callsheet.model.value import Path, Value
from callsheet.spec.environments import Environment
from callsheet.spec.positions import first_key, scalar_span
from callsheet.spec.reader import parse

_LINE = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9-]*)(?:@v?(?P<version>[1-9][0-9]*))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which release an environment is to run. What follows the tree has no versions."""

    environment: str
    version: int | None
    digest: str

    def __str__(self) -> str:
        version = [] if self.version is None else [str(self.version)]
        return "@".join([self.environment, *version, self.digest])

    @property
    def short(self) -> str:
        """For people: without what no one can read."""
        if self.version is not None:
            return f"{self.environment}@{self.version}"
        return f"{self.environment}@{self.digest[:19]}…"


def wanted(environment: Environment) -> Wanted | None:
    """What the environment's section asks for, or None. SpecError for a line that says nothing."""
    said = environment.release
    if said is None:
        return None
    found = _LINE.fullmatch(said) if isinstance(said, str) else None
    if not found or not found["digest"]:
        raise SpecError(
            f"release of {environment.name} is no release",
            detail="It names a version of another environment, bound to its bytes by their digest.",
            hint="write it like uat@3@sha256:…; `callsheet promote --write` does",
            place=environment.origin(("release",)).place(),
            code="spec.release",
        )
    return Wanted(found["name"], int(found["version"]) if found["version"] else None, found["digest"])


def written(text: str, environment: str, wanted: Wanted) -> str:
    """The text of environments.yaml with the line in the environment's section; nothing else of it changes.

    CallsheetError where the section is written in a way in which a line has no place.
    """
    section: Path = ("environments", environment)
    path = (*section, "release")
    span = scalar_span(text, path)
    if span is not None:
        out = f"{text[: span[0]]}{wanted}{text[span[1] :]}"
    else:
        out = _inserted(text, section, f"release: {wanted}")
    if not _only_that(text, out, environment, str(wanted)):
        raise _by_hand(environment, wanted)
    return out


def _inserted(text: str, section: Path, line: str) -> str:
    at = first_key(text, section)
    if at is None:
        return ""
    lines = text.splitlines(keepends=True)
    number, column = at
    for key in ("promotesFrom", "promotes_from", "pinned"):
        if span := scalar_span(text, (*section, key)):
            number = text.count("\n", 0, span[1]) + 1
            break
    if number and not lines[number - 1].endswith("\n"):
        lines[number - 1] += "\n"
    return "".join([*lines[:number], " " * column, line, "\n", *lines[number:]])


def _only_that(before: str, after: str, environment: str, line: str) -> bool:
    """Whether the two say the same, but for the line: what is written is never less than what was there."""
    old, new = parse(before), parse(after)
    if not after or new.findings or old.findings:
        return False
    same = _said(new.values, environment, line) == _said(old.values, environment, line)
    return same and bool(_line(new.values, environment) == line)


def _line(values: list[Value], environment: str) -> Value:
    return values[0]["environments"][environment].get("release")


def _said(values: list[Value], environment: str, line: str) -> Value:
    whole = dict(values[0])
    sections = dict(whole["environments"])
    sections[environment] = {**(sections[environment] or {}), "release": line}
    return {**whole, "environments": sections}


def _by_hand(environment: str, wanted: Wanted) -> CallsheetError:
    return CallsheetError(
        f"the line cannot be written into the section of {environment} as it stands",
        detail="environments.yaml was left as it is.",
        hint=f"write it yourself: release: {wanted}",
        code="promote.write",
    )

"""The shape of `protection:`, and what is wrong with one whose shape is right."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from callsheet.model.value import Value
from callsheet.spec.portable import Count, Shape
from callsheet.spec.typed import Problem, judge

Principals = list[str | dict[str, str]]
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
AUDIENCE = "callsheet"
_CLOCK = r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"
_WHOM = "A glob over a principal's name, or claims of its token that must all match."


class OidcSection(Shape):
    """Who may vouch for principals."""

    issuer: str = Field(pattern=r"^https?://[^\s/]+", description="Issuer of ID tokens that is trusted.")
    audience: str | list[str] | None = Field(
        None, min_length=1, description="The audience that its tokens must be for; callsheet if not given."
    )
    claims: dict[str, str | list[str]] | None = Field(
        None, description="Claims that its tokens must have; one of the values, as text and whole."
    )


class SignOffsSection(Shape):
    """Who must have signed before anything is applied."""

    required: Count | None = Field(None, description="How many persons; 1 if not given.")
    from_: Principals | None = Field(None, alias="from", description=f"Whose count. {_WHOM}")
    four_eyes: bool | None = Field(
        None, description="Whoever made or applies the plan does not count; true from 2 on."
    )


class WindowSection(Shape):
    """When changes may be applied."""

    days: list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]] | None = Field(
        None, min_length=1, description="Days of the week; all if not given."
    )
    from_: str | None = Field(None, alias="from", pattern=_CLOCK, description="Begin, HH:MM; else 00:00.")
    to: str | None = Field(
        None, pattern=_CLOCK, description="End, HH:MM, not included; else 24:00, which is midnight."
    )
    timezone: str | None = Field(None, description="Whose time that is, such as Europe/Amsterdam; else UTC.")


class GateSection(Shape):
    """Tests that must have passed. The evidence is a file of results, bound to the digest of the source."""

    name: str = Field(
        pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", description="The NAME of --evidence NAME=FILE."
    )
    min_passed: int | None = Field(None, ge=1, description="How many must have passed; 1 if not given.")
    max_failed: Count | None = Field(None, description="How many may have failed; 0 if not given.")
    max_skipped: Count | None = Field(None, description="How many may have been skipped; any if not given.")
    max_age: float | None = Field(None, gt=0, description="How old the evidence may be, in hours.")


class OverrideRight(Shape):
    """Whether a rule may be set aside, with a reason."""

    allowed: bool = Field(description="Whether --override is possible.")
    by: Principals | None = Field(None, description=f"Who may; else whoever may apply. {_WHOM}")


class ProtectionSection(Shape):
    """Who may apply what, and when."""

    principals: Principals | None = Field(None, description=f"Who may apply. {_WHOM}")
    verified: bool | None = Field(
        None, description="Whoever applies or signs must be verified by a token of `oidc`."
    )
    oidc: list[OidcSection] | None = Field(None, description="Issuers of ID tokens that are trusted.")
    sign_offs: Count | SignOffsSection | None = Field(None, description="Sign-offs; a number is `required`.")
    change_window: WindowSection | list[WindowSection] | None = Field(
        None, description="When changes may be applied: one window or several."
    )
    ticket: str | None = Field(None, min_length=1, description="Regular expression that --ticket must match.")
    max_deletes: Count | None = Field(None, description="Most deletions and replacements in one plan.")
    max_delete_ratio: float | None = Field(
        None, ge=0, le=1, description="Most of them as a share of what state holds, 0 to 1."
    )
    require_clean: bool | None = Field(None, description="No drift that nobody has acknowledged.")
    gates: list[GateSection] | None = Field(None, description="Tests that must have passed.")
    deny_variables: list[str] | None = Field(
        None, description="Variables that must not be set: names or globs, or NAME=value."
    )
    override: OverrideRight | None = Field(None, description="Whether rules may be set aside.")


def settled(value: Mapping[str, Value]) -> dict[str, Any]:
    """A protection in the one form that is judged and recorded: shorthands written out, defaults filled in.

    Only for one without `problems`.
    """
    out: dict[str, Any] = {key: item for key, item in value.items() if item is not None and item is not False}
    signs = out.pop("signOffs", None)
    if signs is not None:
        out["signOffs"] = _signs({"required": signs} if isinstance(signs, int) else _given(signs))
    if (windows := out.pop("changeWindow", None)) is not None:
        out["changeWindow"] = [_window(_given(each)) for each in _listed(windows)]
    if issuers := out.pop("oidc", None):
        out["oidc"] = [_issuer(_given(each)) for each in issuers]
    if gates := out.pop("gates", None):
        out["gates"] = [{"minPassed": 1, "maxFailed": 0, **_given(each)} for each in gates]
    if (right := out.pop("override", None)) and right["allowed"]:
        out["override"] = _given(right)
    return {key: item for key, item in out.items() if item != []}


def problems(value: Value) -> Iterator[Problem]:
    """What is wrong with a protection, by its path in it; nothing where its shape is not even right."""
    if not value or judge(ProtectionSection, value):
        return
    for index, window in enumerate(_listed(value.get("changeWindow"))):
        at = ("changeWindow", index) if isinstance(value["changeWindow"], list) else ("changeWindow",)
        yield from (
            Problem((*at, *each.path), each.code, each.summary, each.hint) for each in _in_window(window)
        )
    if (ticket := value.get("ticket")) and (why := _broken(ticket)):
        yield Problem(("ticket",), "spec.protection", f"ticket is no regular expression: {why}")
    names = [gate["name"] for gate in value.get("gates") or ()]
    for index, name in enumerate(names):
        if name in names[:index]:
            summary = f"there is a gate {name} already"
            yield Problem(
                ("gates", index, "name"), "spec.protection", summary, "Give each a name of its own."
            )
    yield from _about_whom(value)
    for index, text in enumerate(value.get("denyVariables") or ()):
        if not text.partition("=")[0].strip():
            summary = "denyVariables: an entry names no variable"
            yield Problem(
                ("denyVariables", index), "spec.protection", summary, "Write NAME, NAME_* or NAME=value."
            )


def _about_whom(value: Mapping[str, Any]) -> Iterator[Problem]:
    """Lists that name nobody."""
    signs = value.get("signOffs")
    lists = {
        ("principals",): value.get("principals"),
        ("signOffs", "from"): signs.get("from") if isinstance(signs, dict) else None,
        ("override", "by"): (value.get("override") or {}).get("by"),
    }
    for path, entries in lists.items():
        if entries == []:
            hint = "Name somebody, or leave the key out, which means everybody."
            yield Problem(path, "spec.protection", f"{'.'.join(path)} is empty", hint)
        for index, entry in enumerate(entries or ()):
            if not entry:
                hint = "Write a name, a glob, or {claim: glob}."
                yield Problem((*path, index), "spec.protection", f"{'.'.join(path)}: an entry is empty", hint)
    if value.get("oidc") == []:
        hint = "Name an issuer, or leave the key out, which means GitHub and GitLab."
        yield Problem(("oidc",), "spec.protection", "oidc names no issuer, so nobody is verified", hint)


def _in_window(window: Mapping[str, Any]) -> Iterator[Problem]:
    if (window.get("from") or "00:00") >= (window.get("to") or "24:00"):
        hint = "A window over midnight is two: one until 24:00, one from 00:00."
        yield Problem(("to",), "spec.protection", "the window ends before it begins", hint)
    zone = window.get("timezone") or "UTC"
    try:
        ZoneInfo(zone)
    except (ValueError, KeyError, OSError):
        hint = "Write one such as Europe/Amsterdam; where the system knows none, install the package tzdata."
        yield Problem(("timezone",), "spec.protection", f"there is no time zone {zone!r}", hint)


def _broken(pattern: str) -> str | None:
    try:
        re.compile(pattern)
    except re.error as cause:
        return str(cause)
    return None


def _signs(signs: Mapping[str, Any]) -> dict[str, Any]:
    required = signs.get("required", 1)
    return {**signs, "required": required, "fourEyes": signs.get("fourEyes", required >= 2)}


def _issuer(entry: Mapping[str, Any]) -> dict[str, Any]:
    claims = {key: _several(item) for key, item in (entry.get("claims") or {}).items()}
    out = {"issuer": entry["issuer"], "audience": _several(entry.get("audience", AUDIENCE))}
    return out | ({"claims": claims} if claims else {})


def _several(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _window(window: Mapping[str, Any]) -> dict[str, Any]:
    days = [day for day in DAYS if day in window.get("days", DAYS)]
    return {"from": "00:00", "to": "24:00", "timezone": "UTC", **window, "days": days}


def _listed(value: Any) -> Sequence[Mapping[str, Any]]:
    return [value] if isinstance(value, Mapping) else value or []


def _given(section: Mapping[str, Any]) -> dict[str, Any]:
    return {key: item for key, item in section.items() if item is not None}

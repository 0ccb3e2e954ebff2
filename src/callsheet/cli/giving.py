"""Options by which somebody gives what a protection asks for: a ticket, evidence, an override."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callsheet.model.errors import CallsheetError

if TYPE_CHECKING:
    from callsheet.policy.case import Given
    from callsheet.policy.evidence import Evidence

Function = Callable[..., Any]
_OPTIONS = ("ticket", "evidence", "overrides", "reason")


def ticketing(function: Function) -> Function:
    """The option of every verb that a protection may ask for a ticket."""
    return click.option("--ticket", metavar="TEXT", help="The ticket that the change is for.")(function)


def proving(function: Function) -> Function:
    """The option of the verbs that make a plan from files."""
    return click.option(
        "--evidence",
        multiple=True,
        metavar="NAME=FILE",
        help="Results for a gate of the protection: JUnit XML or callsheet.evidence/1. May be repeated.",
    )(function)


def overriding(function: Function) -> Function:
    """The options of the verbs that apply."""
    reason = click.option("--reason", metavar="TEXT", default="", help="Why --override; kept in the audit.")
    return click.option(
        "--override",
        "overrides",
        multiple=True,
        metavar="RULE",
        help="Set a rule of the protection aside, where it allows that; needs --reason. May be repeated.",
    )(reason(function))


def given_of(options: dict[str, Any], *, applying: bool) -> Given:
    """What these options give; they are taken out of `options`. CallsheetError where they make no sense."""
    from callsheet.policy.case import Given

    ticket, evidence, overrides, reason = (options.pop(name, None) for name in _OPTIONS)
    reason = (reason or "").strip()
    if overrides and not reason:
        raise CallsheetError(
            "an override needs a reason",
            detail="Nothing was read and nothing was written.",
            hint="give --reason TEXT; it is kept in the audit",
            code="usage",
        )
    if reason and not overrides:
        raise CallsheetError("--reason is for --override RULE, which is not given", code="usage")
    if overrides and not applying:
        raise CallsheetError("--override is for applying, and --out does not apply", code="usage")
    return Given(ticket, dict(map(_evidence, evidence or ())), tuple(overrides or ()), reason, applying)


def _evidence(text: str) -> tuple[str, Evidence]:
    from callsheet.policy.evidence import read_evidence

    name, sign, file = text.partition("=")
    if not (name and sign and file):
        raise CallsheetError(f"--evidence {text}: write NAME=FILE", code="usage")
    try:
        data = Path(file).read_bytes()
    except OSError as cause:
        raise CallsheetError(
            f"the evidence {file} cannot be read ({cause.strerror})", code="evidence.unreadable"
        ) from None
    return name, read_evidence(name, data)

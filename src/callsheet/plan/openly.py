"""Secrets that the files have openly: a value that is known as a secret, written out in a prompt or a field.

It is sent as it stands there, so a plan's file has it. Nobody is shown it, and state keeps a digest.
"""

from __future__ import annotations

from dataclasses import replace

from callsheet.diff.veil import Veil
from callsheet.model.diagnostics import Diagnostic, warning
from callsheet.model.kinds import Kind
from callsheet.model.paths import ABSENT, find, show
from callsheet.model.resource import Resource
from callsheet.model.value import Payload
from callsheet.plan.attributes import muted
from callsheet.plan.change import SIDES, Attribute, Change


def veiled(change: Change, veil: Veil) -> Change:
    """The change with no known secret in what a reader sees of it."""
    return replace(
        change,
        name=veil.name(change.name),
        attributes=tuple(_veiled(each, veil) for each in change.attributes),
    )


def warnings_of(resource: Resource, payload: Payload, veil: Veil) -> list[Diagnostic]:
    """One for each place of a payload that holds a known secret."""
    return [
        warning(
            "plan.secret-in-files",
            f"{show(path)} has the value of a secret written out",
            detail="It is not shown, and state keeps a digest of it. But the plan's file has to hold what it "
            "will send, and whoever reads the files has it.",
            hint="put the reference there, as in ${secrets://env/NAME}, and change the secret",
            place=resource.place(path),
            address=str(resource.address),
        )
        for path in veil.places(payload)
    ]


def open_secrets(kind: Kind, payload: Payload, live: Payload, veil: Veil) -> tuple[str, ...]:
    """Where a payload or live has known secrets, or a payload has text where secrets belong, as patterns."""
    told = {
        ".".join(field.at)
        for field in kind.secrets
        if any(isinstance(value, str) for _, value in find(payload, field.at))
    }
    return tuple(sorted({*veil.shapes(payload), *veil.shapes(live), *told}))


def _veiled(attribute: Attribute, veil: Veil) -> Attribute:
    sides = {
        name: muted(veil.over(value))
        for name in SIDES
        if (value := getattr(attribute, name)) is not ABSENT and veil.places(value)
    }
    return replace(attribute, sensitive=True, **sides) if sides else attribute

"""Notices: who is told that drift was found, changed or cleared, and what they were told last.

What was told last is a document in the environment's own store, so that any machine may run the next check.
It moves after the delivery: a check that is killed in between tells once more, and never once too little.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from callsheet.ci.base import HostError
from callsheet.ci.webhooks import KINDS, WEBHOOK, Message, Target, deliver
from callsheet.diff.classes import Class
from callsheet.diff.veil import Veil
from callsheet.model.canonical import fingerprint
from callsheet.model.diagnostics import Diagnostic
from callsheet.model.errors import CallsheetError, StateError
from callsheet.model.paths import show
from callsheet.model.value import Secret, transform
from callsheet.operations.drift import Drift
from callsheet.operations.session import Session
from callsheet.plan.drift import Drifted
from callsheet.secrets.base import SCHEME
from callsheet.state.store import Moved

FORMAT = "callsheet.notice/1"
_KEPT = "callsheet.notices/1"
FOUND, CHANGED, CLEARED = "found", "changed", "cleared"
_CLEAR = ""
_TRIES = 5
_LISTED = 20
_FOLDER = "notices"


@dataclass(frozen=True, slots=True)
class Recipient:
    """A webhook as the command line names it: its kind, and the reference that leads to its address."""

    kind: str
    reference: str

    def __str__(self) -> str:
        return f"{self.kind}={self.reference}"

    @classmethod
    def parse(cls, text: str) -> Recipient:
        """`slack=REFERENCE` or `webhook=REFERENCE`. CallsheetError for anything else; it is not shown."""
        kind, found, reference = text.partition("=")
        if not found or kind not in KINDS:
            raise CallsheetError(
                "--notify takes slack=REFERENCE or webhook=REFERENCE",
                hint="a reference is secrets://… or the name of a variable that holds the address",
                code="drift.notify",
            )
        return cls(kind, referred("--notify", reference))


def referred(option: str, text: str) -> str:
    """The reference as `secrets://…`. CallsheetError for a value in its place, which is not shown."""
    if text.startswith(SCHEME):
        return text
    if text.isidentifier() and text.isascii():
        return f"{SCHEME}env/{text}"
    raise CallsheetError(
        f"{option} takes a reference, and never the value itself",
        detail="A command line is seen by everybody on the machine, and kept in logs of CI jobs.",
        hint="put it into a variable and give the variable's name, or secrets://…",
        code="drift.notify",
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What was told of one environment, to whom; and whom it could not be told to."""

    event: str
    recipient: str

    def to_json(self) -> dict[str, str]:
        return {"event": self.event, "recipient": self.recipient}


def notify(
    session: Session, found: Drift, fail_on: str, recipients: Sequence[Recipient], key: str | None
) -> tuple[list[Told], list[Diagnostic]]:
    """Tell everybody to whom it is news: what was told, and what could not be."""
    now = _standing(found, fail_on)
    last = _Last.read(session, found.environment)
    told: list[Told] = []
    problems: list[Diagnostic] = []
    for each in recipients:
        before = last.standings.get(str(each), _CLEAR)
        event = _event(before, now)
        if event is None:
            continue
        try:
            deliver(_target(session, each, key), _message(session, found, event), session.clock)
        except CallsheetError as cause:
            problems += cause.diagnostics
            continue
        last = last.moved(session, found.environment, str(each), now)
        told.append(Told(event, each.reference))
    return told, problems


def left_notices(session: Session, recipients: Sequence[Recipient]) -> list[str]:
    """Environments that the file no longer has, and of whose drift a recipient was told, and not that it is
    gone. Of what the session's store remembers; what another app does there is its own."""
    names = {each.name.removeprefix(f"{_FOLDER}/") for each in session.store.contents(_FOLDER)}
    # Those that the file has are followed up by their own check.
    names -= session.environments.environments.keys()
    kept = {name: _Last.read(session, name) for name in sorted(names)}
    return [
        name
        for name, last in kept.items()
        if last.app == session.environments.app
        and any(last.standings.get(str(each), _CLEAR) != _CLEAR for each in recipients)
    ]


def _standing(found: Drift, fail_on: str) -> str:
    """What is the case, as a word that is equal for as long as nothing moves that counts; empty where
    nothing counts."""
    if not found.exit_code(fail_on):
        return _CLEAR
    report = found.report
    what: dict[str, Any] = {}
    if fail_on != "unmanaged":
        what["managed"] = [_counted(each, managed=True) for each in report.drifted if each.counts]
    if fail_on != "managed":
        what["fields"] = [_counted(each, managed=False) for each in report.drifted if each.counts_unmanaged]
        what["objects"] = sorted((each["kind"], each["remoteId"]) for each in report.unmanaged)
    return fingerprint(what)


def _counted(each: Drifted, *, managed: bool) -> dict[str, Any]:
    moved = [one for one in each.movements if one.managed is managed and not one.acknowledged]
    return {
        "address": each.address,
        "remoteId": each.remote_id,
        "missing": each.classification is Class.MISSING,
        "attributes": [one.to_json() for one in moved],
    }


def _event(before: str, now: str) -> str | None:
    if before == now:
        return None
    if before == _CLEAR:
        return FOUND
    return CLEARED if now == _CLEAR else CHANGED


def _target(session: Session, recipient: Recipient, key: str | None) -> Target:
    url = session.keeper.value(Secret(recipient.reference))
    if recipient.kind != WEBHOOK:
        return Target(recipient.reference, recipient.kind, url)
    if key is None:
        raise HostError(
            f"{recipient.reference} was not told: nothing signs what is sent there",
            detail="Without a signature its receiver cannot know that a message is Callsheet's.",
            hint="give --notify-key REFERENCE, the key that both sides know",
            code="ci.webhook",
        )
    return Target(recipient.reference, recipient.kind, url, session.keeper.value(Secret(key)).encode())


def _message(session: Session, found: Drift, event: str) -> Message:
    """Addresses and paths, and no value: those stay in the report, where the environment is."""
    report = found.report
    what = {
        "environment": found.environment,
        "resources": [
            {
                "address": each.address,
                "class": str(each.classification),
                "paths": [show(one.path) for one in each.movements if not one.acknowledged],
            }
            for each in report.drifted
            if each.counts or each.counts_unmanaged
        ],
        "unmanaged": [
            {"kind": each["kind"], "remoteId": each["remoteId"], "name": each.get("name")}
            for each in report.unmanaged
        ],
    }
    # A secret may stand in a name, or in a key of a path.
    veil = Veil.of(session.keeper.known_values(), found.state.key)
    what = transform(what, lambda leaf: veil.name(leaf) if isinstance(leaf, str) else leaf)
    app = session.environments.app
    title = {
        FOUND: f"Drift found in {app} {found.environment}",
        CHANGED: f"Drift of {app} {found.environment} changed",
        CLEARED: f"Drift of {app} {found.environment} is gone",
    }[event]
    body = {
        "format": FORMAT,
        "event": event,
        "app": app,
        "checkedAt": found.checked_at,
        "state": {"lineage": found.state.lineage, "serial": found.state.serial},
        "summary": found.to_json()["summary"],
        **what,
    }
    return Message(title, [] if event == CLEARED else _lines(what), body)


def _lines(what: Mapping[str, Any]) -> list[str]:
    lines = []
    for each in what["resources"][:_LISTED]:
        paths = ", ".join(each["paths"][:5]) + (", …" if len(each["paths"]) > 5 else "")
        said = "is gone" if each["class"] == "missing" else paths
        lines.append(f"≠ {each['address']}: {said}")
    if more := len(what["resources"]) - _LISTED:
        lines += [f"and {more} more"] if more > 0 else []
    if count := len(what["unmanaged"]):
        lines.append(f"{count} {'object' if count == 1 else 'objects'} that nobody declared")
    return lines


@dataclass(frozen=True, slots=True)
class _Last:
    """What every recipient was told last, and the version of the document that says so; of which app."""

    standings: Mapping[str, str]
    version: str | None
    app: str | None = None

    @classmethod
    def read(cls, session: Session, environment: str) -> _Last:
        name = _name(environment)
        document = session.store.read(name)
        if document is None:
            return cls({}, None)
        try:
            data = orjson.loads(document.data)
            if data["format"] != _KEPT:
                raise ValueError(data["format"])
            told = {str(key): str(value) for key, value in data["told"].items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise StateError(
                f"{name} in {session.store.describe()} is not what a drift check wrote",
                detail="It says what was told last. Nobody was told anything now.",
                hint="remove that document: then everybody is told anew",
                code="drift.notices",
            ) from None
        return cls(told, document.version, data.get("app"))

    def moved(self, session: Session, environment: str, recipient: str, standing: str) -> _Last:
        """Remember what one recipient was told, whatever another check wrote meanwhile."""
        last = self
        for _ in range(_TRIES):
            told = {**last.standings, recipient: standing}
            document = {"app": session.environments.app, "format": _KEPT, "told": told}
            data = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
            try:
                return replace(
                    last,
                    standings=told,
                    version=session.store.write(_name(environment), data, expected=last.version),
                )
            except Moved:
                last = _Last.read(session, environment)
        raise StateError(
            f"{_name(environment)} kept moving while it was written",
            hint="run one check at a time; who was told now may be told once more",
            code="drift.notices",
        )


def _name(environment: str) -> str:
    return f"{_FOLDER}/{environment}"

"""From compared paths to the attribute lines that people read, each with its cause and its place."""

from __future__ import annotations

from collections.abc import Sequence

from callsheet.diff.classes import Comparison, PathState, Verdict
from callsheet.diff.equality import same
from callsheet.diff.explain import Op, explain
from callsheet.model.kinds import Kind
from callsheet.model.paths import ABSENT, covers, find, get, leaves, matches, pattern
from callsheet.model.resource import Resource
from callsheet.model.value import (
    Digest,
    External,
    Path,
    Payload,
    Ref,
    Secret,
    Text,
    Value,
    symbols,
    transform,
)
from callsheet.plan.change import Attribute, Cause
from callsheet.plan.resolution import shown
from callsheet.state.record import Record

SETTINGS_FILE = "environments.yaml"


def attributes(
    kind: Kind,
    comparison: Comparison,
    resource: Resource,
    record: Record | None,
    live: Payload | None,
    overwrite: bool,
) -> tuple[Attribute, ...]:
    """The lines of an update (or import): what live has now against what it is to be."""
    out: list[Attribute] = []
    hidden = _sensitive_patterns(kind, record)
    for state in comparison.paths:
        match state.verdict:
            case Verdict.CONFLICT if not overwrite:
                out.append(_conflict(state, resource, hidden))
            case Verdict.SET | Verdict.RESTORE | Verdict.CONFLICT | Verdict.CLEAR:
                out.extend(_explained(kind, state, resource, record, hidden))
            case Verdict.RELEASE:
                out.append(
                    Attribute(
                        state.path,
                        "release",
                        old=muted(state.live),
                        cause=Cause.SPEC,
                        sensitive=_sensitive(state.path, state.live, hidden),
                        at=_at(resource, ()),
                    )
                )
            case _:
                pass
    return (*out, *_lost(kind, comparison, resource, live or {}))


def _lost(kind: Kind, comparison: Comparison, resource: Resource, live: Payload) -> list[Attribute]:
    """What goes when a value becomes one of another type: its unmanaged keys belong to the old type."""
    out = []
    moving = (Verdict.SET, Verdict.RESTORE, Verdict.CONFLICT, Verdict.CLEAR)
    changed = {state.path for state in comparison.with_verdict(*moving)}
    owned = {state.path for state in comparison.paths}
    for shape, key in kind.unions:
        for path, value in find(live, shape):
            if (*path, key) not in changed:
                continue
            for inner, old in leaves(value, path):
                if inner not in owned:
                    out.append(Attribute(inner, "remove", old=muted(old), at=_at(resource, (*path, key))))
    return out


def created(kind: Kind, resource: Resource, payload: Payload, cause: Cause) -> tuple[Attribute, ...]:
    """The lines of a creation: every leaf of the payload."""
    hidden = _sensitive_patterns(kind, None)
    return tuple(
        Attribute(
            path,
            "add",
            new=muted(value),
            cause=cause,
            sensitive=_sensitive(path, value, hidden),
            at=_at(resource, path),
        )
        for path, value in leaves(payload)
        if path
    )


def deleted(kind: Kind, record: Record) -> tuple[Attribute, ...]:
    """The lines of a deletion: what was applied and will be gone."""
    hidden = [field.at for field in kind.secrets] + [pattern(text) for text in record.masked]
    return tuple(
        Attribute(
            path, "remove", old=muted(value), cause=Cause.SPEC, sensitive=_sensitive(path, value, hidden)
        )
        for path, value in leaves(record.applied_symbols)
        if path
    )


def _explained(
    kind: Kind, state: PathState, resource: Resource, record: Record | None, hidden: Sequence[tuple[str, ...]]
) -> list[Attribute]:
    out = []
    # What the provider never returns can only be told from what was sent.
    old = state.applied if covers(state.path, kind.write_only) else state.live
    for difference in explain(kind, state.path, old, state.desired):
        # Keys of list elements that nobody declared and that did not move are the provider's defaults.
        inside = difference.path[len(state.path) :]
        if (
            difference.op is Op.REMOVE
            and any(isinstance(step, int) for step in inside)
            and isinstance(inside[-1], str)
            and get(state.applied, inside) is ABSENT
            and (state.seen is ABSENT or same(get(state.seen, inside), difference.old))
        ):
            continue
        out.append(
            Attribute(
                difference.path,
                str(difference.op),
                old=muted(difference.old),
                new=shown(difference.new) if difference.new is not ABSENT else ABSENT,
                cause=cause_of(state, resource, record, difference.path),
                sensitive=_sensitive(difference.path, difference.old, hidden)
                or _sensitive(difference.path, difference.new, hidden),
                at=_at(resource, state.path if difference.op is Op.REMOVE else difference.path),
            )
        )
    return out


def cause_of(state: PathState, resource: Resource, record: Record | None, path: Path) -> Cause:
    """Why a path changes: who moved, and what exactly of the desired value moved."""
    if state.verdict is Verdict.RESTORE:
        return Cause.DRIFT
    if record is None:
        return Cause.IMPORT
    if state.desired is not ABSENT and state.applied is not ABSENT:
        if _differs_by(state, Ref, External):
            return Cause.REFERENCE
        if _differs_by(state, Secret, Text):
            return Cause.SECRET
    document = resource.document
    if record.files_digest == document.files_digest:
        if record.settings_digest != document.settings_digest:
            return Cause.SETTINGS
        # An http tool with another operation stands for other objects, whoever refers to it.
        alike = same(_without_references(state.desired), _without_references(state.applied))
        return Cause.REFERENCE if alike else Cause.RENDERER
    place = resource.place(path)
    return Cause.SETTINGS if place and place.file.endswith(SETTINGS_FILE) else Cause.SPEC


def _without_references(value: Value) -> Value:
    if isinstance(value, dict):
        return {
            key: _without_references(item)
            for key, item in value.items()
            if not isinstance(item, Ref | External)
        }
    if isinstance(value, list):
        return [_without_references(item) for item in value if not isinstance(item, Ref | External)]
    return value


def _differs_by(state: PathState, *types: type) -> bool:
    """Whether desired and applied are the same but for what symbols of the given types stand for."""

    def anonymous(value: Value) -> Value:
        def leaf(item: Value) -> Value:
            if not isinstance(item, types):
                return item
            if isinstance(item, Ref):
                return Ref(item.address, item.attribute)
            if isinstance(item, External):
                return External(item.kind, item.name)
            return shown(item)

        return transform(value, leaf)

    return same(anonymous(state.desired), anonymous(state.applied))


def _conflict(state: PathState, resource: Resource, hidden: Sequence[tuple[str, ...]]) -> Attribute:
    return Attribute(
        state.path,
        "conflict",
        old=muted(state.live),
        new=shown(state.desired) if state.desired is not ABSENT else ABSENT,
        applied=muted(state.applied),
        seen=muted(state.seen),
        cause=Cause.SPEC,
        sensitive=_sensitive(state.path, state.live, hidden) or _sensitive(state.path, state.desired, hidden),
        at=_at(resource, state.path),
    )


def _sensitive_patterns(kind: Kind, record: Record | None) -> list[tuple[str, ...]]:
    return [field.at for field in kind.secrets] + [
        pattern(text) for text in (record.masked if record else ())
    ]


def _sensitive(path: Path, value: Value, hidden: Sequence[tuple[str, ...]]) -> bool:
    return (
        covers(path, hidden)
        or any(isinstance(symbol, Secret | Text | Digest) for _, symbol in symbols(value))
        # A list is one line, and what stands in it may be as secret as beneath an object.
        or any(matches(path, shape[: len(path)]) and any(find(value, shape[len(path) :])) for shape in hidden)
    )


def muted(value: Value) -> Value:
    """A live or stored value for show: digests say nothing to a reader, and a plan carries none."""
    if value is ABSENT:
        return ABSENT
    return shown(transform(value, lambda item: Digest("") if isinstance(item, Digest) else item))


def _at(resource: Resource, path: Path) -> str | None:
    place = resource.place(path)
    return str(place) if place else None

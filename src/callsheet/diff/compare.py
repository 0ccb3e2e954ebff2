"""Desired, applied, seen and live of one resource, compared path by path (design §4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from callsheet.diff.classes import Comparison, PathState, Unowned, Verdict
from callsheet.diff.equality import agrees, lingers, same
from callsheet.model.kinds import Kind
from callsheet.model.paths import ABSENT, Pattern, covers, drop_all, get, leaves, matches_any
from callsheet.model.value import Path, Payload, Value


def compare(
    kind: Kind,
    desired: Payload,
    applied: Payload,
    seen: Payload,
    live: Payload,
    *,
    ignore: Sequence[Pattern] = (),
    residual: Sequence[Path] = (),
) -> Comparison:
    """The full table for a resource that state knows. Payloads are views; symbols carry ids and digests."""
    if ignore:
        desired, applied, seen, live = (drop_all(each, ignore) for each in (desired, applied, seen, live))
    owned = owned_paths(desired, applied)
    paths = tuple(_judge(kind, path, desired, applied, seen, live) for path in owned)
    paths += tuple(
        PathState(path, Verdict.RESIDUAL, ABSENT, ABSENT, get(seen, path), get(live, path))
        for path in residual
        if path not in owned and same(get(seen, path), get(live, path), kind.id_sets, path)
    )
    return Comparison(paths, tuple(moved(kind, seen, live, owned)))


def compare_unknown(
    kind: Kind, desired: Payload, live: Payload, ignore: Sequence[Pattern] = ()
) -> Comparison:
    """Desired against live for an object that state does not know (import): no baseline, so no drift.

    Paths that the provider never returns cannot be compared and count as they are wanted.
    """
    desired, live = drop_all(desired, ignore), drop_all(live, ignore)
    found = []
    for path in owned_paths(desired, {}):
        wanted, actual = get(desired, path), get(live, path)
        hidden = covers(path, kind.write_only) or (
            actual is ABSENT
            and matches_any(path, [field.at for field in kind.secrets if field.echo == "never"])
        )
        fits = hidden or agrees(wanted, actual, kind.id_sets, path)
        verdict = Verdict.IN_SYNC if fits else Verdict.SET
        found.append(PathState(path, verdict, wanted, ABSENT, ABSENT, actual))
    return Comparison(tuple(found))


def owned_paths(desired: Payload, applied: Payload) -> tuple[Path, ...]:
    """The paths that desired or applied mention; where one holds the other, desired decides the grain."""
    wanted = [path for path, _ in leaves(desired) if path]
    known = set(wanted)
    ancestors = {path[:length] for path in wanted for length in range(1, len(path))}
    sent = [
        path
        for path, _ in leaves(applied)
        if path
        and path not in known
        and path not in ancestors
        # An object that became empty in the files still owns what was sent beneath it.
        and not any(
            path[:length] in known and get(desired, path[:length]) != {} for length in range(1, len(path))
        )
    ]
    return (*wanted, *sent)


def _judge(
    kind: Kind, path: Path, desired: Payload, applied: Payload, seen: Payload, live: Payload
) -> PathState:
    d, a, s, now = get(desired, path), get(applied, path), get(seen, path), get(live, path)
    sets = kind.id_sets
    live_moved = not same(now, s, sets, path)
    inner = False
    if d is ABSENT:
        # Dropped from the files: ours to clear only while live is what we left there.
        if now is ABSENT or now is None:
            verdict = Verdict.CONVERGED
        else:
            verdict = Verdict.RELEASE if live_moved else Verdict.CLEAR
    else:
        if d == {} and isinstance(now, dict):
            return PathState(path, Verdict.IN_SYNC, d, a, s, now)
        # A null that is newly said asks for a clear, though null and absent are one value otherwise.
        clear_asked = d is None and a is ABSENT and now is not ABSENT and now is not None
        spec_moved = clear_asked or not same(d, a, sets, path)
        if not spec_moved and not live_moved:
            fits = agrees(d, now, sets, path) or covers(path, kind.write_only)
            verdict = Verdict.IN_SYNC if fits else Verdict.NORMALISED
        elif live_moved and not spec_moved:
            verdict = Verdict.RESTORE
            inner = agrees(d, now, sets, path) and agrees(d, s, sets, path)
        elif agrees(d, now, sets, path) and not lingers(d, a, now) and not clear_asked:
            verdict = Verdict.CONVERGED
        else:
            verdict = Verdict.CONFLICT if live_moved else Verdict.SET
    return PathState(path, verdict, d, a, s, now, inner)


def moved(kind: Kind, seen: Value, live: Value, owned: Sequence[Path], path: Path = ()) -> Iterator[Unowned]:
    """Where live differs from seen outside of the owned paths."""
    if path in owned or same(seen, live, kind.id_sets, path):
        return
    inside = [each for each in owned if each[: len(path)] == path]
    if isinstance(seen, dict) and isinstance(live, dict):
        for key in sorted(seen.keys() | live.keys()):
            yield from moved(kind, seen.get(key, ABSENT), live.get(key, ABSENT), inside, (*path, key))
    elif inside:
        # One side has no object here: what is beneath is owned leaves (judged there) and the rest.
        for key in sorted(set(_keys(seen)) | set(_keys(live))):
            yield from moved(kind, get(seen, (key,)), get(live, (key,)), inside, (*path, key))
    else:
        yield Unowned(path, seen, live)


def _keys(value: Value) -> Sequence[str]:
    return list(value) if isinstance(value, dict) else ()

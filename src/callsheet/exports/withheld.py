"""What an export withholds: its secrets, and where each comes from again on the way back.

Each is kept where live still has it, else it is what the files said then, else it is told. What the
provider never shows is not in an export at all; what the files said of it then is all there is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

from callsheet.diff.equality import agrees, same
from callsheet.diff.explain import identities
from callsheet.diff.view import mask, provider_masked, view
from callsheet.exports.destinations import kept_together
from callsheet.model.diagnostics import Diagnostic, warning
from callsheet.model.kinds import Kind
from callsheet.model.paths import ABSENT, Pattern, covers, drop, get, put, show
from callsheet.model.resource import RemoteObject
from callsheet.model.value import SYMBOLS, Digest, Path, Payload, Secret, Text, Value, symbols
from callsheet.plan.assess import hidden_from
from callsheet.state.record import Record


@dataclass(slots=True)
class Withheld:
    """The secrets of one object. `record` is state's of then, `current` state's of now.

    `left` are the paths, down to a list at most, that do not go back: what state owns there stays what it is.
    """

    kind: Kind
    record: Record
    current: Record | None
    live: RemoteObject | None
    key: bytes
    digest_of: Callable[[Secret | Text], str | None]
    diagnostics: list[Diagnostic] = field(default_factory=list)
    left: set[Path] = field(default_factory=set)

    def given_back(self, payload: Payload) -> Payload:
        """The payload of an export with its secrets, as far as there is a way to them."""
        payload = then = self._hidden(payload, self.record.applied_symbols)
        payload = self._shown(payload)
        payload = self._addressed(payload, then)
        return self._unharmed(payload, self._missing(payload))

    def _hidden(self, payload: Payload, applied: Payload) -> Payload:
        """With what the files said where the provider shows nothing."""
        for path, value in _strings(applied):
            if not covers(path, self._masked):
                continue
            there = counterpart(self.kind, applied, payload, path)
            if there and isinstance(get(payload, there[:-1]), dict) and get(payload, there) is ABSENT:
                payload = put(payload, there, value)
        return payload

    def _missing(self, payload: Payload) -> list[Path]:
        """The paths of what does not resolve. What does, and is another today, is told."""
        missing = []
        for path, symbol in list(symbols(payload)):
            if not isinstance(symbol, Secret | Text):
                continue
            digest = self.digest_of(_bare(symbol))
            if digest is None:
                missing.append(path)
            elif symbol.digest is not None and symbol.digest != digest:
                self.diagnostics.append(_rotated(self.record.address, path, symbol))
        return missing

    def _addressed(self, payload: Payload, then: Payload) -> Payload:
        """With the address as live has it for every secret that stays as live has it."""
        payload, left = kept_together(payload, then, self._present, partial(counterpart, self.kind))
        for address, secret in left:
            self.left |= {_whole(address), _whole(secret)}
            self.diagnostics.append(_not_apart(self.record.address, address, secret))
        return payload

    def _shown(self, payload: Payload) -> Payload:
        """Each digest kept where live has its value, else as the files said it, else as live has it."""
        wanted = [(path, each) for path, each in symbols(payload) if isinstance(each, Digest)]
        held = _digests(self.live.payload if self.live else {}, self.key)
        known = dict(_by_digest(self.record.applied_symbols, self.key)) if wanted else {}
        for path, each in reversed(wanted):
            if each.digest in held and not covers(path, self._masked):
                continue
            said = self._said(payload, path, each.digest, known)
            if isinstance(said, str):
                payload = put(payload, path, said)
                continue
            digest = self.digest_of(said) if said is not None else None
            if said is not None and digest is not None:
                payload = put(payload, path, said)
                if digest != each.digest:
                    self.diagnostics.append(_rotated(self.record.address, path, said))
                continue
            there = counterpart(self.kind, payload, self._present, path)
            kept = get(self._present, there) if there else ABSENT
            stays = isinstance(kept, Digest) and kept.digest in held and not covers(path, self._masked)
            payload = put(payload, path, kept) if stays else drop(payload, path)
            if not stays:
                self.left.add(_whole(path))
            self.diagnostics.append(_not_restorable(self.record.address, path, said, stays))
        return payload

    def _said(
        self, payload: Payload, path: Path, digest: str, known: dict[str, Value]
    ) -> Secret | Text | str | None:
        """What the files said then: that very value wherever it stood, else what stood at the same place."""
        applied = self.record.applied_symbols
        there = counterpart(self.kind, payload, applied, path)
        here = get(applied, there) if there else ABSENT
        said = here if isinstance(here, Secret | Text) and here.digest == digest else known.get(digest, here)
        if isinstance(said, str):
            return said if digest in known else None
        return _bare(said) if isinstance(said, Secret | Text) else None

    def _unharmed(self, payload: Payload, missing: list[Path]) -> Payload:
        """With every key left alone whose sending would erase what the provider hides."""
        if self.live is None:
            for path in reversed(missing):
                symbol = get(payload, path)
                assert isinstance(symbol, Secret | Text)
                self.diagnostics.append(_not_restorable(self.record.address, path, symbol, False))
                payload = drop(payload, path)
                self.left.add(_whole(path))
            return payload
        erased = [path for path in hidden_from(self.kind, self.live) if get(payload, path) is ABSENT]
        alone: set[str] = set()
        for path in [*missing, *erased]:
            top = str(path[0])
            if top in alone or same(_open(payload.get(top)), _open(self._present.get(top))):
                continue
            alone.add(top)
            self.left.add((top,))
            self.diagnostics.append(_left(self.record.address, path))
            payload = drop(payload, (top,))
            if top in self._present:
                payload = put(payload, (top,), self._present[top])
        return payload

    @property
    def _present(self) -> Payload:
        """What live shows, and what state says of what it does not show."""
        if self.live is None:
            return {}
        shown = view(self.kind, self.live, self.key, self.record.masked)
        held = _digests(self.live.payload, self.key)
        for path, each in reversed(list(symbols(shown))):
            # The provider's own mask is no value, and must never be sent as one.
            if isinstance(each, Digest) and each.digest not in held:
                shown = drop(shown, path)
        return self._hidden(shown, self.current.applied_symbols) if self.current else shown

    @property
    def _masked(self) -> list[Pattern]:
        return [each.at for each in self.kind.secrets if each.echo != "plain"]


def counterpart(kind: Kind, one: Value, other: Value, path: Path) -> Path | None:
    """Where `other` has the thing that `one` has at the path; None where an element of a list has none there.

    Elements are told apart as a diff tells them apart; those that cannot be are the same at the same index,
    in lists of one length, if all that both show is the same.
    """
    there: Path = ()
    for length, step in enumerate(path):
        if isinstance(step, int):
            found = _like(kind, path[:length], get(one, path[:length]), get(other, there), step)
            if found is None:
                return None
            step = found
        there = (*there, step)
    return there


def _like(kind: Kind, place: Path, items: Value, others: Value, index: int) -> int | None:
    if not isinstance(items, list) or not isinstance(others, list):
        return None
    keys, theirs = identities(kind, place, items), identities(kind, place, others)
    if keys is not None and theirs is not None:
        return theirs.index(keys[index]) if keys[index] in theirs else None
    if len(items) != len(others):
        return None
    one, other = items[index], others[index]
    return index if agrees(_open(one), other) or agrees(_open(other), one) else None


def _open(value: Value) -> Value:
    """Without secrets."""
    if isinstance(value, dict):
        return {
            key: _open(item) for key, item in value.items() if not isinstance(item, Secret | Text | Digest)
        }
    return [_open(item) for item in value] if isinstance(value, list) else value


def _strings(value: Value, path: Path = ()) -> Iterator[tuple[Path, Value]]:
    """Every string and every symbol of a tree, with its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _strings(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(item, (*path, index))
    elif isinstance(value, (str, *SYMBOLS)):
        yield path, value


def _by_digest(applied: Payload, key: bytes) -> Iterator[tuple[str, Value]]:
    """What the files said, by the digest of its value; where they said a secret openly, that."""
    for _, value in _strings(applied):
        if isinstance(value, Secret | Text) and value.digest is not None:
            yield value.digest, value
        elif isinstance(value, str) and isinstance(masked := mask(value, key), Digest):
            yield masked.digest, value


def _digests(value: Value, key: bytes) -> set[str]:
    """The keyed digests of all strings of an object that are values and not the provider's masks."""
    return {
        masked.digest
        for _, text in _strings(value)
        if not provider_masked(text) and isinstance(masked := mask(text, key), Digest)
    }


def _whole(path: Path) -> Path:
    """The path down to the first list, which is one value."""
    first = next((at for at, step in enumerate(path) if isinstance(step, int)), len(path))
    return path[:first]


def _bare(symbol: Secret | Text) -> Secret | Text:
    return replace(symbol, digest=None)


def _names(symbol: Secret | Text) -> str:
    parts = symbol.parts if isinstance(symbol, Text) else (symbol,)
    return ", ".join(part.uri for part in parts if isinstance(part, Secret))


def _rotated(address: str, path: Path, symbol: Secret | Text) -> Diagnostic:
    return warning(
        "rollback.secret-of-today",
        f"{show(path)} comes back with what {_names(symbol)} holds today, which is not what it held then",
        address=address,
    )


def _not_restorable(address: str, path: Path, symbol: Secret | Text | None, stays: bool) -> Diagnostic:
    why = f"{_names(symbol)} does not resolve here" if symbol else "no reference to it is known"
    return warning(
        "rollback.secret-not-restorable",
        f"{show(path)} cannot be restored: live does not hold that secret any more, and {why}",
        detail="It is left as live has it now." if stays else "It is left out.",
        hint="make the reference resolve" if symbol else "set it again where it was set before",
        address=address,
    )


def _left(address: str, path: Path) -> Diagnostic:
    return warning(
        "rollback.left-as-it-is",
        f"{path[0]} does not go back: {show(path)} is hidden by the provider and cannot be resolved here",
        detail=f"Sending {path[0]!r} replaces it whole, so that secret would be erased.",
        hint="make its reference resolve, or set it back at the provider",
        address=address,
    )


def _not_apart(address: str, path: Path, secret: Path) -> Diagnostic:
    return warning(
        "rollback.left-as-it-is",
        f"{show(path)} does not go back: the secret at {show(secret)} stays as live has it",
        detail="It was set for the address that live has, and would be sent to another one. "
        "The secrets beside it stay with it.",
        hint="make its reference resolve, or set both back at the provider",
        address=address,
    )

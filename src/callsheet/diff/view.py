"""The view of a remote object that may be compared, kept and shown.

Server-owned fields and Callsheet's own mark are left out; secrets are replaced by keyed digests.
This is the one way from a provider's answer into state, plans and reports.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence

from callsheet.model.kinds import Kind
from callsheet.model.paths import Pattern, drop, drop_all, find, get, pattern, put
from callsheet.model.resource import RemoteObject
from callsheet.model.value import Digest, Path, Payload, Secret, Text, Value, symbols, transform

_MASK = re.compile(r"[*•●]{3}|^[xX.…]{4,}$")


def view(kind: Kind, remote: RemoteObject, key: bytes, masked: Iterable[str] = ()) -> Payload:
    """`remote.payload` as it may leave the process; `masked` are further patterns that hold secrets."""
    # What is write-only may still stand in the answer to a write; no list shows it again.
    payload = drop_all(remote.payload, (*kind.server_owned, *kind.write_only))
    if kind.label_path:
        payload = _without_label(payload, kind.label_path)
    shapes: list[Pattern] = [field.at for field in kind.secrets]
    shapes += [pattern(text) for text in masked]
    return dict(masked_at(payload, shapes, key))


def masked_at(payload: Payload, shapes: Iterable[Pattern], key: bytes) -> Payload:
    """With the values at these places as digests, whether they came as values or as digests."""
    for shape in shapes:
        for path, value in list(find(payload, shape)):
            payload = put(payload, path, mask(value, key))
    return payload


def recognised(payload: Payload, kept: Payload, key: bytes) -> Payload:
    """`payload` with every string as a digest that `kept`, a record's, has as one: its value was a secret
    when it was sent, and need not be in reach now."""
    known = {symbol.digest for _, symbol in symbols(kept) if isinstance(symbol, Digest)}
    if not known:
        return payload

    def leaf(value: Value) -> Value:
        found = mask(value, key) if isinstance(value, str) else value
        return found if isinstance(found, Digest) and found.digest in known else value

    out: Payload = transform(payload, leaf)
    return out


def mask(value: Value, key: bytes) -> Value:
    """Every string beneath as a digest. The provider's own masks too: a secret may look like one."""
    if isinstance(value, dict):
        return {name: mask(item, key) for name, item in value.items()}
    if isinstance(value, list):
        return [mask(item, key) for item in value]
    if isinstance(value, str) and value:
        return Digest(hmac.new(key, value.encode(), hashlib.sha256).hexdigest())
    return value


def provider_masked(value: Value) -> bool:
    """Whether a string looks like a mask (`****`, `sk-••••`) and not like a value."""
    return isinstance(value, str) and _MASK.search(value) is not None


def secret_patterns(payload: Payload) -> tuple[str, ...]:
    """Where a payload holds secrets, as patterns: the provider may echo them at these places."""
    found = {
        shape_of(path) for path, symbol in symbols(payload) if isinstance(symbol, Secret | Text | Digest)
    }
    return tuple(sorted(found))


def leaked(payload: Value, values: Sequence[str], path: Path = ()) -> list[Path]:
    """Places where one of the known secret values turns up."""
    if isinstance(payload, dict):
        return [found for key, item in payload.items() for found in leaked(item, values, (*path, key))]
    if isinstance(payload, list):
        return [found for index, item in enumerate(payload) for found in leaked(item, values, (*path, index))]
    # What stands openly beside a reference is as open.
    parts = payload.parts if isinstance(payload, Text) else [payload]
    texts = [part for part in parts if isinstance(part, str)]
    return [path] if any(value in text for text in texts for value in values) else []


def shape_of(path: Path) -> str:
    """A path with its indices opened; keys with dots are out of a pattern's reach and opened as well."""
    return ".".join("*" if isinstance(step, int) or "." in step or "[" in step else step for step in path)


def _without_label(payload: Payload, label_path: Path) -> Payload:
    if not get(payload, label_path):
        return payload
    payload = drop(payload, label_path)
    holder = label_path[:-1]
    # A container that held our mark alone was made by us.
    return drop(payload, holder) if holder and get(payload, holder) == {} else payload

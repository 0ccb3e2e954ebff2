"""Layers of a document, one over the other, each path remembering where it came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from callsheet.model.document import Origin
from callsheet.model.value import Path, Payload, Value

# Says where the value at a path of a layer stands in its file.
OriginOf = Callable[[Path], Origin]


class Layered:
    """A value under construction. The value that it starts from, and every layer, stay untouched."""

    def __init__(self, value: Payload, origin: Origin) -> None:
        self.value = value
        self.origins: dict[Path, Origin] = {(): origin}

    def patch(self, path: Path, layer: Value, origin_of: OriginOf) -> None:
        """JSON merge patch (RFC 7386) at `path`; `origin_of` is asked with paths in `layer`."""
        self.value = self._patched(self.value, path, layer, origin_of, ())

    def put(self, path: Path, value: Value, origin: Origin | None = None) -> None:
        """Set one value; mappings on the way are made where they are missing."""
        self._forget(path)
        if origin is not None:
            self.origins[path] = origin
        self.value = _put(self.value, path, value)

    def remove(self, path: Path) -> None:
        """Take one key away, if it is there."""
        self._forget(path)
        self.value = _put(self.value, path, _GONE)

    def fill(self, path: Path, layer: Mapping[str, Value], origin_of: OriginOf) -> list[Path]:
        """Set what is unset at `path`, leaf by leaf; gives the paths in `layer` that were used."""
        used: list[Path] = []
        self._fill(path, layer, origin_of, (), used)
        return used

    def origin(self, path: Path) -> Origin:
        """Where the value at `path` comes from."""
        for length in range(len(path), -1, -1):
            if found := self.origins.get(path[:length]):
                return Origin(found.source, found.document, found.path + path[length:])
        return self.origins[()]

    def _patched(self, base: Value, path: Path, layer: Value, origin_of: OriginOf, at: Path) -> Value:
        if path:
            fields = dict(base) if isinstance(base, dict) else {}
            step = str(path[0])
            fields[step] = self._patched(fields.get(step), path[1:], layer, origin_of, (*at, step))
            return fields
        return self._merged(base, layer, origin_of, at, ())

    def _merged(self, base: Value, layer: Value, origin_of: OriginOf, at: Path, inner: Path) -> Value:
        if not isinstance(layer, dict):
            self._forget(at)
            self.origins[at] = origin_of(inner)
            return layer
        if not isinstance(base, dict):
            self._forget(at)
            self.origins[at] = origin_of(inner)
            base = {}
        fields = dict(base)
        for key, item in layer.items():
            if item is None:
                fields.pop(key, None)
                self._forget((*at, key))
            else:
                fields[key] = self._merged(fields.get(key), item, origin_of, (*at, key), (*inner, key))
        return fields

    def _fill(
        self, path: Path, layer: Mapping[str, Value], origin_of: OriginOf, inner: Path, used: list[Path]
    ) -> None:
        base: Value = self.value
        for step in path:
            base = base.get(step) if isinstance(base, dict) else None
        for key, item in layer.items():
            there = isinstance(base, dict) and key in base
            if there and isinstance(base[key], dict) and isinstance(item, dict):
                self._fill((*path, key), item, origin_of, (*inner, key), used)
            elif not there:
                used.append((*inner, key))
                self.put((*path, key), item, origin_of((*inner, key)))

    def _forget(self, path: Path) -> None:
        if len(self.origins) > 1:
            depth = len(path)
            for known in [known for known in self.origins if known[:depth] == path and known]:
                del self.origins[known]


_GONE = object()


def _put(value: Value, path: Path, new: Value) -> Value:
    fields = dict(value) if isinstance(value, dict) else {}
    head, rest = str(path[0]), path[1:]
    if rest:
        if new is _GONE and head not in fields:
            return value
        fields[head] = _put(fields.get(head), rest, new)
    elif new is _GONE:
        fields.pop(head, None)
    else:
        fields[head] = new
    return fields

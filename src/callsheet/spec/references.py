"""References in payloads, to the resources that they mean."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from callsheet.model.address import Address
from callsheet.model.diagnostics import Diagnostic, Place, error, nearest
from callsheet.model.document import Document
from callsheet.model.kinds import Kind
from callsheet.model.paths import matches, show
from callsheet.model.resource import Resource
from callsheet.model.value import Path, Ref, Value, symbols
from callsheet.spec.shapes import POLICY


class _Unresolved(Exception):
    def __init__(self, code: str, summary: str, hint: str = "") -> None:
        super().__init__(summary)
        self.code, self.summary, self.hint = code, summary, hint


@dataclass(frozen=True, slots=True)
class _Splice:
    """A list whose elements moved: for each new index the old one."""

    path: Path
    olds: tuple[int, ...]


class References:
    """Expands every Ref of an estate.

    `stands_for` says what each document's address means; `declared` are all documents, also those that
    could not be rendered: references to them are no errors of their own. With `unread` there are files
    that could not be read, and what is missing may be in one of them.
    """

    def __init__(
        self,
        kinds: Mapping[str, Kind],
        resources: Mapping[Address, Resource],
        stands_for: Mapping[Address, tuple[Address, ...]],
        declared: Collection[Address],
        *,
        unread: bool = False,
    ) -> None:
        self._unread = unread
        self._kinds = kinds
        self._resources = resources
        self._stands_for = stands_for
        self._declared = set(declared)
        self._named: dict[str, list[Address]] = {}
        for address in declared:
            self._named.setdefault(address.name, []).append(address)
        self.diagnostics: list[Diagnostic] = []

    def check(self, document: Document, told: Collection[Place | None]) -> None:
        """Report the references of a document that is not rendered, as far as they lead nowhere at all and
        nothing was told of their places."""
        for path, symbol in symbols(document.spec, ("spec",)):
            if not isinstance(symbol, Ref) or "${" in symbol.address or document.place(path) in told:
                continue
            try:
                self._addresses(symbol.address, {}, path)
            except _Unresolved as problem:
                if problem.code == "spec.dangling" and not self._unread:
                    self._tell(document, path, problem)

    def expanded(self, resource: Resource) -> Resource:
        """The resource with whole addresses in its references; lists grow where one stands for several."""
        splices: list[_Splice] = []
        payload = self._walk(resource.payload, (), resource, splices)
        if payload is resource.payload:
            return resource
        origins = dict(resource.origins)
        for splice in splices:
            origins = _respliced(origins, splice)
        return replace(resource, payload=payload, origins=origins)

    def _walk(self, value: Value, path: Path, resource: Resource, splices: list[_Splice]) -> Value:
        if isinstance(value, dict):
            out: dict[str, Value] | None = None
            for key, item in value.items():
                if isinstance(item, dict | list | Ref):
                    new = self._walk(item, (*path, key), resource, splices)
                    if new is not item:
                        out = dict(value) if out is None else out
                        out[key] = new
            return value if out is None else out
        if isinstance(value, list):
            return self._list(value, path, resource, splices)
        if isinstance(value, Ref):
            found = self._resolved(value, path, resource)
            if len(found) == 1:
                return found[0]
            if len(found) > 1:
                shown = ", ".join(ref.address for ref in found)
                hint = f"Name the one that is meant, as in {{ref: {found[0].address}}}."
                summary = (
                    f"{value.address} stands for {len(found)} objects ({shown}); only a list holds several"
                )
                self._error(resource, path, _Unresolved("spec.reference", summary, hint))
        return value

    def _list(self, value: list[Value], path: Path, resource: Resource, splices: list[_Splice]) -> Value:
        items: list[Value] = []
        olds: list[int] = []
        changed = False
        for index, item in enumerate(value):
            if isinstance(item, Ref):
                new = self._resolved(item, (*path, index), resource)
                items.extend(new)
                olds.extend([index] * len(new))
                changed = True
            elif isinstance(item, dict | list):
                walked = self._walk(item, (*path, index), resource, splices)
                items.append(walked)
                olds.append(index)
                changed = changed or walked is not item
            else:
                items.append(item)
                olds.append(index)
        if olds != list(range(len(value))):
            splices.append(_Splice(path, tuple(olds)))
        return items if changed else value

    def _resolved(self, ref: Ref, path: Path, resource: Resource) -> list[Ref]:
        try:
            targets = self._targets(resource.kind, path)
            addresses = self._addresses(ref.address, targets, path)
            return [self._ref(ref, address, targets, path) for address in addresses]
        except _Unresolved as problem:
            if problem.code != "spec.dangling" or not self._unread:
                self._error(resource, path, problem)
            return []

    def _targets(self, kind: str, path: Path) -> dict[str, str]:
        known = self._kinds.get(kind)
        out: dict[str, str] = {}
        for reference in known.references if known else ():
            if matches(path, reference.at):
                out.update(reference.targets)
        return out

    def _addresses(self, text: str, targets: Mapping[str, str], path: Path) -> Iterable[Address]:
        if "/" not in text:
            return self._by_name(text, targets, path)
        try:
            address = Address.parse(text)
        except ValueError as problem:
            raise _Unresolved("spec.reference", str(problem)) from None
        if address.part is not None:
            if address in self._resources:
                return (address,)
            if address.document in self._declared and address.document not in self._stands_for:
                return ()
            raise self._dangling(text, (str(known) for known in self._resources))
        if address.kind == POLICY:
            raise _policy(text)
        if address not in self._declared:
            raise self._dangling(text, (str(known) for known in self._declared))
        return self._stands_for.get(address, ())

    def _by_name(self, name: str, targets: Mapping[str, str], path: Path) -> Iterable[Address]:
        named = [address for address in self._named.get(name, ()) if address.kind != POLICY]
        fitting = [address for address in named if self._fits(address, targets)] if targets else named
        if len(fitting) == 1:
            return self._stands_for.get(fitting[0], ())
        if len(fitting) > 1:
            hint = f"Write {' or '.join(f'{{ref: {address}}}' for address in fitting)}."
            raise _Unresolved("spec.reference", f"{name!r} is the name of {len(fitting)} resources", hint)
        if named:
            raise _misplaced(named[0], targets, path)
        if name in self._named:
            raise _policy(name)
        known = {item.name for item in self._declared if not targets or self._fits(item, targets)}
        raise self._dangling(name, known)

    def _fits(self, document: Address, targets: Mapping[str, str]) -> bool:
        meant = self._stands_for.get(document)
        if not meant:
            return document.kind in targets
        return any(self._resources[address].kind in targets for address in meant)

    def _ref(self, ref: Ref, address: Address, targets: Mapping[str, str], path: Path) -> Ref:
        kind = self._resources[address].kind
        if targets and kind not in targets:
            raise _misplaced(address, targets, path)
        attribute = ref.attribute if ref.attribute != "id" else targets.get(kind, "id")
        return Ref(str(address), attribute)

    def _dangling(self, text: str, known: Iterable[str]) -> _Unresolved:
        hint = (
            nearest(text, known) or "Declare it, or write {external: Kind/NAME} for what is not managed here."
        )
        return _Unresolved("spec.dangling", f"there is no resource {text!r}", hint)

    def _error(self, resource: Resource, path: Path, problem: _Unresolved) -> None:
        place = resource.place(path)
        address = str(resource.document.address)
        self.diagnostics.append(
            error(problem.code, problem.summary, hint=problem.hint, place=place, address=address)
        )

    def _tell(self, document: Document, path: Path, problem: _Unresolved) -> None:
        self.diagnostics.append(
            error(
                problem.code,
                problem.summary,
                hint=problem.hint,
                place=document.place(path),
                address=str(document.address),
            )
        )


def _misplaced(address: Address, targets: Mapping[str, str], path: Path) -> _Unresolved:
    wanted = " or ".join(sorted(targets))
    return _Unresolved("spec.reference", f"{address} cannot stand at {show(path)}", f"Expected: {wanted}.")


def _policy(text: str) -> _Unresolved:
    hint = "Name it in policies or safetyPolicyRef."
    return _Unresolved("spec.reference", f"{text!r} is a policy, which is no object at the provider", hint)


def _respliced(origins: Mapping[Path, Path], splice: _Splice) -> dict[Path, Path]:
    """Origins of payload paths after the elements of one list moved."""
    depth = len(splice.path)
    inside: dict[int, dict[Path, Path]] = {}
    out: dict[Path, Path] = {}
    for path, origin in origins.items():
        if len(path) > depth and path[:depth] == splice.path and isinstance(step := path[depth], int):
            inside.setdefault(step, {})[path[depth + 1 :]] = origin
        else:
            out[path] = origin
    for new, old in enumerate(splice.olds):
        out[*splice.path, new] = _origin(origins, (*splice.path, old))
        for rest, origin in inside.get(old, {}).items():
            out[(*splice.path, new, *rest)] = origin
    return out


def _origin(origins: Mapping[Path, Path], path: Path) -> Path:
    for length in range(len(path), -1, -1):
        if (origin := origins.get(path[:length])) is not None:
            return origin + path[length:]
    return path

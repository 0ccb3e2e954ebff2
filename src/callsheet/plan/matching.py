"""Which remote object each address means: by state, by a rename, or as an import to be reviewed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from callsheet.model.address import Address
from callsheet.model.diagnostics import Diagnostic, error, warning
from callsheet.model.resource import RemoteObject, Resource
from callsheet.model.value import Content
from callsheet.plan.inputs import Inputs
from callsheet.state.record import Record

# The key of Callsheet's mark on an upload that holds the SHA-256 of its content.
CONTENT_MARK = "content"


@dataclass(slots=True)
class Matches:
    """Per desired address: its record (renames followed) and its live object; and what is left over."""

    records: dict[str, Record] = field(default_factory=dict)
    live: dict[str, RemoteObject] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)  # new address → old address
    imports: set[str] = field(default_factory=set)
    removed: dict[str, Record] = field(default_factory=dict)  # in state, not in the files
    unmanaged: list[RemoteObject] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def match(inputs: Inputs) -> Matches:
    out = Matches()
    records = dict(inputs.state.records)
    _follow_renames(inputs, records, out)
    for address, resource in inputs.resources.items():
        key = str(address)
        if record := records.pop(key, None):
            out.records[key] = record
            if found := inputs.live.get(record.kind, {}).get(record.remote_id):
                out.live[key] = found
        elif key not in out.records:
            continue
        if resource.kind != out.records[key].kind:
            out.diagnostics.append(
                error(
                    "plan.kind-changed",
                    f"{key} is a {out.records[key].kind} at the provider and a {resource.kind} in the files",
                    hint="give one of them another name",
                    place=resource.place(),
                    address=key,
                )
            )
    out.removed = records
    free = {
        kind: {
            identity: remote for identity, remote in objects.items() if not inputs.state.owns(kind, identity)
        }
        for kind, objects in inputs.live.items()
    }
    if inputs.restoration is not None:
        _bind_again(inputs, free, out)
    elif not inputs.options.destroy:
        _propose_imports(inputs, free, out)
    taken = {(remote.kind, remote.id) for remote in out.live.values()}
    out.unmanaged = [
        remote
        for kind in sorted(free)
        for _, remote in sorted(free[kind].items())
        if (kind, remote.id) not in taken
    ]
    return out


def _follow_renames(inputs: Inputs, records: dict[str, Record], out: Matches) -> None:
    for address, resource in inputs.resources.items():
        source = resource.lifecycle.moved_from
        if not source or str(address) in records:
            continue
        former = former_address(address, source)
        if former in inputs.resources or str(former) not in records:
            continue
        record = records.pop(str(former))
        records[str(address)] = replace(record, address=str(address))
        out.moved[str(address)] = str(former)


def former_address(address: Address, source: str) -> Address:
    """What an address was called before a rename; a document's parts move with it."""
    old = Address.parse(source)
    return Address(old.kind, old.name, old.part or address.part)


def _propose_imports(inputs: Inputs, free: Mapping[str, Mapping[str, RemoteObject]], out: Matches) -> None:
    claims: dict[tuple[str, str], str] = {}
    by_label, by_name = _indexes(inputs, free)
    for address, resource in inputs.resources.items():
        key = str(address)
        if key in out.records:
            continue
        candidates = by_label.get((resource.kind, key), [])
        how = "carries its label"
        if not candidates and (source := resource.lifecycle.moved_from):
            # State was lost after a rename: the mark still says the former address.
            former = str(former_address(address, source))
            candidates = by_label.get((resource.kind, former), [])
            how = f"carries the label of {former}, which it was"
        candidates = _of_this_lineage(inputs, candidates)
        if upload := next((each for each in resource.payload.values() if isinstance(each, Content)), None):
            # What the provider never returns cannot be compared: only the mark tells that it is the same.
            candidates = [
                each for each in candidates if (each.label or {}).get(CONTENT_MARK) == upload.sha256
            ]
        elif not candidates:
            name = remote_name(inputs, resource)
            candidates = by_name.get((resource.kind, name), []) if name else []
            how = f"is named {name!r}"
        if len(candidates) > 1:
            ids = ", ".join(sorted(candidate.id for candidate in candidates))
            out.diagnostics.append(
                error(
                    "plan.ambiguous-import",
                    f"{key}: {len(candidates)} remote objects could be it ({ids}), each {how}",
                    detail="Taking the wrong one would overwrite something that belongs to somebody else.",
                    hint="rename or delete all but one of them at the provider, or rename it in the file",
                    place=resource.place(),
                    address=key,
                )
            )
        elif candidates:
            claim = (resource.kind, candidates[0].id)
            if claim in claims:
                out.diagnostics.append(
                    error(
                        "plan.ambiguous-import",
                        f"{key} and {claims[claim]} would both import {claim[1]}: it {how}",
                        hint="give them different names",
                        place=resource.place(),
                        address=key,
                    )
                )
                continue
            claims[claim] = key
            out.live[key] = candidates[0]
            out.imports.add(key)
            if _foreign(inputs, candidates[0]):
                out.diagnostics.append(_other_lineage(resource, candidates[0]))


def _bind_again(inputs: Inputs, free: Mapping[str, Mapping[str, RemoteObject]], out: Matches) -> None:
    """On the way back nothing is taken for something else: only the very object that an address had."""
    assert inputs.restoration is not None
    for address, resource in inputs.resources.items():
        key = str(address)
        former = inputs.restoration.records[key].remote_id
        if key not in out.records and (remote := free.get(resource.kind, {}).get(former)):
            out.live[key] = remote
            out.imports.add(key)


def _indexes(
    inputs: Inputs, free: Mapping[str, Mapping[str, RemoteObject]]
) -> tuple[dict[tuple[str, str], list[RemoteObject]], dict[tuple[str, str], list[RemoteObject]]]:
    by_label: dict[tuple[str, str], list[RemoteObject]] = {}
    by_name: dict[tuple[str, str], list[RemoteObject]] = {}
    known = _declared(inputs)
    for kind, objects in free.items():
        for remote in objects.values():
            marked = (remote.label or {}).get("address")
            if marked:
                # What carries a mark belongs to whom the mark names, whatever it is called.
                if not ours(inputs, remote):
                    continue
                by_label.setdefault((kind, marked), []).append(remote)
            # A mark of ours that names nothing declared is left from a rename, and claims nothing.
            if remote.name and marked not in known:
                by_name.setdefault((kind, remote.name), []).append(remote)
    return by_label, by_name


def _declared(inputs: Inputs) -> set[str]:
    """Every address that the files declare, and what they say it was called before."""
    known = {str(address) for address in inputs.resources}
    for address, resource in inputs.resources.items():
        if source := resource.lifecycle.moved_from:
            known.add(str(former_address(address, source)))
    return known


def ours(inputs: Inputs, remote: RemoteObject) -> bool:
    """Whether the object's mark names this application and environment."""
    label = remote.label or {}
    return label.get("env") == inputs.environment and label.get("app") == inputs.identity.get("app")


def _foreign(inputs: Inputs, remote: RemoteObject) -> bool:
    lineage, marked = inputs.state.lineage, (remote.label or {}).get("lineage")
    return bool(lineage and marked and lineage != marked)


def _of_this_lineage(inputs: Inputs, candidates: list[RemoteObject]) -> list[RemoteObject]:
    """The candidates that this lineage made, if it made any.

    Else all of them: where state was lost, whatever carries the right address was made by the lineage
    that was lost with it, and making it again would double it.
    """
    return [each for each in candidates if not _foreign(inputs, each)] or candidates


def _other_lineage(resource: Resource, remote: RemoteObject) -> Diagnostic:
    return warning(
        "plan.other-lineage",
        f"{resource.address}: {remote.id} carries its label and another lineage",
        detail="It was made with a state that is not this one: a lost one, or one that somebody else keeps.",
        hint="import it only when no other state of this environment is in use",
        place=resource.place(),
        address=str(resource.address),
    )


def remote_name(inputs: Inputs, resource: Resource) -> str | None:
    """The name that the provider will know the resource by."""
    return inputs.kinds[resource.kind].name_of(resource.payload)

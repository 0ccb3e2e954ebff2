"""Policies: mixed into the assistants that name them, and stronger than what those say themselves."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from callsheet.model.address import Address
from callsheet.model.diagnostics import nearest
from callsheet.model.document import Origin
from callsheet.model.value import Path, Value
from callsheet.spec.declarations import Declaration
from callsheet.spec.files import FileProblem
from callsheet.spec.merge import Layered
from callsheet.spec.project import Project
from callsheet.spec.shapes import POLICY
from callsheet.spec.typed import Problem

_MERGED = ("limits", "compliance", "fallbacks")
INSTRUCTIONS: Path = ("spec", "safety", "instructions")


def named(spec: Mapping[str, Any]) -> list[tuple[Path, Value]]:
    """What a spec says about policies, in the order of merging: `policies`, then `safetyPolicyRef`."""
    listed = spec.get("policies")
    out: list[tuple[Path, Value]] = [
        (("spec", "policies", index), entry)
        for index, entry in enumerate(listed if isinstance(listed, list) else ())
    ]
    if spec.get("safetyPolicyRef") is not None:
        out.append((("spec", "safetyPolicyRef"), spec["safetyPolicyRef"]))
    return out


def find(project: Project, entry: Value, path: Path) -> Declaration | Problem | None:
    """The policy that `entry` names: a path, a name, `Policy/name`, or any of these as {ref: …}.

    None where it may be a document that is wrong itself, which is told there.
    """
    if isinstance(entry, Mapping):
        entry = entry.get("ref")
    if not isinstance(entry, str):
        return Problem(path, "spec.policy", "a policy is named by its path or name", "Write policies/x.yaml.")
    if entry.endswith((".yaml", ".yml")):
        return _in_file(project, entry, path)
    name = entry.removeprefix(f"{POLICY}/")
    found = project.documents.get(Address(POLICY, name))
    if found is not None:
        return found
    if project.unread or Address(POLICY, name) in project.failed:
        return None
    known = [address.name for address in project.documents if address.kind == POLICY]
    hint = nearest(name, known) or f"Known: {', '.join(known) or 'none'}."
    return Problem(path, "spec.unknown-policy", f"there is no policy {name!r}", hint)


def _in_file(project: Project, entry: str, path: Path) -> Declaration | Problem | None:
    try:
        file = project.shown + project.files.resolve(entry)
    except FileProblem as problem:
        return Problem(path, problem.code, problem.summary, problem.hint)
    inside = [item for item in project.documents.values() if item.source.file == file]
    policies = [item for item in inside if item.address.kind == POLICY]
    if len(policies) == 1:
        return policies[0]
    if file in project.unread or file in project.failed.values():
        return None
    if policies:
        summary = f"{entry} holds several policies"
        return Problem(path, "spec.policy", summary, "Name the one that is meant: Policy/NAME.")
    if inside:
        return Problem(path, "spec.policy", f"{entry} holds no policy", "Its kind would be Policy.")
    files = {item.source.file.removeprefix(project.shown) for item in project.documents.values()}
    return Problem(path, "spec.unknown-policy", f"there is no file {entry}", nearest(entry, files))


def mix_in(layered: Layered, policy: Layered) -> None:
    """Merge a policy's rules over the document; safety instructions accumulate, each one once."""
    spec = policy.value["spec"]
    for key in (*_MERGED, "native"):
        if isinstance(spec.get(key), dict):
            layered.patch(("spec", key), spec[key], partial(_origin, policy, key))
    own, added = _instructions(layered.value["spec"]), _instructions(spec)
    fresh = [(index, text) for index, text in enumerate(added) if text not in own]
    if fresh:
        origins = {path: origin for path, origin in layered.origins.items() if path[:3] == INSTRUCTIONS}
        start = layered.origin(INSTRUCTIONS)
        layered.put(INSTRUCTIONS, [*own, *(text for _, text in fresh)], start)
        layered.origins.update(origins)
        for offset, (index, _) in enumerate(fresh):
            layered.origins[*INSTRUCTIONS, len(own) + offset] = policy.origin((*INSTRUCTIONS, index))


def _instructions(spec: Mapping[str, Any]) -> list[str]:
    safety = spec.get("safety")
    found = safety.get("instructions") if isinstance(safety, dict) else None
    return found if isinstance(found, list) else []


def _origin(policy: Layered, key: str, inner: Path) -> Origin:
    return policy.origin(("spec", key, *inner))

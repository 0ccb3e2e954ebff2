"""Pinning: a release is kept before the first write, and pinned when everything that it asked for is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callsheet.model.diagnostics import Diagnostic, warning
from callsheet.model.errors import Stale
from callsheet.plan.archive import Archive
from callsheet.plan.plan import Plan
from callsheet.releases.keeping import keep, space
from callsheet.releases.manifest import Manifest
from callsheet.releases.pin import Origin, Pin, next_version, pinned
from callsheet.state.snapshot import Entry, State
from callsheet.state.store import Store


@dataclass(frozen=True, slots=True)
class Pinning:
    """What becomes the pin when the run ends well: bytes that the environment's store holds already."""

    plan: Plan
    digest: str
    blob: str
    fetched: Mapping[str, str]

    @property
    def named(self) -> str:
        return f"{self.plan.environment}@{self.plan.source['release']['version']}"

    def done(self, state: State) -> bool:
        """Whether state says that the release is what runs."""
        found = pinned(state)
        return found is not None and found.version == self.plan.source["release"]["version"]

    def not_yet(self, state: State) -> Diagnostic:
        """What to say where the run ended otherwise."""
        environment, found = self.plan.environment, pinned(state)
        runs = f"still runs v{found.version}" if found else "runs no release yet"
        return warning(
            "release.not-pinned",
            f"{environment} {runs}: v{self.plan.source['release']['version']} is not all there",
            detail="The version moves when everything is applied and recorded. "
            "A plan of the environment leads back to what it runs.",
            hint="apply the same plan again, or promote again",
        )

    def entry(self, state: State, run: Mapping[str, Any]) -> Entry:
        """What state is told: the next version, by this run."""
        release = self.plan.source["release"]
        pin = Pin(
            version=release["version"],
            digest=self.digest,
            blob=self.blob,
            origin=Origin.from_json(release["origin"]),
            at=str(run["at"]),
            run=str(run["id"]),
            by=str(run["by"]),
            serial=state.serial + 1,
            back_to=release.get("backTo"),
            cloned=release.get("cloned"),
            fetched=self.fetched,
            prompts=release.get("prompts") or {},
        )
        return Entry(release=pin.to_json())


def unended(plan: Plan, state: State) -> bool:
    """Whether a destroy has nothing left to delete, and did not end the instance yet."""
    run = state.run or {}
    last = run.get("mode") == "destroy" and run.get("instance") == state.instance
    return plan.mode == "destroy" and not state.records and last


def moves_pin(plan: Plan, state: State) -> bool:
    """Whether the plan leads to a release that is not pinned yet. Stale where another one is, meanwhile."""
    release = plan.source.get("release") or {}
    if not release.get("new"):
        return False
    found = pinned(state)
    if found and found.version == release["version"] and _same(found, plan):
        return False  # This very plan was applied before.
    if next_version(state) != release["version"]:
        raise Stale(
            f"the plan makes version {release['version']} of {plan.environment}, which is at "
            f"{f'version {found.version}' if found else 'none'} by now",
            detail="Somebody promoted or rolled back after this plan was made. Nothing was written.",
            hint="plan again",
            code="stale.release",
        )
    return True


def kept_release(archive: Archive, store: Store) -> Pinning:
    """Keep the plan's release in the store, or find it there where a rollback brings one back."""
    plan = archive.plan
    release = plan.source["release"]
    if kept := release.get("kept"):
        return Pinning(plan, kept["digest"], kept["blob"], release.get("fetched") or {})
    digest = str(plan.source["digest"])
    manifest = Manifest.read(archive.content(digest.removeprefix("sha256:")))
    blob = keep(store, plan.environment, manifest, lambda path: archive.content(manifest.files[path].sha256))
    fetched = dict(release.get("fetched") or {})
    if fetched:
        store.put_blobs(
            [archive.content(sha256) for sha256 in sorted(set(fetched.values()))],
            space=space(plan.environment),
        )
    return Pinning(plan, digest, blob, fetched)


def _same(found: Pin, plan: Plan) -> bool:
    back = plan.source["release"].get("backTo")
    return bool(found.digest == plan.source["digest"] if back is None else found.back_to == back)

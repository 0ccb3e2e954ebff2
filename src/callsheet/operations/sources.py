"""Sources: what an environment is planned from. The working tree, or the release that it is pinned to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from callsheet.model.errors import CallsheetError
from callsheet.operations.routes import check_origin, check_route, none_yet
from callsheet.releases.keeping import Kept, space
from callsheet.releases.manifest import Manifest
from callsheet.releases.offered import offered
from callsheet.releases.pin import Origin, Pin, next_version, pinned, pins
from callsheet.releases.wanted import Wanted, wanted
from callsheet.spec.files import FileProblem, Files
from callsheet.spec.held_files import HeldFile, HeldFiles
from callsheet.spec.limits import MAX_CONTENT_BYTES
from callsheet.spec.project import Project, load
from callsheet.spec.secret_files import secret_files
from callsheet.state.names import named
from callsheet.state.snapshot import State

if TYPE_CHECKING:
    from callsheet.operations.session import Session

Read = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Source:
    """What a plan is made from: a project, its files by digest, and where they came from.

    `pin` is the release that is run already, `move` the one that apply is to pin. `fetched` gives what was
    kept of contents that are named by URL, by `url_key`.
    """

    project: Project
    manifest: Manifest
    read: Read = field(repr=False)
    git: Mapping[str, Any] | None = None
    pin: Pin | None = None
    move: Move | None = None
    fetched: Mapping[str, Callable[[], bytes]] = field(default_factory=dict, repr=False)
    # Of the way back to a version: the digests of what is not to be applied again before it changes.
    holds: tuple[str, ...] | None = None

    @property
    def kind(self) -> str:
        return "release" if self.pin or self.move else "tree"

    @property
    def release(self) -> dict[str, Any] | None:
        """The release as a plan tells of it; None for the working tree."""
        if self.move:
            return self.move.to_json()
        if self.pin:
            return {"version": self.pin.version, "new": False, "origin": self.pin.origin.to_json()}
        return None


@dataclass(frozen=True, slots=True)
class Move:
    """The pin that a plan leads to."""

    version: int
    origin: Origin
    cloned: str | None = None  # the address that joins what the environment runs
    back: Pin | None = None  # the version that a rollback brings back, as the store has it

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {"version": self.version, "new": True, "origin": self.origin.to_json()}
        out |= {"cloned": self.cloned} if self.cloned else {}
        if self.back is not None:
            kept = {"digest": self.back.digest, "blob": self.back.blob}
            out |= {"backTo": self.back.version, "kept": kept, "fetched": dict(self.back.fetched)}
        return out


def source_of(session: Session, state: State) -> Source:
    """What the session's environment is planned from: the tree, its release, or the one that it wants."""
    environment = session.environment
    if not environment.pinned:
        return tree(session)
    found, asked = pinned(state), wanted(environment)
    if asked is not None and not (found and found.digest == asked.digest):
        source = _wanted(session, state, asked)
        if found is None or found.digest != source.manifest.digest:
            return source
    if found is None:
        raise none_yet(session)
    check_origin(session, found)
    return held(session, found)


def tree(session: Session, *, whole: bool = False) -> Source:
    """The working tree. SpecError where its files are wrong, or with `whole`, where one cannot be read."""
    from callsheet.operations.git import git_state

    project = session.tree
    manifest = Manifest.of(project.files, whole=whole, without=secret_files(project))
    return Source(project, manifest, partial(_bytes, project.files), git_state(session.root))


def held(session: Session, pin: Pin, *, of: Session | None = None) -> Source:
    """A release out of the store of the session's environment, or of another one's, `of`.

    It is rendered for the session's environment, whose section is read from the working tree.
    """
    owner = of or session
    kept = Kept.load(owner.store, owner.environment.name, pin.blob, pin.digest)
    files = {
        path: HeldFile(entry.size, partial(kept.read, path)) for path, entry in kept.manifest.files.items()
    }
    project = load(session.root, files=HeldFiles(session.root, files))
    where = space(owner.environment.name)
    fetched = {url: partial(owner.store.get_blob, sha256, space=where) for url, sha256 in pin.fetched.items()}
    return Source(project, kept.manifest, kept.read, pin.origin.git, pin=pin, fetched=fetched)


def moving(source: Source, state: State, origin: Origin, back: Pin | None = None) -> Source:
    """The source as the release that the environment is to run next."""
    return replace(source, pin=None, move=Move(next_version(state), origin, back=back))


def promotable(session: Session, start: str, state: State) -> Source:
    """What the environment `start` runs, as the next release of the session's."""
    other = session.beside(start)
    if other.environment.default:
        source = tree(session, whole=True)
        return moving(source, state, Origin(start, None, source.git))
    pin = pinned(other.ledger.load())
    if pin is None:
        raise CallsheetError(
            f"{start} runs no release, so there is nothing to promote from it",
            hint=f"promote to {start} first: callsheet promote --from "
            f"{other.environment.promotes_from or 'dev'} --to {start}",
            code="release.none",
        )
    source = held(session, pin, of=other)
    return moving(source, state, Origin(start, pin.version, pin.origin.git))


def version_of(session: Session, state: State, version: int) -> Pin:
    """One version of the session's environment. CallsheetError where it never ran it."""
    known = pins(state)
    found = next((pin for pin in known if pin.version == version), None)
    if found is None:
        has = f"v1 to v{known[-1].version}" if known else "no release yet"
        raise CallsheetError(
            f"{session.environment.name} has no version {version}",
            hint=f"it has {has}; `callsheet releases --env {session.environment.name}` lists them",
            code="release.unknown",
        )
    return found


def carried_by(source: Source, downloads: Mapping[str, bytes]) -> dict[str, Callable[[], bytes]]:
    """What a plan carries so that apply can keep its release: manifest and files, by SHA-256."""
    manifest = source.manifest.data
    out: dict[str, Callable[[], bytes]] = {source.manifest.digest.removeprefix("sha256:"): lambda: manifest}
    for path, entry in source.manifest.files.items():
        out.setdefault(entry.sha256, partial(source.read, path))
    for data in downloads.values():
        out.setdefault(named(data), partial(bytes, data))
    return out


def url_key(url: str) -> str:
    """What a URL is known by in a release: an address may hold a token, and its digest does not."""
    return hashlib.sha256(url.encode()).hexdigest()


def _wanted(session: Session, state: State, asked: Wanted) -> Source:
    """The release that the section's line asks for, as one to move to.

    One that the environment ran before is in its own store, whatever became of where it came from.
    """
    environment = session.environment
    start = session.environments.environments.get(asked.environment)
    if start is None:
        raise _unknown(session, asked, f"there is no environment {asked.environment}")
    check_route(start, environment)
    ran = next((pin for pin in reversed(pins(state)) if pin.digest == asked.digest), None)
    if ran is not None:
        return moving(held(session, ran), state, ran.origin)
    if start.default:
        return _of_tree(session, state, asked)
    other = session.beside(start.name)
    known = pins(other.ledger.load())
    pin = next((pin for pin in reversed(known) if asked.version in (None, pin.version)), None)
    if pin is None or (asked.version is None and asked.digest != pin.digest):
        raise _unknown(session, asked, f"{start.name} never ran it")
    if pin.digest != asked.digest:
        raise _unknown(session, asked, f"{pin.named(start.name)} has other bytes ({pin.digest[:19]}…)")
    return moving(held(session, pin, of=other), state, Origin(start.name, pin.version, pin.origin.git))


def _of_tree(session: Session, state: State, asked: Wanted) -> Source:
    """The wanted release of one that follows the tree: kept by `promote --write`, or the tree itself."""
    if asked.version is not None:
        raise _unknown(session, asked, f"{asked.environment} follows the working tree and has no versions")
    kept = offered(session.store, session.environment.name, asked.digest)
    if kept is not None:
        return moving(held(session, kept), state, kept.origin)
    source = tree(session, whole=True)
    if source.manifest.digest != asked.digest:
        raise _unknown(
            session,
            asked,
            f"neither its store has that, nor is it the working tree ({source.manifest.digest[:19]}…)",
        )
    return moving(source, state, Origin(asked.environment, None, source.git))


def _unknown(session: Session, asked: Wanted, why: str) -> CallsheetError:
    name = session.environment.name
    return CallsheetError(
        f"{name} wants {asked.short}, and {why}",
        detail="What runs must be, byte for byte, what was validated there.",
        hint=f"`callsheet releases --env {asked.environment}` lists what it ran; "
        f"`callsheet promote --from {asked.environment} --to {name} --write` writes the line",
        place=session.environment.origin(("release",)).place(),
        code="release.unknown",
    )


def _bytes(files: Files, path: str) -> bytes:
    try:
        return files.read(path, MAX_CONTENT_BYTES)
    except FileProblem as problem:
        raise CallsheetError(problem.summary, hint=problem.hint, code=problem.code) from None

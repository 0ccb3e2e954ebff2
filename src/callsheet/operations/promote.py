"""`promote`: one environment's source becomes the next release of another, as a plan like any other."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from callsheet.model.errors import CallsheetError, Refused, StateError
from callsheet.operations.clean import check_secrets
from callsheet.operations.git import git_state
from callsheet.operations.plan import Planned, desired, plan
from callsheet.operations.routes import check_route
from callsheet.operations.session import Session
from callsheet.operations.sources import Source, held, promotable, url_key
from callsheet.plan.inputs import Options
from callsheet.releases.keeping import keep, space
from callsheet.releases.offered import offer
from callsheet.releases.pin import Pin, pinned
from callsheet.releases.wanted import Wanted, wanted, written
from callsheet.spec.environments_file import FILE
from callsheet.spec.prompt_choice import used_prompts
from callsheet.state.names import named


@dataclass(frozen=True, slots=True)
class Written:
    """What `promote --write` did: the line, the file it is in, and whether the store keeps the release."""

    line: str
    path: Path
    release: str
    kept: bool


def promote(session: Session, start: str, options: Options, *, dirty: bool = False) -> Planned:
    """Plan the session's environment at the source of `start`. Refused where that is no way to take."""
    source = offered_by(session, start, dirty)
    check_line(session)
    state = session.ledger.load()
    found = pinned(state)
    if found is not None and found.digest == source.manifest.digest:
        # The same bytes are no new version; what drifted since is set back as by any plan. Where the store
        # does not have them any more, they are kept anew.
        with suppress(StateError):
            source = held(session, found)
    return plan(session, options, source)


def promote_in_writing(session: Session, start: str, *, dirty: bool = False) -> Written:
    """Move the line `release:` of the session's environment, and do nothing else to it.

    What follows the tree has no versions, so its files are kept in the environment's store, where the plan of
    the pull request and the apply after the merge find them.
    """
    source = offered_by(session, start, dirty)
    check_secrets(session, source)
    downloads: dict[str, bytes] = {}
    desired(session, source, downloads)  # What does not render is not offered.
    assert source.move is not None
    origin = source.move.origin
    asked = Wanted(start, origin.version, source.manifest.digest)
    path = session.root / FILE
    before = path.read_text(encoding="utf-8")
    after = written(before, session.environment.name, asked)
    if origin.version is None:
        _keep(session, source, downloads)
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.write_text(after, encoding="utf-8")
        temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
    except OSError as cause:
        temporary.unlink(missing_ok=True)
        raise CallsheetError(
            f"{path} cannot be written ({cause.strerror})",
            hint=f"write the line yourself: release: {asked}",
            code="promote.write",
        ) from None
    return Written(str(asked), path, source.manifest.digest, origin.version is None)


def offered_by(session: Session, start: str, dirty: bool) -> Source:
    """What `start` would give to the session's environment. Refused where it may not be taken as it is."""
    other = session.beside(start).environment
    check_route(other, session.environment)
    source = promotable(session, start, session.ledger.load())
    # Its own environments.yaml is read from the tree by every environment, and is no part of a release.
    changed = other.default and (git_state(session.root, but=(FILE,)) or {}).get("dirty")
    if changed and not dirty:
        raise Refused(
            f"the working tree has changes that no commit holds, and {start} follows it",
            detail="What is promoted should be what others can read. Nothing was written.",
            hint="commit them, or promote them all the same with --allow-dirty",
            code="refused.promotion-dirty",
        )
    return source


def check_line(session: Session) -> None:
    """Refused where a line of environments.yaml says what is wanted: a plan would lead back to that."""
    if wanted(session.environment) is None:
        return
    raise Refused(
        f"{session.environment.name} has its release in a line of environments.yaml, "
        "and would be planned back to that",
        detail="Nothing was written.",
        hint="promote with --write, which moves the line; or take `release:` out of the section",
        place=session.environment.origin(("release",)).place(),
        code="refused.promotion-line",
    )


def _keep(session: Session, source: Source, downloads: dict[str, bytes]) -> None:
    assert source.move is not None
    name = session.environment.name
    blob = keep(session.store, name, source.manifest, source.read)
    if downloads:
        session.store.put_blobs(list(downloads.values()), space=space(name))
    offer(
        session.store,
        name,
        Pin(
            version=0,
            digest=source.manifest.digest,
            blob=blob,
            origin=source.move.origin,
            at=session.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            run="",
            by=session.principal.name,
            serial=0,
            fetched={url_key(url): named(data) for url, data in downloads.items()},
            prompts=used_prompts(source.project, session.environment),
        ),
    )

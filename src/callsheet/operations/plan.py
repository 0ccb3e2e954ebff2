"""`plan`: files, state and live become one plan. Reads only; writes nothing."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callsheet import __version__
from callsheet.model.address import Address
from callsheet.model.diagnostics import note
from callsheet.model.errors import CHANGES, DONE, REFUSED, CallsheetError
from callsheet.model.events import Event
from callsheet.model.forms import plain_address
from callsheet.model.resource import Resource
from callsheet.operations.protecting import judged
from callsheet.operations.refresh import check_organisation, look_up_externals, refresh
from callsheet.operations.secrecy import known_secrets
from callsheet.operations.session import Session
from callsheet.plan.archive import Archive
from callsheet.plan.inputs import Inputs, Options
from callsheet.plan.plan import Plan
from callsheet.plan.planner import make_plan
from callsheet.spec.render import Estate, render


@dataclass(frozen=True, slots=True)
class Planned:
    archive: Archive

    @property
    def plan(self) -> Plan:
        return self.archive.plan

    def exit_code(self, detailed: bool) -> int:
        """0, or 3 where something is refused, or 2 for pending changes when asked to tell."""
        if self.plan.refusals:
            return REFUSED
        return CHANGES if detailed and not self.plan.empty else DONE


def plan(session: Session, options: Options) -> Planned:
    """Plan one environment. CallsheetError with all diagnostics when that is not possible."""
    estate = desired(session)
    resources: Mapping[Address, Resource] = {} if options.destroy else estate.resources
    state = session.ledger.load()
    session.listener(Event("plan.start", {"environment": session.environment.name}))
    live = refresh(
        session.provider, {resource.kind for resource in resources.values()}, state, session.listener
    )
    # An embedded sandbox has no key that could be another's; to destroy what is gone is to forget it.
    check_organisation(state, live, may_be_empty=options.destroy or session.sandbox_name is not None)
    look_up_externals(session.provider, {str(key): value for key, value in resources.items()}, live)
    inputs = Inputs(
        environment=session.environment.name,
        resources=resources,
        state=state,
        live=live.objects,
        kinds=session.kinds,
        externals=live.externals,
        digest_of=lambda symbol: session.keeper.digest(symbol, state.key),
        native_schema=session.catalogue.native_schema,
        known_secrets=known_secrets(session, state, estate.resources.values()),
        identity=session.identity,
        acknowledged=session.acknowledged,
        today=session.today,
        created_at=session.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        callsheet=__version__,
        source=source_of(session.root, estate),
        target={**session.target, "organisation": live.organisation or state.organisation},
        diagnostics=(*estate.diagnostics, *_pinned(session)),
        options=options,
    )
    made = judged(session, make_plan(inputs), state)
    session.listener(Event("plan.done", {"summary": made.summary}))
    return Planned(Archive(made, estate.contents))


def desired(session: Session) -> Estate:
    """The environment's rendered documents, checked against what the provider is known to refuse."""
    return render(session.project, session.environment, session.catalogue, fetch=fetcher(session))


def fetcher(session: Session) -> Callable[[str], bytes]:
    """Reads documents that are declared by URL."""

    def fetch(url: str) -> bytes:
        from callsheet.providers.fetching import fetch as get

        session.listener(Event("fetch", {"url": plain_address(url)}))
        return get(url)

    return fetch


def source_of(root: Path, estate: Estate) -> dict[str, Any]:
    """What the plan was made from: the tree's digest and, where there is one, the commit."""
    return {"kind": "tree", "digest": estate.digest, "git": git_state(root), "release": None}


def git_state(root: Path) -> dict[str, Any] | None:
    """The commit checked out and whether anything under `root` differs from it; None without Git."""
    git = shutil.which("git")
    if git is None:
        return None

    def ask(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                [git, "-C", str(root), *arguments], capture_output=True, timeout=20, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else None

    sha = ask("rev-parse", "HEAD")
    if sha is None:
        return None
    # --no-optional-locks: looking must not write, not even Git's index.
    dirty = ask("--no-optional-locks", "status", "--porcelain", "--", ".")
    return {"sha": sha, "dirty": bool(dirty)}


def write_archive(planned: Planned, path: Path) -> None:
    """Write the plan file, whole or not at all."""
    from callsheet.plan.archive import pack

    if not path.name or path.is_dir():
        raise CallsheetError(
            f"{path} is a folder, not a file for the plan",
            hint=f"name the file, such as --out {path / 'dev.plan'}",
            code="plan.out",
        )
    data = pack(planned.archive)
    temporary = path.with_name(f".{path.name}.new")
    try:
        temporary.write_bytes(data)
        temporary.chmod(0o600)
        temporary.replace(path)
    except OSError as cause:
        temporary.unlink(missing_ok=True)
        raise CallsheetError(
            f"{path} cannot be written ({cause.strerror})", hint="give --out another place", code="plan.out"
        ) from None


def _pinned(session: Session) -> list[Any]:
    environment = session.environment
    if environment.default or not environment.pinned:
        return []
    return [
        note(
            "plan.from-tree",
            f"{environment.name} is planned from the working tree",
            detail="Releases and pins are not part of this version yet, so `pinned` has no effect.",
        )
    ]

"""`plan`: files, state and live become one plan. Reads only; writes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callsheet import __version__
from callsheet.diff.veil import Veil
from callsheet.model.address import Address
from callsheet.model.canonical import fingerprint
from callsheet.model.diagnostics import Diagnostic, warning
from callsheet.model.errors import CHANGES, DONE, REFUSED, CallsheetError
from callsheet.model.events import Event
from callsheet.model.forms import plain_address
from callsheet.model.resource import Resource
from callsheet.operations.clean import check_secrets
from callsheet.operations.isolation import Isolation
from callsheet.operations.protecting import judged
from callsheet.operations.refresh import check_organisation, look_up_externals, refresh
from callsheet.operations.secrecy import known_secrets
from callsheet.operations.session import Session
from callsheet.operations.sources import Source, carried_by, source_of, url_key
from callsheet.plan.archive import Archive
from callsheet.plan.inputs import Inputs, Options
from callsheet.plan.plan import Plan
from callsheet.plan.planner import make_plan
from callsheet.plan.under_way import as_left
from callsheet.releases.pin import pinned
from callsheet.spec.prompt_choice import used_prompts
from callsheet.spec.render import Estate, render
from callsheet.state.names import named
from callsheet.state.snapshot import State


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


def plan(session: Session, options: Options, source: Source | None = None) -> Planned:
    """Plan one environment, from what it runs unless a source is given.

    CallsheetError with all diagnostics when that is not possible.
    """
    state = session.ledger.load()
    source = source or _source(session, state, options)
    if source and source.move and (options.targets or options.excludes):
        raise _narrowed(session, source.move.version)
    if source and source.move and source.move.back is None:
        check_secrets(session, source)
    downloads: dict[str, bytes] = {}
    estate = desired(session, source, downloads) if source else _nothing(session)
    resources: Mapping[Address, Resource] = {} if options.destroy else estate.resources
    carried = carried_by(source, downloads) if source and source.move and source.move.back is None else {}
    apart = Isolation(session)
    if not options.destroy:
        apart.check_target()
        apart.check_payloads(resources, state)
    session.listener(Event("plan.start", {"environment": session.environment.name}))
    live = refresh(
        session.provider, {resource.kind for resource in resources.values()}, state, session.listener
    )
    apart.check_organisation(state, live.every, leaving=options.destroy)
    # An embedded sandbox has no key that could be another's; to destroy what is gone is to forget it.
    check_organisation(state, live, may_be_empty=options.destroy or session.sandbox_name is not None)
    look_up_externals(session.provider, {str(key): value for key, value in resources.items()}, live)
    known = known_secrets(session, state, estate.resources.values())
    state = as_left(state, live.objects, session.kinds, Veil.of(known, state.key))
    inputs = Inputs(
        environment=session.environment.name,
        resources=resources,
        state=state,
        live=live.objects,
        kinds=session.kinds,
        externals=live.externals,
        digest_of=lambda symbol: session.keeper.digest(symbol, state.key),
        native_schema=session.catalogue.native_schema,
        known_secrets=known,
        identity=session.identity,
        acknowledged=session.acknowledged,
        today=session.today,
        created_at=session.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        callsheet=__version__,
        source=told(source, estate, downloads),
        carried=tuple(carried),
        target={**session.target, "organisation": live.organisation or state.organisation},
        diagnostics=(*estate.diagnostics, *_cut_off(state, source)),
        options=options,
    )
    made = judged(session, make_plan(inputs), state)
    session.listener(Event("plan.done", {"summary": made.summary}))
    return Planned(Archive(made, {**estate.contents, **carried}))


def _narrowed(session: Session, version: int) -> CallsheetError:
    name = session.environment.name
    return CallsheetError(
        f"this plan would bring {name} to version {version}, and a release is taken whole",
        detail="With --target or --exclude a part of it would be applied under the number of all of it.",
        hint="plan without them; or narrow a plan of what runs already",
        code="usage.narrowed-release",
    )


def _cut_off(state: State, source: Source | None) -> list[Diagnostic]:
    """A warning where the last run was to pin a release and did not, and this plan does not go on with it."""
    run = state.run or {}
    release = (run.get("source") or {}).get("release") or {}
    found = pinned(state)
    pinned_then = found is not None and found.version >= release.get("version", 0)
    if not release.get("new") or pinned_then or source is None or source.move is not None:
        return []
    runs = f"v{found.version}" if found else "no release"
    return [
        warning(
            "release.cut-off",
            f"run {run['id']} was to bring {state.environment} to v{release['version']} and did not end it: "
            f"{state.environment} runs {runs}",
            detail="This plan leads back to what it runs.",
            hint="to go on instead, apply that run's plan again, or promote again",
        )
    ]


def _source(session: Session, state: State, options: Options) -> Source | None:
    """What the environment runs; None where there need be nothing, because everything is to go."""
    if options.destroy and session.environment.pinned:
        return None
    return source_of(session, state)


def _nothing(session: Session) -> Estate:
    return Estate(session.environment, {}, {}, fingerprint([]))


def desired(
    session: Session, source: Source | None = None, downloads: dict[str, bytes] | None = None
) -> Estate:
    """The environment's rendered documents, checked against what the provider is known to refuse.

    `downloads` is given the bytes that were fetched, by URL.
    """
    source = source or session.source
    fetch = fetcher(session, source, {} if downloads is None else downloads)
    return render(source.project, session.environment, session.catalogue, fetch=fetch)


def fetcher(session: Session, source: Source, downloads: dict[str, bytes]) -> Callable[[str], bytes]:
    """Reads documents that are declared by URL: what a release has kept of them, else what is there now."""

    def fetch(url: str) -> bytes:
        from callsheet.providers.fetching import fetch as get

        kept = source.fetched.get(url_key(url))
        if kept is None:
            session.listener(Event("fetch", {"url": plain_address(url)}))
        downloads[url] = kept() if kept else get(url)
        return downloads[url]

    return fetch


def told(source: Source | None, estate: Estate, downloads: Mapping[str, bytes]) -> dict[str, Any]:
    """What the plan is made from: the source's digest, that of what it was rendered from, and the commit."""
    if source is None:
        return {"kind": "none", "digest": "", "estate": estate.digest, "git": None, "release": None}
    release = source.release
    if release and source.move:
        release["fetched"] = {url_key(url): named(data) for url, data in sorted(downloads.items())}
        release["prompts"] = used_prompts(source.project, estate.environment)
    held = {"holds": list(source.holds)} if source.holds is not None else {}
    return {
        **held,
        "kind": source.kind,
        "digest": source.manifest.digest,
        "estate": estate.digest,
        "git": dict(source.git) if source.git else None,
        "release": release,
    }


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

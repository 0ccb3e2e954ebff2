"""`doctor`: is everything there that plan and apply need? Reads only, and never stops at the first fault."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

from callsheet import __version__
from callsheet.model.errors import DONE, ERROR, CallsheetError, StateError
from callsheet.model.forms import bare
from callsheet.model.value import Secret
from callsheet.operations.identification import HOW_TO, insists
from callsheet.operations.isolation import Isolation
from callsheet.operations.plan import desired
from callsheet.operations.secrets import references
from callsheet.operations.session import Session
from callsheet.releases.pin import pinned
from callsheet.state.snapshot import State

OK, WARN, FAIL, SKIPPED = "ok", "warn", "fail", "skipped"
# Certificates and time stamps from before this version existed mean a wrong clock.
_EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Check:
    """One line: `status` is ok, warn, fail or skipped; `todo` says what to do about it."""

    name: str
    status: str
    found: str
    todo: str = ""

    def to_json(self) -> dict[str, str]:
        out = {"name": self.name, "status": self.status, "found": self.found}
        return {**out, "todo": self.todo} if self.todo else out


@dataclass(slots=True)
class Examined:
    checks: list[Check] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        return ERROR if any(check.status == FAIL for check in self.checks) else DONE

    def to_json(self) -> dict[str, Any]:
        return {"healthy": self.exit_code == DONE, "checks": [check.to_json() for check in self.checks]}


def doctor(open_session: Callable[[], Session]) -> Examined:
    """Run every check; one that cannot run because an earlier one failed is skipped."""
    out = Examined([_python(), _dependencies(), _clock()])
    try:
        session = open_session()
    except CallsheetError as cause:
        out.checks.append(_failed("project", cause))
        return out
    with session:
        out.checks.append(Check("project", OK, str(session.root)))
        for name, check in (
            ("environment", _environment),
            ("principal", _principal),
            ("files", _files),
            ("secrets", _secrets),
            ("state", _state),
            ("forgery", _forgery),
            ("provider", _provider),
            ("isolation", _isolation),
        ):
            try:
                out.checks.append(check(session))
            except CallsheetError as cause:
                out.checks.append(_failed(name, cause))
                if name == "environment":
                    break
    return out


def _failed(name: str, cause: CallsheetError) -> Check:
    first = cause.diagnostics[0]
    more = f" (and {len(cause.diagnostics) - 1} more)" if len(cause.diagnostics) > 1 else ""
    todo = first.hint or ("run `callsheet validate`" if name in ("environment", "files") else "")
    return Check(name, FAIL, f"{first}{more}", todo)


def _python() -> Check:
    found = platform.python_version()
    return Check("python", OK, f"{found} ({platform.system()}), callsheet {__version__}")


def _dependencies() -> Check:
    found, missing = [], []
    for requirement in requires("callsheet") or []:
        if "extra ==" in requirement:
            continue
        name = requirement
        for stop in "<>=!~;[ ":
            name = name.partition(stop)[0]
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        return Check(
            "dependencies", FAIL, f"missing: {', '.join(missing)}", "pip install --upgrade callsheet"
        )
    return Check("dependencies", OK, ", ".join(sorted(found)))


def _clock() -> Check:
    now = datetime.now(UTC)
    text = now.strftime("%Y-%m-%d %H:%M:%S UTC")
    if now < _EARLIEST:
        return Check("clock", WARN, text, "set this machine's clock: certificates will seem not valid yet")
    return Check("clock", OK, text)


def _environment(session: Session) -> Check:
    environment = session.environment
    leads = bare(environment.provider.base_url or "") or "the provider's own address"
    return Check("environment", OK, f"{environment.name}: {session.catalogue.provider} at {leads}")


def _principal(session: Session) -> Check:
    """Who this is, how that is known, and what would verify it."""
    found, who = session.identification, session.principal
    wanted = insists(session.environment.protection)
    if who.verified:
        return Check("principal", OK, f"{who.name}, verified by an ID token of {who.issuer}")
    said = f"{who.shown}, the name in {who.how}" if who.how else f"{who.shown}: no variable names anybody"
    if doubt := found.doubt:
        return Check("principal", FAIL if wanted else WARN, f"{said}; {doubt.summary}", doubt.hint or HOW_TO)
    if wanted:
        said += f"; the protection of {session.environment.name} wants a verified principal"
    return Check("principal", FAIL if wanted else OK, said, f"to be verified, {HOW_TO}")


def _files(session: Session) -> Check:
    environment = session.environment
    release = ""
    if environment.pinned:
        pin = pinned(session.ledger.load())
        if pin is None and environment.release is None:
            todo = f"callsheet promote --from {environment.promotes_from or 'ENV'} --to {environment.name}"
            return Check("files", WARN, f"{environment.name} runs no release yet", todo)
        release = f"release {pin.named(environment.name)}: " if pin else ""
    estate = desired(session)
    found = f"{release}{len(estate.resources)} resources"
    if estate.diagnostics:
        return Check(
            "files", WARN, f"{found}, {len(estate.diagnostics)} remarks", "see them with `callsheet validate`"
        )
    if not estate.resources:
        return Check("files", WARN, "no resources are declared", "write one, or run `callsheet init`")
    return Check("files", OK, found)


def _secrets(session: Session) -> Check:
    try:
        uris = references(session)
    except CallsheetError:
        return Check("secrets", SKIPPED, "there are no valid files, or no release")
    if problems := session.keeper.check(map(Secret, uris)):
        said = "; ".join(each.summary for each in problems)
        return Check("secrets", FAIL, said, problems[0].hint or "set what the references name")
    return Check("secrets", OK, f"{len(uris)} references resolve")


def _state(session: Session) -> Check:
    state = session.ledger.load()
    where = session.ledger.where
    # A lock that cannot be read keeps everybody from writing.
    holder = session.lock.holder()
    if state.lineage is None:
        found = f"none yet, it will be in {where}"
    else:
        found = f"{len(state.records)} resources at serial {state.serial}, in {where}"
    if holder:
        return Check("state", OK, f"{found}; locked by {holder}")
    if state.begun:
        count = len(state.begun)
        steps = "1 step" if count == 1 else f"{count} steps"
        left = f"what became of {steps} that an earlier run began is not known yet"
        return Check("state", WARN, f"{found}; {left}", "run `callsheet apply`: it finds out first")
    return Check("state", OK, found)


def _forgery(session: Session) -> Check:
    """Whoever can write to the store can forge what is in it; the store says who that is."""
    try:
        writers = session.store.writers()
    except StateError as cause:
        return Check("forgery", SKIPPED, f"the store cannot be asked ({cause.diagnostics[0].summary})")
    found = f"state, journal, exports and audit can be forged by {writers.who}"
    told = [found, *writers.alarms]
    if writers.unseen:
        told.append(f"not seen: {', '.join(writers.unseen)}")
    return Check("forgery", WARN if writers.alarms else OK, "; ".join(told), writers.advice)


def _provider(session: Session) -> Check:
    """One page of one kind: enough to know that the key is good."""
    kind = "Assistant" if "Assistant" in session.kinds else min(session.kinds)
    first = next(iter(session.provider.list_all(kind)), None)
    organisation = first.payload.get("orgId") if first else None
    found = f"{session.provider.target.base_url} answers"
    try:
        state = session.ledger.load()
    except CallsheetError:
        # Told by the check of state.
        state = State(session.environment.name)
    recorded = state.organisation
    if organisation and recorded and organisation != recorded:
        return Check(
            "provider",
            FAIL,
            f"the key opens the organisation {organisation}, and state belongs to {recorded}",
            "use the key of the right organisation; look at provider.apiKey",
        )
    Isolation(session).check_organisation(state, [first] if first else [])
    if organisation:
        return Check("provider", OK, f"{found}; the key opens the organisation {organisation}")
    return Check("provider", OK, f"{found}; no {kind} is there yet that would tell the organisation's id")


def _isolation(session: Session) -> Check:
    """Whose organisation is whose can be told of those environments whose state is at hand."""
    apart = Isolation(session)
    apart.check_target()
    unread = [each for each in apart.neighbours if each.unread]
    if unread:
        said = "; ".join(
            f"state of {each.environment} is not seen from here: {each.unread}" for each in unread
        )
        return Check(
            "isolation",
            WARN,
            said,
            "a key of its organisation is noticed here by the marks on its objects only: "
            "keep both states in one store, or look twice at provider.apiKey",
        )
    names = ", ".join(each.environment for each in apart.neighbours)
    return Check("isolation", OK, f"kept apart from {names}" if names else "there is no other environment")

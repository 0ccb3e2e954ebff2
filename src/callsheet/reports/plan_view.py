"""A plan as it is shown, in whatever format: counted, put into words, and free of secrets.

Every format is made from this and from nothing else, so what is hidden here is hidden in all of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from callsheet.graph.order import closure
from callsheet.model.diagnostics import Diagnostic
from callsheet.model.paths import ABSENT, show
from callsheet.model.value import Path
from callsheet.plan.change import Action, Attribute, Call, Cause, Change, Step
from callsheet.plan.plan import Gate, Plan
from callsheet.reports.counting import counted
from callsheet.reports.drift_view import DriftedView, NoticeView, UnmanagedView, drifted, notice, unmanaged
from callsheet.reports.release_lines import origin_of
from callsheet.reports.values import Shown, redacted

# Always told in the last line, in this order; the others where there are any.
_MAIN = (Action.CREATE, Action.UPDATE, Action.DELETE)
_MORE = {
    Action.REPLACE: "to replace",
    Action.IMPORT: "to import",
    Action.MOVE: "to move",
    Action.FORGET: "to forget",
    Action.REFRESH: "to refresh in state",
}


@dataclass(frozen=True, slots=True)
class AttributeView:
    """One attribute of a change. Sides are ABSENT where there is none; `applied` and `seen` for conflicts."""

    path: str
    op: str
    old: Shown
    new: Shown
    cause: Cause
    at: str | None = None
    applied: Shown = ABSENT
    seen: Shown = ABSENT


@dataclass(frozen=True, slots=True)
class ChangeView:
    address: str
    action: Action
    reason: str
    kind: str
    name: str | None
    remote_id: str | None
    at: str | None
    moved_from: str | None
    conflict: bool
    destructive: bool
    steps: tuple[str, ...]  # what is asked of the provider, one after the other; empty where it is one thing
    attributes: tuple[AttributeView, ...]
    depends_on: tuple[str, ...] = ()
    reaches: tuple[str, ...] = ()  # who refers to it, directly or through others
    files: tuple[str, ...] = ()  # those that its places name
    change_digest: str = ""

    @property
    def causes(self) -> frozenset[Cause]:
        return frozenset(each.cause for each in self.attributes)


@dataclass(frozen=True, slots=True)
class AuthorView:
    """Who made the plan. `issuer` is who vouches for the name, where somebody does."""

    name: str
    verified: bool
    issuer: str | None


@dataclass(frozen=True, slots=True)
class PlanView:
    """`headline` is one line on what was planned, `last_line` the summary that ends every report."""

    headline: str
    last_line: str
    mode: str
    changes: tuple[ChangeView, ...]
    drift: tuple[DriftedView, ...]
    unmanaged: tuple[UnmanagedView, ...]
    notices: tuple[NoticeView, ...]
    normalised: tuple[tuple[str, str, str], ...]  # address, path, verdict
    diagnostics: tuple[Diagnostic, ...]
    refusals: tuple[Gate, ...]
    pending: tuple[Gate, ...]
    overridden: tuple[Gate, ...]
    passed: tuple[Gate, ...]
    counts: Mapping[str, int]
    digest: str
    prompts: tuple[tuple[str, str], ...] = ()  # of a release that is about to be pinned: name and version
    environment: str = ""
    target: str = ""  # the provider, its address and the organisation
    instance: str | None = None
    created_at: str = ""
    author: AuthorView | None = None
    callsheet: str = ""
    lineage: str | None = None
    serial: int = 0
    commit: str | None = None
    dirty: bool = False  # the commit is not all of it: files differ that no commit holds
    release: str | None = None  # `prod@4 from uat@7`, of an environment that runs releases
    newly_released: bool = False  # the plan moves the environment to that release
    source_digest: str = ""
    gates: tuple[Gate, ...] = ()  # all of them
    holders: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # `Plan.reaches`: direct ones

    @property
    def destroyed(self) -> tuple[str, ...]:
        """The addresses whose remote object will be gone."""
        return tuple(change.address for change in self.changes if change.destructive)

    @property
    def sign_offs(self) -> tuple[Gate, ...]:
        """The gates that ask for sign-offs, given ones and missing ones."""
        return tuple(gate for gate in self.gates if gate.rule.startswith("signOffs"))


def plan_view(plan: Plan) -> PlanView:
    """Everything that a report shows of a plan. Made once; formats add nothing to it."""
    counts = plan.summary
    git = plan.source.get("git") or {}
    return PlanView(
        headline=_headline(plan),
        last_line=_last_line(plan, counts),
        mode=plan.mode,
        changes=tuple(_change(each, plan.reaches) for each in plan.changes),
        drift=tuple(drifted(each) for each in plan.drift),
        unmanaged=tuple(unmanaged(each) for each in plan.unmanaged),
        notices=tuple(notice(each) for each in plan.notices),
        normalised=tuple(
            (str(each["address"]), show(_path(each["path"])), str(each["verdict"]))
            for each in plan.normalised
        ),
        diagnostics=plan.diagnostics,
        refusals=plan.refusals,
        passed=_gates(plan, "passed"),
        counts=counts,
        digest=plan.digest,
        prompts=tuple(((plan.source.get("release") or {}).get("prompts") or {}).items()),
        environment=plan.environment,
        target=_target(plan),
        instance=plan.instance,
        created_at=plan.created_at,
        author=_author(plan),
        callsheet=plan.callsheet,
        lineage=plan.lineage,
        serial=plan.serial,
        commit=git.get("sha"),
        dirty=bool(git.get("dirty")),
        release=_release(plan) or None,
        newly_released=bool((plan.source.get("release") or {}).get("new")),
        source_digest=plan.source.get("digest", ""),
        gates=plan.gates,
        pending=_gates(plan, "pending"),
        overridden=_gates(plan, "overridden"),
        holders=plan.reaches,
    )


def _author(plan: Plan) -> AuthorView | None:
    author = plan.author
    return AuthorView(author["name"], author["verified"], author.get("issuer")) if author else None


def _gates(plan: Plan, status: str) -> tuple[Gate, ...]:
    return tuple(gate for gate in plan.gates if gate.status == status)


def _change(change: Change, holders: Mapping[str, tuple[str, ...]]) -> ChangeView:
    return ChangeView(
        address=change.address,
        action=change.action,
        reason=change.reason,
        kind=change.kind,
        name=change.name,
        remote_id=change.remote_id,
        at=change.at,
        moved_from=change.moved_from,
        conflict=change.conflict,
        destructive=change.destructive,
        steps=tuple(_step(change.address, step) for step in change.steps) if len(change.steps) > 1 else (),
        attributes=tuple(_attribute(each) for each in change.attributes),
        depends_on=change.depends_on,
        reaches=tuple(sorted(closure([change.address], holders) - {change.address})),
        files=tuple(dict.fromkeys(filter(None, map(_file, _places(change))))),
        change_digest=change.change_digest,
    )


def _places(change: Change) -> list[str | None]:
    return [change.at, *(each.at for each in change.attributes)]


def _file(place: str | None) -> str:
    """The file of `FILE:LINE:COLUMN`."""
    file = place or ""
    for _ in range(2):
        start, _, end = file.rpartition(":")
        file = start if end.isdecimal() else file
    return file


def _attribute(each: Attribute) -> AttributeView:
    return AttributeView(
        path=show(each.path),
        op=each.op,
        old=redacted(each.old, each.sensitive),
        new=redacted(each.new, each.sensitive),
        cause=each.cause,
        at=each.at,
        applied=redacted(each.applied, each.sensitive),
        seen=redacted(each.seen, each.sensitive),
    )


def _step(address: str, step: Step) -> str:
    """One step in words: what it sends, what it leaves out, and which other changes it waits for."""
    words = [str(step.call) if step.call is not Call.RECORD else "record in state"]
    if step.call is Call.UPDATE:
        words.append(", ".join(step.keys))
    if step.clear:
        words.append(f"clearing {', '.join(map(show, step.clear))}")
    if step.omit:
        words.append(f"without {', '.join(map(show, step.omit))}")
    if step.call is Call.DELETE and step.remote_id:
        words.append(f"the object {step.remote_id}")
    if others := [other for other, _ in step.after if other != address]:
        first = list(dict.fromkeys(others))
        more = f" and {len(first) - 3} more" if len(first) > 3 else ""
        words.append(f"after {', '.join(first[:3])}{more}")
    return " ".join(filter(None, words))


def _path(raw: Any) -> Path:
    return tuple(raw)


def _target(plan: Plan) -> str:
    target = f"{plan.target.get('provider', '?')} at {plan.target.get('baseUrl') or '?'}"
    organisation = plan.target.get("organisation")
    return target + (f", organisation {organisation}" if organisation else "")


def _headline(plan: Plan) -> str:
    target = _target(plan)
    what = {
        "destroy": "Plan to destroy",
        "rollback": "Plan to roll back",
        "promote": "Plan to promote to",
    }.get(plan.mode, "Plan for")
    if plan.source["kind"] != "tree":
        return f"{what} {plan.environment}: {target}{_back_to(plan)}{_of_release(plan)}"
    git = plan.source.get("git")
    commit = f"; commit {git['sha'][:12]}{' with local changes' if git['dirty'] else ''}" if git else ""
    return f"{what} {plan.environment}: {target}{commit}"


def _of_release(plan: Plan) -> str:
    named = _release(plan)
    if not named or plan.source["release"].get("backTo") is not None:
        return named and f"; {named}"
    return f"; {named}, {plan.source['digest'][:19]}…"


def _release(plan: Plan) -> str:
    """Which release the plan is of, and where that is from."""
    release = plan.source.get("release")
    if not release:
        return ""
    named = f"{plan.environment}@{release['version']}"
    if release.get("backTo") is not None:
        return f"{named}, which is v{release['backTo']} again"
    joined = f" with {release['cloned']}" if release.get("cloned") else ""
    return f"{named}{joined} from {origin_of(release['origin'])}"


def _back_to(plan: Plan) -> str:
    if plan.mode != "rollback" or plan.source["kind"] != "export":
        return ""
    run = plan.source.get("run")
    where = f"what was before run {run}" if run else "an export that was asked for"
    return f"; back to {where} (export {plan.source['digest'][:12]}, {plan.source.get('takenAt')})"


def _last_line(plan: Plan, counts: Mapping[str, int]) -> str:
    if plan.empty:
        text = "Plan: nothing to do."
    else:
        words = [f"{counts[action]} to {action}" for action in _MAIN]
        words += [f"{counts[action]} {what}" for action, what in _MORE.items() if counts[action]]
        text = f"Plan: {', '.join(words)}."
    text += f" {counts['unchanged']} unchanged."
    if counts["conflicts"]:
        text += f" {counted(counts['conflicts'], 'conflict')} to decide."
    if plan.refusals:
        text += " Refused: nothing will be applied."
    elif plan.pending:
        text += f" Still needed: {', '.join(dict.fromkeys(gate.rule for gate in plan.pending))}."
    return text

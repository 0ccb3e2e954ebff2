"""A plan and a drift check in Markdown, for a comment on a pull request or the summary of a job.

Whatever does not fit is folded, then told in fewer words, then counted; what is deleted or replaced, refused
or in conflict keeps its address for as long as addresses fit at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from functools import partial

from callsheet.plan.plan import Gate
from callsheet.reports.counting import counted
from callsheet.reports.drift_view import DriftView
from callsheet.reports.explaining import unexplained
from callsheet.reports.markdown_change import change_text, deed
from callsheet.reports.markdown_drift import drift_sections
from callsheet.reports.markdown_fit import Level, Part, Section, fitted, size
from callsheet.reports.markdown_missing import missing_heads, missing_lines
from callsheet.reports.markdown_text import code, prose
from callsheet.reports.plan_view import ChangeView, PlanView
from callsheet.reports.reach import words_of
from callsheet.reports.remarks import Remark, remarks_of

# Below the 65,536 characters that GitHub takes, with room for what a comment is found again by.
LIMIT = 65_000
SHORTENED = (
    "\n_Shortened to fit here. The plan file of this run has the whole plan: `callsheet show FILE`._\n"
)
_ON_PAGE = (
    "\n_Shortened to fit here. The whole plan is on the job's page and in the plan file of this run._\n"
)
_SHORTENED_DRIFT = "\n_Shortened to fit here. `callsheet drift` shows all of it._\n"
_ELSEWHERE = "### Not from this pull request's files: drift, another merge, a new version of Callsheet"
_OUTSIDE = "### Not from any file: drift that is set back, or a new version of Callsheet"
_NAMED, _FEW = 20, 3  # addresses that one finding names, where there is room and where there is little
_STRANGE = "not explained by the files of this pull request"


def plan_markdown(
    views: Sequence[PlanView],
    *,
    limit: int = LIMIT,
    changed_files: Collection[str] | None = None,
    missing: Sequence[str] = (),
    on_page: bool = False,
) -> str:
    """One report on the plans of one or several environments, of at most `limit` bytes of UTF-8.

    `changed_files` are the paths that a pull request touches, from the repository's root: changes that they
    do not explain are set apart. Without them only what drift or another version of Callsheet brings is.
    `missing` are the environments whose plan was expected, and could not be made: they come first.
    `on_page`: the job's page has the whole of it. What is shortened ends with SHORTENED, or names the page.
    """
    unknown = missing_heads(missing)
    heads = [*unknown, *map(_head, views)]
    feet = ["" for _ in unknown] + [_foot(view) for view in views]
    shared, own = remarks_of([(view.environment, view.diagnostics) for view in views])
    sections: list[list[Section]] = [[] for _ in unknown]
    sections += [
        _sections(view, unexplained(view, changed_files), changed_files is not None, remarks)
        for view, remarks in zip(views, own, strict=True)
    ]
    if shared:
        heads, feet = [*heads, "## In several environments\n"], [*feet, ""]
        sections.append([_remarks("### Worth knowing", shared)])
    note = _ON_PAGE if on_page else SHORTENED
    return _composed(_overview(views, missing), heads, sections, feet, note, limit)


def drift_markdown(views: Sequence[DriftView], *, limit: int = LIMIT) -> str:
    """One report on the drift checks of one or several environments, of at most `limit` bytes of UTF-8."""
    heads = [f"## {prose(view.headline)}\n\n**{view.last_line}**\n" for view in views]
    sections = [drift_sections(view) for view in views]
    return _composed("", heads, sections, ["" for _ in views], _SHORTENED_DRIFT, limit)


def _composed(
    overview: str,
    heads: Sequence[str],
    sections: Sequence[Sequence[Section]],
    feet: Sequence[str],
    note: str,
    limit: int,
) -> str:
    whole, counted = _fitted(overview, heads, sections, feet, note, limit)
    if whole and not counted:
        return whole
    # Where room is that short, what is deleted is told before what is known elsewhere.
    bare, fewer = _fitted("", heads, sections, [], note, limit)
    shown = bare if bare and (fewer < counted or not whole) else whole
    return shown or _at_least(heads, note, limit)


def _fitted(
    overview: str,
    heads: Sequence[str],
    sections: Sequence[Sequence[Section]],
    feet: Sequence[str],
    note: str,
    limit: int,
) -> tuple[str, int]:
    """The report, nothing where it does not fit, and how many vital parts it only counts. Without `feet` it
    is said to be shortened."""
    fixed = size(overview) + sum(map(size, (*heads, *feet))) + size(note) + len(heads)
    fit = fitted([each for some in sections for each in some], limit - fixed)
    rest = iter(fit.texts)
    told = [
        "".join([head, *(next(rest) for _ in some), foot])
        for head, some, foot in zip(heads, sections, feet or ["" for _ in heads], strict=True)
    ]
    text = "\n".join(filter(None, [overview, *told])) + (note if fit.shortened or not feet else "")
    return (text if size(text) <= limit else ""), fit.counted


def _at_least(heads: Sequence[str], note: str, limit: int) -> str:
    """Where there is no room for a report at all: what each head says, and where the report is."""
    out, left = "", limit - size(note)
    for head in heads:
        if size(head) > left:
            break
        out, left = out + head, left - size(head)
    return out + note


def _overview(views: Sequence[PlanView], missing: Sequence[str]) -> str:
    count = len(views) + len(missing)
    if count < 2:
        return ""
    lines = missing_lines(missing)
    lines += [f"- {code(view.environment, 80)}: {view.last_line}\n" for view in views]
    without = f", {len(missing)} could not be planned" if missing else ""
    return f"# Callsheet: {count} environments{without}\n\n{''.join(lines)}"


def _head(view: PlanView) -> str:
    what = {"destroy": "destroy", "rollback": "roll back", "promote": "promote to"}.get(view.mode, "plan for")
    told = f"## Callsheet: {what} {code(view.environment, 80)}\n\n**{view.last_line}**\n"
    facts = [code(view.target, 300)]
    if view.release:
        facts.append(f"release {code(view.release, 200)}")
    if view.prompts:
        facts.append("prompts " + code(", ".join(f"{name} {version}" for name, version in view.prompts), 300))
    return told + f"\n{' · '.join(facts)}\n"


def _foot(view: PlanView) -> str:
    facts = [f"digest {code(view.digest, 100)}", f"state serial {view.serial}"]
    if view.release:
        facts.append(f"files {code(view.source_digest, 100)}")
    if view.commit:
        facts.append(f"commit {code(view.commit, 100)}{' with local changes' if view.dirty else ''}")
    facts.append(f"made {code(view.created_at, 40)} by {_maker(view)}")
    return f"\n{' · '.join(facts)}\n" + (f"\n{_command(view)}\n" if view.changes else "")


def _maker(view: PlanView) -> str:
    tool = f"Callsheet {code(view.callsheet, 40)}"
    if not (author := view.author):
        return tool
    voucher = f"verified by {code(author.issuer, 100)}" if author.issuer else "verified"
    return f"{code(author.name, 100)} ({voucher if author.verified else 'unverified'}) with {tool}"


def _command(view: PlanView) -> str:
    """What applies the plan, and what has to come before."""
    if view.refusals:
        return "Nothing applies this plan before what refuses it is settled."
    if view.counts["conflicts"]:
        how = code("--on-conflict overwrite"), code("--on-conflict keep")
        return f"Nothing applies this plan before its conflicts are decided: plan with {how[0]} or {how[1]}."
    before = "Once what is waited for is there: " if view.pending else "To apply: "
    anew = f", or {code(f'callsheet apply --env {view.environment}', 120)}, which plans anew"
    file = f"{code('callsheet apply FILE')} with the plan file of this run"
    return f"{before}{file}{anew if view.mode == 'apply' else ''}."


def _sections(
    view: PlanView, strange: Collection[str], by_files: bool, remarks: Sequence[Remark]
) -> list[Section]:
    gone = [each for each in view.changes if each.destructive]
    torn = [each for each in view.changes if each.conflict and not each.destructive]
    other = [each for each in view.changes if not (each.destructive or each.conflict)]
    return [
        _refused(view.refusals),
        _changes("### Deleted or replaced", gone, strange, vital=3),
        # Apart, as where room ends conflicts of any environment are counted before a deletion of another.
        _changes("### In conflict", torn, strange, vital=2),
        _gates("### Sign-offs and gates", [each for each in view.gates if each.status != "refused"]),
        _changes("### Changes", [each for each in other if each.address not in strange]),
        _changes(
            _ELSEWHERE if by_files else _OUTSIDE,
            [each for each in other if each.address in strange],
        ),
        *drift_sections(view),
        _remarks("### Worth knowing", remarks),
    ]


def _refused(gates: Sequence[Gate]) -> Section:
    def rest(parts: Sequence[Part]) -> str:
        counts = Counter(part.name for part in parts)
        return "\n".join(f"- {code(rule, 80)} refuses {_times(count)}" for rule, count in counts.items())

    return Section(
        "### Refused: nothing will be applied",
        [Part(each.rule, partial(_gate, each)) for each in gates],
        rest,
        lambda parts: f"- refused {_times(len(parts))}",
        vital=3,
    )


def _gates(title: str, gates: Sequence[Gate]) -> Section:
    def rest(parts: Sequence[Part]) -> str:
        counts = Counter(part.name for part in parts)
        return "- " + ", ".join(f"{count:,} {status}" for status, count in counts.items())

    parts = [Part(_standing(each), partial(_gate, each)) for each in gates]
    return Section(title, parts, rest, rest)


def _standing(gate: Gate) -> str:
    """A gate's status in a word; never a box to tick, which anybody could."""
    signed = {"passed": "given", "pending": "missing"} if gate.rule.startswith("signOffs") else {}
    known = {"passed": "passed", "pending": "waiting", "overridden": "overridden", "refused": "refused"}
    return signed.get(gate.status) or known.get(gate.status, "other")


def _gate(gate: Gate, _level: Level) -> str:
    told = f"- {_standing(gate)} ({code(gate.rule, 80)}): {prose(gate.message, 1_500)}"
    todo = (
        f"\n  to go on: {prose(gate.satisfied_by)}" if gate.satisfied_by and gate.status != "passed" else ""
    )
    return told + todo


def _changes(
    title: str, changes: Sequence[ChangeView], strange: Collection[str] = (), *, vital: int = 0
) -> Section:
    known = {each.address: each for each in changes}

    def rest(parts: Sequence[Part]) -> str:
        grouped: dict[str, list[str]] = {}
        for part in parts:
            grouped.setdefault(deed(known[part.name]), []).append(code(part.name))
        return "\n".join(f"- **{what}** {', '.join(some)}" for what, some in grouped.items())

    def count(parts: Sequence[Part]) -> str:
        return "\n".join(_counts([known[part.name] for part in parts]))

    told = [
        Part(each.address, partial(_change, each, _STRANGE if each.address in strange else ""))
        for each in changes
    ]
    return Section(title, told, rest if vital else count, count, vital=vital)


def _change(change: ChangeView, note: str, level: Level) -> str:
    return change_text(change, level, note)


def _counts(changes: Sequence[ChangeView]) -> Iterator[str]:
    """One line per action: how many of each kind, the commonest first."""
    for what in dict.fromkeys(map(deed, changes)):
        kinds = Counter(each.address.partition("/")[0] for each in changes if deed(each) == what)
        told = [prose(counted(count, words_of(kind)), 60) for kind, count in kinds.most_common(20)]
        more = f" and more of {len(kinds) - 20:,} other kinds" if len(kinds) > 20 else ""
        yield f"- {what} {sum(kinds.values()):,}: {', '.join(told)}{more}"


def _remarks(title: str, found: Sequence[Remark]) -> Section:
    def rest(parts: Sequence[Part]) -> str:
        counts = Counter(part.name for part in parts)
        return "- " + ", ".join(counted(count, name) for name, count in counts.items())

    return Section(
        title, [Part(str(each.said.severity), partial(_remark, each)) for each in found], rest, rest
    )


def _remark(each: Remark, level: Level) -> str:
    where = [_addresses(each.addresses, level), code(str(each.place), 200) if each.place else ""]
    if each.environments:
        where.append(f"in {', '.join(code(name, 80) for name in each.environments)}")
    told = f"- {' '.join(filter(None, [str(each.said.severity), *where]))}: {prose(each.said.summary)}"
    if level < Level.LINE:
        told += "".join(f"\n  {prose(more)}" for more in (each.said.detail, each.said.hint) if more)
    return told


def _addresses(addresses: Sequence[str], level: Level) -> str:
    if len(addresses) < 2:
        return "".join(code(each, 200) for each in addresses)
    named = addresses[: _NAMED if level is Level.FULL else _FEW if level < Level.LINE else 0]
    told = ", ".join(code(each, 200) for each in named)
    more = f" and {len(addresses) - len(named):,} more" if len(named) < len(addresses) else ""
    return f"for {len(addresses):,} resources" + (f" ({told}{more})" if named else "")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"

"""Releases as lines: the list of them, one with its files, what two differ in; the promotion checklist."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from callsheet.reports.counting import counted
from callsheet.reports.line import EMPTY, Line, Span, line
from callsheet.reports.text_diff import diff_lines

_STYLES = {"ok": "ok", "open": "warning", "bad": "danger"}
_SIGNS = {"added": ("+ ", "create"), "changed": ("~ ", "update"), "removed": ("- ", "delete")}
_DIFF = {"-": "delete", "+": "create"}


def list_lines(told: Mapping[str, Any]) -> Iterator[Line]:
    """The newest first, one line each."""
    for each in told["releases"]:
        current = "  ← runs" if each["version"] == told["current"] else ""
        yield line(
            Span(f"v{each['version']}", "message"),
            f"  {_from(each)}",
            Span(f"  {each['at']}  {each['by']}  {each['digest'][:19]}…", "dim"),
            Span(current, "ok"),
        )
        if each["prompts"]:
            named = ", ".join(f"{name} {version}" for name, version in each["prompts"].items())
            yield line(Span(f"      prompts: {named}", "dim"))
    count = len(told["releases"])
    wanted = f"; wanted: {told['wanted']}" if told["wanted"] else ""
    follows = "" if told["pinned"] else "; it follows the working tree"
    said = f"Releases of {told['environment']}: {count} in {told['store']}{wanted}{follows}."
    yield line(Span(said, "summary"))


def show_lines(told: Mapping[str, Any]) -> Iterator[Line]:
    """The release, then its files."""
    release = told["release"]
    yield line(Span(f"Release v{release['version']} of {told['environment']}", "message"))
    for name, value in (
        ("digest", release["digest"]),
        ("from", _from(release)),
        ("made", f"{release['at']} by {release['by']}, run {release['run']}"),
        ("prompts", ", ".join(f"{name} {version}" for name, version in release["prompts"].items())),
    ):
        if value:
            yield line(f"  {name:<9}", value)
    for each in told["files"]:
        yield line(Span(f"  {each['sha256'][:12]}  {each['size']:>9,}  ", "dim"), Span(each["path"], "path"))
    yield line(Span(f"{counted(len(told['files']), 'file')}.", "summary"))


def diff_lines_of(told: Mapping[str, Any]) -> Iterator[Line]:
    """Each file that differs, texts as line diffs."""
    for each in told["files"]:
        sign, style = _SIGNS[each["change"]]
        yield line(Span(f"{sign}{each['path']}", style))
        if "old" in each:
            for part in diff_lines(each["old"], each["new"]):
                yield line(Span(f"    {part.sign} {part.text}", _DIFF.get(part.sign, "dim")))
    old, new = _called(told["old"]), _called(told["new"])
    if told["equal"]:
        yield line(Span(f"{old} and {new} are the same, byte for byte.", "summary"))
    else:
        count = len(told["files"])
        differ = f"{counted(count, 'file')} {'differs' if count == 1 else 'differ'}"
        yield line(Span(f"{differ} between {old} and {new}.", "summary"))


def checklist_lines(items: Sequence[Mapping[str, str]]) -> Iterator[Line]:
    """One line per question, and what to do where the answer is not yes."""
    yield EMPTY
    yield line(Span("Checklist", "section"))
    for each in items:
        mark = {"ok": "[x]", "open": "[ ]", "bad": "[!]"}[each["status"]]
        yield line(f"  {mark} ", Span(f"{each['name']:<11}", _STYLES[each["status"]]), each["found"])
        if todo := each.get("todo"):
            yield line(" " * 17, Span(f"→ {todo}", "hint"))


def origin_of(origin: Mapping[str, Any]) -> str:
    """Where a release is from, in words: an environment's version, or a commit of the tree."""
    if origin.get("version") is not None:
        return f"{origin['environment']}@{origin['version']}"
    git = origin.get("git")
    if not git:
        return str(origin["environment"])
    return f"{origin['environment']} at {git['sha'][:12]}{' with local changes' if git['dirty'] else ''}"


def _from(release: Mapping[str, Any]) -> str:
    if release.get("backTo") is not None:
        return f"back to v{release['backTo']}"
    return f"from {origin_of(release['origin'])}"


def _called(side: Mapping[str, Any]) -> str:
    name = side["environment"]
    return f"{name}@{side['version']}" if side["version"] else f"{name} (the working tree)"

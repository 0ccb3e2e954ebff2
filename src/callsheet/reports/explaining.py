"""Which changes a pull request's own files explain, and which somebody or something else has brought."""

from __future__ import annotations

import re
from collections.abc import Collection

from callsheet.model.address import Address
from callsheet.plan.attributes import SETTINGS_FILE
from callsheet.plan.change import Action, Cause
from callsheet.reports.plan_view import ChangeView, PlanView

_ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r"}
# What comes from outside of any file.
OUTSIDE = frozenset({Cause.DRIFT, Cause.RENDERER})


def unexplained(view: PlanView, changed_files: Collection[str] | None) -> frozenset[str]:
    """The addresses whose change has another origin than the pull request.

    `changed_files` are paths from the repository's root. Without them causes alone are looked at: what only
    drift or a new version of Callsheet has brought. With them a change is explained by a file that one of its
    places names, by what it refers to and which is explained itself, or, for what is removed and so has no
    place, by a file or a folder that is named after it. The settings file says which release an environment
    runs, and explains all of a new one: the files of a release are not those of the repository.
    """
    if changed_files is None:
        return frozenset(each.address for each in view.changes if _outside(each))
    files = {_normal(each) for each in changed_files}
    if view.newly_released and any(_same(SETTINGS_FILE, file) for file in files):
        return frozenset(each.address for each in view.changes if _outside(each))
    known = {each.address for each in view.changes if not _outside(each) and _named(each, files)}
    waiting = [each for each in view.changes if each.address not in known and Cause.REFERENCE in each.causes]
    while more := {each.address for each in waiting if not known.isdisjoint(each.depends_on)} - known:
        known |= more
    return frozenset(each.address for each in view.changes) - known


def paths_of(listed: bytes) -> frozenset[str]:
    """What `git diff --name-only` lists, with `-z` or without; Git puts unusual paths in quotes."""
    if b"\0" in listed:
        lines = listed.split(b"\0")
    else:
        lines = [_unquoted(line.rstrip(b"\r")) for line in listed.split(b"\n")]
    return frozenset(line.decode(errors="surrogateescape") for line in lines if line)


def _unquoted(line: bytes) -> bytes:
    if len(line) < 2 or not (line.startswith(b'"') and line.endswith(b'"')):
        return line

    def character(found: re.Match[bytes]) -> bytes:
        said = found.group(1)
        return bytes([int(said, 8)]) if said.isdigit() else _ESCAPES.get(said, said)

    return re.sub(rb"\\([0-3][0-7]{2}|.)", character, line[1:-1])


def _outside(change: ChangeView) -> bool:
    return bool(change.causes) and change.causes <= OUTSIDE


def _named(change: ChangeView, files: Collection[str]) -> bool:
    if change.files:
        return any(_same(place, file) for place in map(_normal, change.files) for file in files)
    if change.action in (Action.DELETE, Action.FORGET):
        name = Address.parse(change.address).name
        return any(each == name or each.startswith(f"{name}.") for file in files for each in file.split("/"))
    return False


def _same(place: str, file: str) -> bool:
    """Places count from the project, which may be a folder of the repository."""
    return file == place or file.endswith(f"/{place}")


def _normal(path: str) -> str:
    return path.removeprefix("./")

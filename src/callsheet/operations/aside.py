"""Recovery files: where they lie, and the command that pushes one."""

from __future__ import annotations

import shlex
from pathlib import Path

from callsheet.apply.aside import Kept
from callsheet.model.errors import CallsheetError
from callsheet.spec.project import find_root
from callsheet.state.private import write_private
from callsheet.state.unwritten import Unwritten

FOLDER = "recovery"


def keep(root: Path, work: str, unwritten: Unwritten) -> Kept:
    """Write a recovery file into the project's working folder. OSError where that is not possible."""
    path = (root / work / FOLDER / f"{unwritten.environment}-{unwritten.run}.jsonl").resolve()
    write_private(path, unwritten.write())
    here = Path.cwd()
    file = str(path.relative_to(here) if path.is_relative_to(here) else path)
    words = ["callsheet", "state", "push", file]
    if not _found_from(here, root):
        words += ["-C", str(root.resolve())]
    return Kept(file, shlex.join(words))


def _found_from(here: Path, root: Path) -> bool:
    try:
        return find_root(here).resolve() == root.resolve()
    except CallsheetError:
        return False

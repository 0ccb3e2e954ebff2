"""`init`: a small project that works at once, on the sandbox. Never overwrites anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from callsheet.model.canonical import pretty
from callsheet.model.diagnostics import error
from callsheet.model.errors import CallsheetError
from callsheet.operations.schemas import READ, schema
from callsheet.operations.session import WORK

FOLDER = "specs"
_IGNORED = f"{WORK}/"


@dataclass(frozen=True, slots=True)
class Initialised:
    """The folder, and what was written in it, relative to it."""

    folder: Path
    written: tuple[str, ...]
    ignored: bool  # .gitignore was written or got a line


def init(folder: Path) -> Initialised:
    """Write the project into `folder/specs`. CallsheetError, and nothing written, where a file is there."""
    app = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-")[:63].strip("-") or "voice"
    wanted = {f"{FOLDER}/{name}": text.replace(b"@APP@", app.encode()) for name, text in _templates()}
    for name in READ:
        wanted[f"{FOLDER}/.schemas/{name}.json"] = pretty(dict(schema(name)))
    _refuse_existing(folder, [*wanted, FOLDER + "/environments.yaml"])
    try:
        for name, data in wanted.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("xb") as out:
                out.write(data)
        ignored = _ignore(folder)
    except OSError as cause:
        raise CallsheetError(
            f"{cause.filename or folder} cannot be written ({cause.strerror})",
            hint="name another folder",
            code="init.write",
        ) from None
    return Initialised(folder, tuple(sorted(wanted)), ignored)


def _templates() -> Iterator[tuple[str, bytes]]:
    yield from _walk(files("callsheet.operations") / "templates", "")


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        else:
            yield f"{prefix}{entry.name}", entry.read_bytes()


def _refuse_existing(folder: Path, names: list[str]) -> None:
    there = sorted({name for name in [*names, "environments.yaml"] if (folder / name).exists()})
    if there:
        raise CallsheetError(
            diagnostics=[
                error(
                    "init.exists",
                    f"{folder / name} is there already",
                    detail="Nothing was written: init never overwrites.",
                    hint="name another folder: callsheet init DIR",
                )
                for name in there[:5]
            ]
        )


def _ignore(folder: Path) -> bool:
    """Keep local working data out of Git; an existing .gitignore gets a line, and keeps all that it has."""
    path = folder / ".gitignore"
    present = path.read_text(encoding="utf-8", errors="surrogateescape") if path.exists() else ""
    if _IGNORED in present.split("\n"):
        return False
    gap = "" if not present or present.endswith("\n") else "\n"
    with path.open("a", encoding="utf-8") as out:
        out.write(f"{gap}{_IGNORED}\n")
    return True

"""An export as files, for people and other programs: one JSON file, or a folder with one per object."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from callsheet.model.canonical import pretty
from callsheet.model.errors import CallsheetError

# Of what a provider calls its objects, what can be the name of a file anywhere.
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")


def check_out(out: Path) -> None:
    """CallsheetError, before anything is asked for, where `out` cannot be written."""
    try:
        if _is_file(out):
            wrong = "is a folder" if out.is_dir() else ""
        elif out.exists() and not out.is_dir():
            wrong = "is a file"
        else:
            wrong = "is not empty" if out.is_dir() and any(out.iterdir()) else ""
        above = next(each for each in out.absolute().parents if each.exists())
        wrong = wrong or ("" if above.is_dir() else f"cannot be made: {above} is a file")
    except OSError as cause:
        wrong = f"cannot be read ({cause.strerror})"
    if wrong:
        raise CallsheetError(
            f"{out} {wrong}",
            hint="name a file that ends in .json, or a folder that is not there yet or empty",
            code="export.out",
        )


def write(out: Path, shown: Mapping[str, Any]) -> None:
    """Write what `export show` shows to a file, or to a folder; readable by their owner alone."""
    check_out(out)
    try:
        if _is_file(out):
            temporary = out.with_name(f".{out.name}.new")
            _write(temporary, shown)
            temporary.replace(out)
            return
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path, value in _files(shown):
            (out / path).parent.mkdir(mode=0o700, exist_ok=True)
            _write(out / path, value)
    except OSError as cause:
        raise CallsheetError(
            f"{out} cannot be written ({cause.strerror})",
            detail="The export itself is kept in the store all the same.",
            hint="check the folder's owner, permissions and free space; "
            "`callsheet export show` prints what is kept",
            code="export.out",
        ) from None


def _files(shown: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for kind, kept in shown["objects"].items():
        for each in kept:
            identity = each["id"]
            stem = identity if _PLAIN.fullmatch(identity) else hashlib.sha256(identity.encode()).hexdigest()
            yield f"{kind}/{stem}.json", each
    # Last, so that a folder with it in is a whole one.
    yield "export.json", {key: value for key, value in shown.items() if key != "objects"}


def _is_file(out: Path) -> bool:
    return out.suffix == ".json"


def _write(path: Path, value: Any) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(pretty(value))

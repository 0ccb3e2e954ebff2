"""`sandbox`: serve the stand-in for a provider to any client, empty it, fill it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

from callsheet.model.diagnostics import error
from callsheet.model.errors import CallsheetError
from callsheet.operations.sandboxes import open_store
from callsheet.operations.session import WORK
from callsheet.sandbox.app import create_app
from callsheet.sandbox.faults import Fault, Faults
from callsheet.sandbox.seed import reset as forget
from callsheet.sandbox.seed import seed as fill
from callsheet.sandbox.server import Server
from callsheet.sandbox.server import serve as listen
from callsheet.spec.project import find_root

FILE = "sandbox.sqlite"


def store_path(start: Path, given: Path | None) -> Path:
    """The file named; else the project's own, which the embedded sandbox uses; else one in this folder."""
    if given is not None:
        return given
    try:
        return find_root(start) / WORK / FILE
    except CallsheetError:
        return start / WORK / FILE


def switches(texts: Iterable[str]) -> list[Fault]:
    """Bad days as the command line says them. CallsheetError with everything that cannot be read."""
    out, problems = [], []
    for text in texts:
        try:
            out.append(Fault.parse(text))
        except ValueError as wrong:
            problems.append(
                error(
                    "sandbox.fault",
                    f"--fault {text!r}: {wrong}",
                    hint="for example 'latency seconds=0.2' or 'lose-answer POST /tool nth=3'",
                )
            )
    if problems:
        raise CallsheetError(diagnostics=problems)
    return out


def serve(path: Path, organisation: str | None, host: str, port: int, faults: Iterable[Fault]) -> Server:
    """A running server; `close` it. CallsheetError where file or address cannot be used."""
    store = open_store(path)
    try:
        return listen(create_app(store, organisation=organisation, faults=Faults(faults)), host, port)
    except CallsheetError:
        store.close()
        raise


def reset(path: Path, organisation: str) -> None:
    """Forget everything that the organisation holds."""
    with closing(open_store(path)) as store:
        forget(store, organisation)


def seed(path: Path, organisation: str, estate: Path | None) -> Mapping[str, int]:
    """Add an estate from a JSON file, or the built-in one; how many objects of each kind."""
    with closing(open_store(path)) as store:
        return fill(store, organisation, _read(estate) if estate else None)


def _read(path: Path) -> Any:
    try:
        return orjson.loads(path.read_bytes())
    except OSError as cause:
        raise CallsheetError(f"{path} cannot be read ({cause.strerror})", code="sandbox.seed") from None
    except orjson.JSONDecodeError as cause:
        raise CallsheetError(
            f"{path} is no JSON (line {cause.lineno}, column {cause.colno})", code="sandbox.seed"
        ) from None

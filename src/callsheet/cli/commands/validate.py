"""`callsheet validate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from callsheet.cli.options import verb
from callsheet.cli.screen import TERMINAL, Screen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callsheet.operations.validate import Validated
    from callsheet.reports.line import Line


@click.command("validate")
@verb(environment="Only this environment (else all of them).")
@click.option(
    "--vendor-schema",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Hold every body that would be sent against the provider's OpenAPI document (JSON).",
)
def command(screen: Screen, env: str | None, start: str, vendor_schema: Path | None) -> int:
    """Check the files: syntax, references, limits, and what the provider is known to refuse.

    Asks nobody, needs no key and writes nothing. All findings are told at once.
    """
    from callsheet.operations.validate import validate
    from callsheet.reports.json import VALIDATE
    from callsheet.spec.project import find_root

    screen.root = find_root(Path(start))
    found = validate(screen.root, env, vendor_schema)
    if screen.format == TERMINAL:
        screen.report(_lines(found, screen))
    else:
        screen.document({"format": VALIDATE, **found.to_json()})
    return found.exit_code


def _lines(found: Validated, screen: Screen) -> Iterator[Line]:
    from callsheet.model.diagnostics import Severity
    from callsheet.reports.diagnostic_lines import counted, diagnostic_lines
    from callsheet.reports.line import EMPTY, Span, line

    for each in found.diagnostics:
        if each.severity is Severity.ERROR or not screen.quiet:
            yield from diagnostic_lines(each, screen.excerpts)
            yield EMPTY
    counts = {found.resources[name] for name in found.environments if name in found.resources}
    size = f" ({max(counts)} resources)" if counts else ""
    names = ", ".join(found.environments) or "the project cannot be loaded"
    verdict = "Not valid" if found.exit_code else "Valid"
    more = f" {counted(found.diagnostics)}" if found.diagnostics else ""
    yield line(Span(f"{verdict}: {names}{size}.{more}", "danger" if found.exit_code else "summary"))

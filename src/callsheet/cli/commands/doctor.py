"""`callsheet doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from callsheet.cli.options import verb
from callsheet.cli.screen import TERMINAL, Screen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callsheet.operations.doctor import Examined
    from callsheet.reports.line import Line

_STYLES = {"ok": "ok", "warn": "warning", "fail": "danger", "skipped": "dim"}


@click.command("doctor")
@verb(environment="The environment to examine (else the default one).")
def command(screen: Screen, env: str | None, start: str) -> int:
    """Check that plan and apply have what they need: files, secrets, state, the provider, this machine.

    Says who you are, how that is known, and what would verify it; a CI job's ID token is verified for that.
    Says who could forge what the state store holds, and warns where that is too many.
    Of state: whose the lock is, and what a killed run had begun.
    Says which of the other environments' states cannot be seen from here.
    Asks the provider for one list and writes nothing. Exits 1 where something fails.
    """
    from callsheet.operations.doctor import doctor
    from callsheet.operations.session import Session
    from callsheet.reports.json import DOCTOR

    def open_session() -> Session:
        session = Session.open(Path(start), env, variables=screen.variables, listener=screen.listener)
        screen.opened(session)
        return session

    found = doctor(open_session)
    if screen.format == TERMINAL:
        screen.report(_lines(found, screen.quiet))
    else:
        screen.document({"format": DOCTOR, **found.to_json()})
    return found.exit_code


def _lines(found: Examined, quiet: bool) -> Iterator[Line]:
    from callsheet.reports.line import Span, line

    for check in found.checks:
        if quiet and check.status in ("ok", "skipped"):
            continue
        style = _STYLES[check.status]
        yield line(Span(f"{check.status:<8}", style), Span(f"{check.name:<14}", "path"), check.found)
        if check.todo:
            yield line(" " * 22, Span(f"→ {check.todo}", "hint"))
    bad = sum(check.status == "fail" for check in found.checks)
    yield line(
        Span(
            f"Doctor: {bad} of {len(found.checks)} checks failed." if bad else "Doctor: all is well.",
            "summary",
        )
    )

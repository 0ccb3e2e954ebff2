"""`callsheet sandbox serve|reset|seed`."""

from __future__ import annotations

from pathlib import Path

import click

from callsheet.cli.options import verb
from callsheet.cli.screen import TERMINAL, Screen

_STORE = click.option(
    "--store",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The file that holds everything (else the project's own, which `sandbox:NAME` uses).",
)
_ORGANISATION = click.option("--org", metavar="NAME", required=True, help="The organisation's name.")


@click.group("sandbox")
def command() -> None:
    """Vapi's HTTP API, emulated: serve it to any client, empty it, fill it."""


@command.command("serve")
@verb(output=False)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8642, show_default=True, help="0: any free one."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--org", metavar="NAME", help="Every key opens this organisation (else each key has one of its own)."
)
@_STORE
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="TEXT",
    help="A bad day: 'EFFECT [METHOD [PATH]] [name=value …]', such as 'latency seconds=0.2', "
    "'rate-limit limit=10 seconds=1', 'lose-answer POST /tool nth=3', 'error GET /assistant status=503', "
    "'drop', 'list-cap limit=100', 'read-only'. May be repeated.",
)
def serve(
    screen: Screen,
    start: str,
    port: int,
    host: str,
    org: str | None,
    store: Path | None,
    faults: tuple[str, ...],
) -> int:
    """Serve the sandbox until interrupted. The address is the first line on stdout."""
    from callsheet.operations.sandbox import serve as run
    from callsheet.operations.sandbox import store_path, switches

    path = store_path(Path(start), store)
    with run(path, org, host, port, switches(faults)) as server:
        screen.stdout.write(f"{server.url}\n")
        screen.stdout.flush()
        screen.say(f"Serving {path}; any key that is not empty will do. Interrupt to stop.")
        try:
            server.wait()
        except KeyboardInterrupt:
            screen.say("Stopped.")
    return 0


@command.command("reset")
@verb(output=False)
@_ORGANISATION
@_STORE
def reset(screen: Screen, start: str, org: str, store: Path | None) -> int:
    """Forget everything that an organisation of the sandbox holds."""
    from callsheet.operations.sandbox import reset as forget
    from callsheet.operations.sandbox import store_path

    path = store_path(Path(start), store)
    forget(path, org)
    screen.say(f"{org} is empty now ({path}).")
    return 0


@command.command("seed")
@verb()
@_ORGANISATION
@_STORE
@click.option(
    "--from",
    "estate",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A JSON file of kinds and their objects (else a small built-in estate).",
)
def seed(screen: Screen, start: str, org: str, store: Path | None, estate: Path | None) -> int:
    """Add objects to an organisation of the sandbox, as if others had made them."""
    from callsheet.operations.sandbox import seed as fill
    from callsheet.operations.sandbox import store_path
    from callsheet.reports.line import line

    path = store_path(Path(start), store)
    added = fill(path, org, estate)
    if screen.format == TERMINAL:
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(added.items())) or "nothing"
        screen.report([line(f"Added to {org}: {told}.")])
    else:
        screen.document({"format": "callsheet.seed/1", "organisation": org, "added": dict(added)})
    return 0

"""An application that loads its settings at start-up: `python application.py production` prints them.

Where settings.json lies beside it (`callsheet resolve --env production --out settings.json` at deployment),
it reads that, and needs neither the files nor an environment's name.
"""

from __future__ import annotations

import sys
from pathlib import Path

from callsheet.resolved import Resolved, resolve

HERE = Path(__file__).parent


def settings(environment: str | None) -> Resolved:
    deployed = HERE / "settings.json"
    return Resolved.load(deployed) if deployed.exists() else resolve(environment, start=HERE)


def main(environment: str | None) -> None:
    found = settings(environment)
    prompt = found.prompt("renewal-call")
    limit = "no limit" if found.rate_limit is None else f"{found.rate_limit} requests per hour"
    answers = "short" if found.flag("short_answers", default=False) else "full"
    print(f"{found.environment}: {found.model} at {found.temperature}, {limit}, {found.logging} logs")
    print(f"{prompt.name} {prompt.version or 'from the file'}, {answers} answers")
    print(prompt.text.splitlines()[0])


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)

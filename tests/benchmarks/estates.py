"""Estates of a given size, and the server that they live on, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from benchmarks.measure import COMMAND

_LINE = "Line {line} of the prompt of agent {number}: be kind, be brief, ask twice, and never guess."


def write_estate(root: Path, count: int, url: str) -> None:
    """`count` assistants of about 4 KB each on one environment, `dev`."""
    (root / "assistants").mkdir(parents=True)
    (root / "environments.yaml").write_text(
        "apiVersion: v1\nkind: Environments\napp: bench\nenvironments:\n  dev:\n    default: true\n"
        f'    provider: {{type: vapi, baseUrl: "{url}", apiKey: bench}}\n'
    )
    for number in range(count):
        prompt = "\n".join("    " + _LINE.format(line=line, number=number) for line in range(45))
        (root / "assistants" / f"a{number}.yaml").write_text(
            f"apiVersion: v1\nkind: Assistant\nmetadata: {{name: a{number}}}\nspec:\n"
            "  model: {provider: openai, model: gpt-4.1, temperature: 0.2}\n  firstMessage: Hello.\n"
            f"  systemPrompt: |\n{prompt}\n"
        )


@contextmanager
def server(folder: Path, *switches: str) -> Iterator[str]:
    """A sandbox on a free port of loopback, in another process; its URL."""
    script = (
        "import sys\n"
        "from callsheet.sandbox.app import create_app\n"
        "from callsheet.sandbox.faults import Fault, Faults\n"
        "from callsheet.sandbox.server import serve\n"
        "from callsheet.sandbox.store import Store\n"
        "faults = Faults(Fault.parse(text) for text in sys.argv[2:])\n"
        "running = serve(create_app(Store(sys.argv[1]), organisation='bench', faults=faults))\n"
        "print(running.url, flush=True)\n"
        "running.wait()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(folder / "sandbox.sqlite"), *switches],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def requests(url: str, *, reset: bool = False) -> dict[str, int]:
    """What the server was asked, by method and route."""
    request = urllib.request.Request(url + "/__sandbox__/requests", method="DELETE" if reset else "GET")
    with urllib.request.urlopen(request, timeout=10) as answer:
        counts: dict[str, int] = orjson.loads(answer.read())["counts"]
    return counts


def plan_command(root: Path) -> list[str]:
    return [COMMAND, "plan", "--specs", str(root), "--env", "dev", "-o", "json"]


def apply_command(root: Path) -> list[str]:
    return [COMMAND, "apply", "--specs", str(root), "--env", "dev", "--yes", "-o", "json"]

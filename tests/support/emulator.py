"""`emulate`, a stateful GitHub by somebody else (npm emulate 0.12.2), as a process."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support import npm

_HERE = Path(__file__).parent / "emulate"
_SEED = """
tokens:
  canary-emulator-token:
    login: acme-bot
    scopes: [repo]
  canary-other-token:
    login: mallory
    scopes: [repo]
github:
  users:
    - login: acme-bot
    - login: mallory
  repos:
    - owner: acme-bot
      name: voice
      auto_init: true
"""
TOKEN, OTHER = "canary-emulator-token", "canary-other-token"


@contextmanager
def emulator(folder: Path) -> Iterator[str]:
    """Its address, which has to say `localhost`: its own links do."""
    script = npm.installed(_HERE) / "emulate/dist/index.js"
    seed = folder / "seed.yaml"
    seed.write_text(_SEED, encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [npm.node(), str(script), "--service", "github", "--port", str(port), "--seed", str(seed)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
    )
    try:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line)
            if "Ready" in line:
                break
        else:
            raise AssertionError(f"the emulator ended: {''.join(said)}")
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.communicate()

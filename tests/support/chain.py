"""Three environments in a row, each with an organisation on a real server of its own: dev, uat, prod."""

from __future__ import annotations

import json
import shutil
import subprocess
import textwrap
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from callsheet.apply.outcome import Outcome
from callsheet.operations.apply import apply
from callsheet.operations.plan import Planned, plan
from callsheet.operations.promote import promote, promote_in_writing
from callsheet.operations.rollback import rollback
from callsheet.operations.session import Session
from callsheet.plan.archive import Archive
from callsheet.plan.inputs import Options
from callsheet.releases.pin import Pin, pins
from callsheet.sandbox.app import Sandbox, create_app
from callsheet.sandbox.faults import Fault, Faults
from callsheet.sandbox.server import Server, serve
from callsheet.sandbox.store import Store
from support.clock import FakeClock

NAMES = ("dev", "uat", "prod")


class Chain:
    """A project at `root` in a Git repository. `sections` adds YAML to an environment's section."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = folder / "specs"
        self.root.mkdir()
        self.clock = FakeClock()
        self.variables: dict[str, str] = {
            f"{name.upper()}_{what}": f"{what.lower()}-of-{name}"
            for name in NAMES
            for what in ("KEY", "TOKEN")
        }
        self.sections: dict[str, str] = {}
        self.top = ""
        self._stores = {name: Store(folder / f"{name}.sqlite") for name in NAMES}
        self.faults = {name: Faults() for name in NAMES}
        self.apps: dict[str, Sandbox] = {
            name: create_app(self._stores[name], organisation=name, faults=self.faults[name])
            for name in NAMES
        }
        self.servers: dict[str, Server] = {name: serve(self.apps[name]) for name in NAMES}
        self.environments()
        self.assistant("desk", "Be kind.")
        self.git("init", "-q")
        (folder / ".gitignore").write_text(".callsheet/\n*.sqlite*\n")
        self.commit()

    def close(self) -> None:
        for name in NAMES:
            self.servers[name].close()
            self._stores[name].close()

    # files

    def environments(self, **sections: str) -> None:
        """Write environments.yaml anew, with these additions to the sections."""
        self.sections |= sections
        text = "apiVersion: v1\nkind: Environments\napp: acme\nenvironments:\n"
        for name, before in zip(NAMES, (None, "dev", "uat"), strict=True):
            provider = {
                "type": "vapi",
                "baseUrl": self.servers[name].url,
                "apiKey": f"secrets://env/{name.upper()}_KEY",
            }
            text += f"  {name}:\n"
            text += f"    promotesFrom: {before}\n" if before else "    default: true\n"
            text += f"    provider: {json.dumps(provider)}\n"
            text += f"    params: {{greeting: hello from {name}}}\n"
            text += textwrap.indent(textwrap.dedent(self.sections.get(name, "")), "    ").rstrip() + "\n"
        (self.root / "environments.yaml").write_text(text + textwrap.dedent(self.top))

    def file(self, path: str, text: str | bytes) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else textwrap.dedent(text).encode())

    def assistant(self, name: str, prompt: str, **spec: Any) -> None:
        body = {
            "kind": "Assistant",
            "metadata": {"name": name},
            "spec": {
                "model": {"provider": "openai", "model": "gpt-4.1"},
                "systemPrompt": prompt,
                "firstMessage": "${params.greeting}",
                **spec,
            },
        }
        self.file(f"assistants/{name}.yaml", json.dumps(body))

    def git(self, *arguments: str) -> str:
        who = ["-c", "user.name=A", "-c", "user.email=a@acme.example"]
        command = ["git", *who, *arguments]
        done = subprocess.run(command, cwd=self.folder, capture_output=True, check=True, timeout=30)
        return done.stdout.decode().strip()

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "a change")
        return self.git("rev-parse", "HEAD")

    def forget_sources(self) -> None:
        """Remove every file but environments.yaml, and Git's whole history."""
        shutil.rmtree(self.folder / ".git")
        for path in self.root.iterdir():
            if path.name not in ("environments.yaml", ".callsheet"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    # verbs

    @contextmanager
    def session(self, name: str, **more: Any) -> Iterator[Session]:
        with Session.open(self.root, name, variables=self.variables, clock=self.clock, **more) as opened:
            yield opened

    def plan(self, name: str, **options: Any) -> Planned:
        with self.session(name) as session:
            return plan(session, Options(**options))

    def apply(self, name: str, archive: Archive | None = None, **options: Any) -> Outcome:
        with self.session(name) as session:
            return apply(session, archive or plan(session, Options(**options)).archive)

    def promotion(self, start: str, target: str, *, dirty: bool = False, **options: Any) -> Planned:
        with self.session(target) as session:
            return promote(session, start, Options(**options), dirty=dirty)

    def promote(self, start: str, target: str, **options: Any) -> Outcome:
        """Promote; whatever comes of it."""
        planned = self.promotion(start, target, **options)
        self.clock.sleep(60)
        return self.apply(target, planned.archive)

    def write(self, start: str, target: str) -> str:
        with self.session(target) as session:
            return promote_in_writing(session, start).line

    def back(self, name: str, to: str, **options: Any) -> Outcome:
        with self.session(name, files=False) as session:
            archive = rollback(session, to, Options(**options)).archive
        self.clock.sleep(60)
        with self.session(name, files=False) as session:
            return apply(session, archive)

    # what is there

    def pins(self, name: str) -> tuple[Pin, ...]:
        with self.session(name) as session:
            return pins(session.ledger.load())

    def live(self, name: str, path: str = "/assistant") -> list[dict[str, Any]]:
        return list(self.call(name, "GET", path))

    def prompt(self, name: str, assistant: str = "desk") -> str:
        """The system prompt that runs in an environment."""
        [found] = [each for each in self.live(name) if each["name"] == assistant]
        return str(found["model"]["messages"][0]["content"])

    def call(self, name: str, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Another client of an environment's organisation."""
        request = urllib.request.Request(
            self.servers[name].url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": "Bearer of-somebody", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def writes(self, name: str) -> int:
        return len(self.apps[name].requests.writes)

    def bad_day(self, name: str, *switches: str) -> None:
        self.faults[name].replace(Fault.parse(switch) for switch in switches)

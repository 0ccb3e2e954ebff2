"""A project on disk and a sandbox on a socket: what plan, apply and drift meet in real life."""

from __future__ import annotations

import json
import textwrap
import threading
import time
import urllib.request
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from callsheet.apply.outcome import Outcome
from callsheet.operations.apply import apply, settle_journal
from callsheet.operations.drift import Drift, drift
from callsheet.operations.plan import Planned, plan
from callsheet.operations.session import Session
from callsheet.plan.archive import Archive
from callsheet.plan.inputs import Options
from callsheet.sandbox.app import Sandbox, create_app
from callsheet.sandbox.faults import Fault, Faults
from callsheet.sandbox.server import Server, serve
from callsheet.sandbox.store import Store
from support.clock import FakeClock


class World:
    """One environment, `dev`, on a real server. Files are relative to the project's root.

    `hurried`: where the server is told to wait, time passes on the clock instead.
    """

    def __init__(self, folder: Path, *, hurried: bool = False) -> None:
        self.root = folder / "specs"
        self.root.mkdir()
        self._store = Store(folder / "sandbox.sqlite")
        self.faults = Faults()
        self.clock = FakeClock()
        self.app: Sandbox = create_app(
            self._store,
            organisation="dev",
            faults=self.faults,
            sleep=self.clock.sleep if hurried else time.sleep,
        )
        self.server: Server = serve(self.app)
        self.variables: dict[str, str] = {"VAPI_KEY": "canary-key"}
        self.environment()

    def close(self) -> None:
        self.server.close()
        self._store.close()

    def environment(self, extra: str = "", **more: Any) -> None:
        """Write environments.yaml; `extra` is YAML within the environment's section."""
        provider = {"type": "vapi", "baseUrl": self.server.url, "apiKey": "secrets://env/VAPI_KEY", **more}
        section = textwrap.indent(textwrap.dedent(extra), "    ")
        self.file(
            "environments.yaml",
            "apiVersion: v1\nkind: Environments\napp: acme\nenvironments:\n  dev:\n    default: true\n"
            f"    provider: {json.dumps(provider)}\n{section}\n",
        )

    def file(self, path: str, text: str | bytes) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        data = text if isinstance(text, bytes) else textwrap.dedent(text).encode()
        target.write_bytes(data)

    def document(self, kind: str, name: str, spec: Mapping[str, Any], **more: Any) -> None:
        """A document as a file; JSON is YAML."""
        body = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, "spec": spec, **more}
        self.file(f"{kind.lower()}s/{name}.yaml", json.dumps(body))

    def assistant(
        self,
        name: str,
        prompt: str = "Be kind.",
        native: Mapping[str, Any] | None = None,
        lifecycle: Mapping[str, Any] | None = None,
        **spec: Any,
    ) -> None:
        full = {"model": {"provider": "openai", "model": "gpt-4.1"}, "systemPrompt": prompt, **spec}
        if native:
            full["native"] = native
        self.document("Assistant", name, full, **({"lifecycle": lifecycle} if lifecycle else {}))

    def remove(self, path: str) -> None:
        (self.root / path).unlink()

    @contextmanager
    def session(self, **more: Any) -> Iterator[Session]:
        with Session.open(self.root, variables=self.variables, clock=self.clock, **more) as opened:
            yield opened

    def plan(self, **options: Any) -> Planned:
        with self.session() as session:
            return plan(session, Options(**options))

    def apply(self, archive: Archive | None = None, **options: Any) -> Outcome:
        """Apply the archive, or a plan made now."""
        with self.session() as session:
            return apply(session, archive or plan(session, Options(**options)).archive)

    def drift(self) -> Drift:
        with self.session() as session:
            return drift(session)

    def quiet(self) -> None:
        """Wait until the server has done what a process that is dead now had asked it for."""
        # Connections are taken up in their order, so that this one comes after all of the dead.
        self.api("GET", "/eval")
        for thread in threading.enumerate():
            if "process_request_thread" in thread.name:
                thread.join()

    def time_passes(self, seconds: float) -> None:
        self.clock.sleep(seconds)

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """Another client of the same organisation."""
        request = urllib.request.Request(
            self.server.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": "Bearer somebody-else", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def live(self, path: str, name: str) -> Any:
        """The one object of a list with that name."""
        [found] = [each for each in self.api("GET", path) if _name(each) == name]
        return found

    def hidden(self, path: str, name: str) -> dict[str, str]:
        """What the server holds of that object and never returns: SHA-256 of its JSON, by path."""
        live = self.live(path, name)
        with self._store.reading() as session:
            row = session.get(live["orgId"], path.strip("/"), live["id"])
        assert row is not None
        return dict(json.loads(row.hidden))

    def edit(self, path: str, name: str, body: Mapping[str, Any]) -> Any:
        return self.api("PATCH", f"{path}/{self.live(path, name)['id']}", body)

    @contextmanager
    def counted(self) -> Iterator[dict[str, int]]:
        """What the server was asked while the block ran, by method and route."""
        self.app.requests.reset()
        out: dict[str, int] = {}
        yield out
        out.update(self.app.requests.counts)

    def writes(self) -> int:
        return len(self.app.requests.writes)

    def bad_day(self, *switches: str) -> None:
        self.faults.replace(Fault.parse(switch) for switch in switches)

    def state_files(self) -> bytes:
        """Everything that the project's working folder holds, as bytes; what is compressed, opened."""
        return b"".join(
            _opened(path.read_bytes())
            for path in sorted((self.root / ".callsheet").rglob("*"))
            if path.is_file()
        )


def _opened(data: bytes) -> bytes:
    try:
        return zlib.decompress(data)
    except zlib.error:
        return data


def go_on(session: Session, archive: Archive | None = None, **options: Any) -> Outcome:
    """What `callsheet apply` does: without a plan, what an earlier run had begun is found out first."""
    if archive is None:
        settle_journal(session)
        archive = plan(session, Options(**options)).archive
    return apply(session, archive)


def _name(each: Mapping[str, Any]) -> Any:
    return each.get("name") or each.get("function", {}).get("name")


def writes(counts: Mapping[str, int]) -> dict[str, int]:
    return {route: count for route, count in counts.items() if not route.startswith("GET ")}

"""The acme estate, led to a sandbox that is served over HTTP, and another client of the same server."""

from __future__ import annotations

import json
import re
import shutil
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callsheet.apply.outcome import Outcome
from callsheet.operations.apply import apply
from callsheet.operations.drift import Drift, drift
from callsheet.operations.plan import plan
from callsheet.operations.session import Session
from callsheet.plan.inputs import Options
from callsheet.plan.plan import Plan
from callsheet.sandbox.app import Sandbox, create_app
from callsheet.sandbox.faults import Fault
from callsheet.sandbox.server import serve
from callsheet.sandbox.store import Store

SPECS = Path(__file__).parents[2] / "specs"
ENVIRONMENTS = ("dev", "uat", "prod")
VARIABLES = {
    "SANDBOX_KEY": "key-of-the-organisation",
    "ACME_WEBHOOK_KEY": "the-webhook-key",
    **{f"ACME_{name.upper()}_ORDERS_API_TOKEN": f"token-of-{name}" for name in ENVIRONMENTS},
}


@dataclass(frozen=True)
class Estate:
    """A project and the organisation that it leads to."""

    root: Path
    url: str
    app: Sandbox
    environment: str

    def plan(self, **options: Any) -> Plan:
        with self._session() as session:
            return plan(session, Options(**options)).plan

    def apply(self, **options: Any) -> Outcome:
        """Plan and apply; fails where anything did not work."""
        with self._session() as session:
            outcome = apply(session, plan(session, Options(**options)).archive)
        assert outcome.exit_code == 0, outcome.to_json()
        return outcome

    def drift(self) -> Drift:
        with self._session() as session:
            return drift(session)

    def _session(self) -> Session:
        return Session.open(self.root, self.environment, variables=VARIABLES)

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text that stands exactly once in a file."""
        path = self.root / file
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new))

    # another client of the same API

    def call(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": "Bearer of-somebody-else", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)

    def find(self, path: str, name: str) -> dict[str, Any]:
        [found] = [each for each in self.call("GET", path) if each.get("name") == name]
        return dict(found)


@contextmanager
def acme(folder: Path, environment: str = "dev", *faults: Fault) -> Iterator[Estate]:
    """A copy of the repository's estate whose `environment` follows the tree, on a server of its own."""
    root = folder / "specs"
    shutil.copytree(SPECS, root, ignore=shutil.ignore_patterns(".callsheet"))
    with served(root, environment, *faults) as estate:
        file = root / "environments.yaml"
        provider = f'provider: {{baseUrl: "{estate.url}", apiKey: "secrets://env/SANDBOX_KEY"}}'
        text, count = re.subn(
            rf'provider: {{baseUrl: "sandbox:acme-{environment}"}}', provider, file.read_text()
        )
        assert count == 1
        text = re.sub(rf"(  {environment}:\n    pinned: )true", r"\1false", text)
        # What tests do to production needs no ticket.
        text = re.sub(r"    protection:\n(      .*\n)+", "", text)
        file.write_text(text)
        yield estate


@contextmanager
def served(root: Path, environment: str, *faults: Fault) -> Iterator[Estate]:
    """A server with one organisation, for the project at `root`."""
    store = Store(root.parent / "organisation.sqlite")
    app = create_app(store, organisation=environment)
    for fault in faults:
        app.faults.add(fault)
    try:
        with serve(app) as server:
            yield Estate(root, server.url, app, environment)
    finally:
        store.close()

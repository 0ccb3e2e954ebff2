"""A project with several environments, and a server on which every key opens an organisation of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from callsheet.apply.outcome import Outcome
from callsheet.operations.apply import apply
from callsheet.operations.drift import Drift, drift
from callsheet.operations.plan import Planned, plan
from callsheet.operations.session import Session
from callsheet.plan.archive import Archive
from callsheet.plan.inputs import Options
from callsheet.sandbox.app import create_app
from callsheet.sandbox.server import serve
from callsheet.sandbox.store import Store
from support.world import World

KEYS = {"dev": "DEV_KEY", "uat": "UAT_KEY", "prod": "PROD_KEY"}


class Neighbours(World):
    """dev, uat and prod, all of which follow the tree. `variables` holds their keys, which differ."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.server.close()
        self._store.close()
        self._store = Store(folder / "organisations.sqlite")
        self.app = create_app(self._store, faults=self.faults)
        self.server = serve(self.app)
        self.variables = {name: f"key-of-{environment}" for environment, name in KEYS.items()}
        self.environments()

    def environments(self, **sections: Mapping[str, Any]) -> None:
        """Write environments.yaml; a section is merged over what its environment has."""
        made: dict[str, Any] = {}
        for environment, name in KEYS.items():
            provider = {"type": "vapi", "baseUrl": self.server.url, "apiKey": f"secrets://env/{name}"}
            made[environment] = {"pinned": False, "provider": provider, **sections.get(environment, {})}
        self.file("environments.yaml", json.dumps({"app": "acme", "environments": made}, indent=1))

    @contextmanager
    def into(self, environment: str) -> Iterator[Session]:
        with Session.open(self.root, environment, variables=self.variables, clock=self.clock) as opened:
            yield opened

    def planned(self, environment: str, **options: Any) -> Planned:
        with self.into(environment) as session:
            return plan(session, Options(**options))

    def applied(self, environment: str, archive: Archive | None = None, **options: Any) -> Outcome:
        with self.into(environment) as session:
            return apply(session, archive or plan(session, Options(**options)).archive)

    def drifted(self, environment: str) -> Drift:
        with self.into(environment) as session:
            return drift(session)

    def held(self, environment: str) -> dict[str, str]:
        """Remote ids by address, as state has them."""
        with self.into(environment) as session:
            records = session.ledger.load().records
        return {address: record.remote_id for address, record in records.items()}

    def organisation(self, environment: str) -> str | None:
        with self.into(environment) as session:
            return session.ledger.load().organisation

    def there(self, key: str, path: str) -> list[Any]:
        """What an organisation holds of a kind, asked with its key."""
        from urllib.request import Request, urlopen

        request = Request(self.server.url + path, headers={"Authorization": f"Bearer {key}"})
        with urlopen(request, timeout=10) as answer:
            found: list[Any] = json.loads(answer.read())
        return found

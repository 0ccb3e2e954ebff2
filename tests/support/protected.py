"""A protected environment: who plans, who signs, who applies; and what was written while that was refused."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from callsheet.apply.outcome import Outcome
from callsheet.audit.log import Log
from callsheet.cli.main import run
from callsheet.cli.screen import Screen
from callsheet.model.errors import CallsheetError, Refused
from callsheet.model.principal import Principal
from callsheet.operations.apply import apply
from callsheet.operations.approve import prepared, revoke, sign
from callsheet.operations.identification import Identification
from callsheet.operations.plan import Planned, plan, write_archive
from callsheet.operations.session import Session
from callsheet.plan.archive import Archive
from callsheet.plan.inputs import Options
from callsheet.plan.plan import Gate, Plan
from callsheet.policy.case import Given
from callsheet.policy.sign_offs import SignOff
from callsheet.state.snapshot import Entry, State
from support.world import World

ISSUER, AUDIENCE = "https://token.example", "callsheet"
OIDC = [{"issuer": ISSUER, "audience": AUDIENCE}]
NOTHING = Given()


def person(name: str) -> Principal:
    """Somebody by the machine's own word."""
    return Principal(name, "USER")


def job(name: str = "repo:acme/voice", issuer: str = ISSUER, **claims: Any) -> Principal:
    """Somebody whose token was checked."""
    return Principal(name, issuer, True, issuer, {"aud": AUDIENCE, **claims})


@dataclass
class Protected:
    """`dev` of a world, with a protection in its files. People are names, or principals."""

    world: World

    def protect(self, extra: str = "", **protection: Any) -> None:
        """What environments.yaml proposes from here on; JSON is YAML."""
        self.world.environment(f"protection: {json.dumps(protection)}\n{extra}")

    def protect_and_record(self, extra: str = "", **protection: Any) -> None:
        """As an administrator does: the protection is in the files, and in state."""
        with self.session("root") as session:
            self.protect(extra, **protection)
            body = session.environment.protection
            state = session.ledger.load()
            assert state.lineage is not None, "apply something first"
            session.ledger.append([Entry(protection=body)])
            session.ledger.close()

    @contextmanager
    def session(self, by: str | Principal, given: Given = NOTHING, **more: Any) -> Iterator[Session]:
        with self.world.session(given=given, **more) as session:
            session.variables = {**session.variables, "USER": by if isinstance(by, str) else by.name}
            session.__dict__["identification"] = Identification(person(by) if isinstance(by, str) else by)
            yield session

    def plan(self, by: str | Principal = "anna", given: Given = NOTHING, **options: Any) -> Planned:
        with self.session(by, given) as session:
            return plan(session, Options(**options))

    def gates(self, by: str | Principal = "anna", given: Given = NOTHING, **options: Any) -> dict[str, Gate]:
        return {gate.rule: gate for gate in self.plan(by, given, **options).plan.gates}

    def apply(
        self,
        archive: Archive | Planned | None = None,
        by: str | Principal = "bert",
        given: Given = NOTHING,
        **options: Any,
    ) -> Outcome:
        with self.session(by, given) as session:
            archive = archive or plan(session, Options(**options))
            return apply(session, archive.archive if isinstance(archive, Planned) else archive)

    def sign(self, planned: Planned | Plan, by: str | Principal = "carl", comment: str = "") -> SignOff:
        with self.session(by, files=False) as session:
            made = planned.plan if isinstance(planned, Planned) else planned
            ready = prepared(session, made, comment)
            sign(session, ready)
            return ready.sign_off

    def revoke(self, sign_off: SignOff, by: str | Principal) -> None:
        with self.session(by, files=False) as session:
            revoke(session, sign_off.id)

    def refused(
        self,
        archive: Archive | Planned | None = None,
        by: str | Principal = "bert",
        given: Given = NOTHING,
        kind: type[CallsheetError] = Refused,
        **options: Any,
    ) -> CallsheetError:
        """The refusal of an apply. Nothing was written: neither remotely nor to state."""
        before = self.state
        with self.world.counted(), pytest.raises(kind) as caught:
            self.apply(archive, by, given, **options)
        assert self.world.writes() == 0
        assert (self.state.serial, self.state.records) == (before.serial, before.records)
        return caught.value

    @property
    def state(self) -> State:
        with self.world.session(files=False) as session:
            return session.ledger.load()

    def record(self) -> Mapping[str, Any]:
        """The last run's audit record."""
        with self.world.session(files=False) as session:
            found = Log(session.store, "dev").lines()[-1].record
        assert found is not None
        return found

    def call(self, *arguments: str, user: str = "anna") -> tuple[int, str, str]:
        """The command line, as a user; there is nobody to ask."""
        out, err = io.StringIO(), io.StringIO()
        variables = {**self.world.variables, "USER": user}
        code = run([*arguments, "-C", str(self.world.root)], Screen(io.StringIO(), out, err, variables))
        return code, out.getvalue(), err.getvalue()

    def file(self, planned: Planned, name: str = "dev.plan") -> Path:
        path = self.world.root.parent / name
        write_archive(planned, path)
        return path


def codes(refusal: CallsheetError) -> list[str]:
    return [each.code for each in refusal.diagnostics]

"""A session: one environment of one project, with everything a verb may need, made when asked for."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callsheet import __version__
from callsheet.audit.tape import Tape
from callsheet.identity.token import id_token
from callsheet.identity.trust import Trust
from callsheet.model.diagnostics import Place, nearest
from callsheet.model.errors import CallsheetError, SecretError, SpecError
from callsheet.model.events import Listener, silent
from callsheet.model.kinds import Catalogue, Kind
from callsheet.model.principal import Principal
from callsheet.model.value import Secret, Text
from callsheet.operations.identification import Identification, identify, trusts_of
from callsheet.operations.loading import DEFAULT_PROVIDER, Loaded, attempt
from callsheet.plan.inputs import Acknowledgement
from callsheet.policy.case import Given
from callsheet.providers.base import Provider
from callsheet.providers.clock import Clock, SystemClock
from callsheet.providers.registry import catalogue, connect
from callsheet.secrets.keeper import Keeper
from callsheet.spec.environments import Environment, Environments
from callsheet.spec.project import Project, find_root
from callsheet.state.ledger import Ledger
from callsheet.state.lock import Claim, Lock
from callsheet.state.store import Store
from callsheet.state.stores import check_ephemeral, open_store

if TYPE_CHECKING:
    from callsheet.operations.sources import Source

WORK = ".callsheet"
SANDBOX = "sandbox:"


@dataclass
class Session:
    """Wires one environment together. `close()` when done; a context manager does it.

    Without `files` nothing but environments.yaml need be right: for verbs that do not read the others.
    """

    root: Path
    environment_name: str | None = None
    variables: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    listener: Listener = silent
    clock: Clock = field(default_factory=SystemClock)
    lock_timeout: float = 0.0  # seconds
    files: bool = True
    given: Given = field(default_factory=Given)
    run_ids: Callable[[], str] = lambda: secrets.token_hex(4)
    _others: dict[str, Session] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def open(cls, start: Path, environment: str | None = None, **more: Any) -> Session:
        """Find the project from `start` upwards. SpecError when there is none."""
        return cls(find_root(start), environment, **more)

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if provider := self.__dict__.get("provider"):
            provider.close()
        if sandbox := self.__dict__.get("_sandbox"):
            sandbox.close()
        if keeper := self.__dict__.get("keeper"):
            keeper.close()
        for other in self._others.values():
            other.close()

    @cached_property
    def _loaded(self) -> Loaded:
        return attempt(self.root)

    @cached_property
    def tree(self) -> Project:
        """The working tree. SpecError where its files are wrong."""
        return self._loaded.right(self.environment_name)

    @cached_property
    def source(self) -> Source:
        """What the environment is planned from: the tree, or its release."""
        from callsheet.operations.sources import source_of, tree

        # Of what follows the tree, the store need not be there.
        return source_of(self, self.ledger.load()) if self.environment.pinned else tree(self)

    @property
    def project(self) -> Project:
        """The files that the environment runs: the working tree's, or those of its release."""
        return self.source.project if self.environment.pinned else self.tree

    @cached_property
    def readable(self) -> Project:
        """What can be read of the files: all of them, or where they are not needed, those that are right."""
        if not self.files:
            return self._loaded.readable
        if not self.environment.pinned:
            return self.tree
        with suppress(CallsheetError):
            return self.project
        return self._loaded.readable

    def beside(self, name: str) -> Session:
        """Another environment of the same project; closed with this one. SpecError where there is none."""
        if name not in self._others:
            other = Session(
                self.root, name, self.variables, self.listener, self.clock, self.lock_timeout, self.files
            )
            other.__dict__["_loaded"] = self._loaded
            self._others[name] = other
        return self._others[name]

    @property
    def environments(self) -> Environments:
        return self._loaded.readable.environments

    @cached_property
    def environment(self) -> Environment:
        environments = self.environments
        name = self.environment_name or environments.default_environment
        if name is None:
            raise SpecError(
                "no environment was named, and none is the default",
                hint=f"give --env, one of: {', '.join(environments.environments)}",
                code="environment.unnamed",
            )
        found = environments.environments.get(name)
        if found is None:
            known = ", ".join(environments.environments)
            raise SpecError(
                f"there is no environment {name!r}",
                detail=f"environments.yaml has: {known}.",
                hint=nearest(name, environments.environments) or "name one of those",
                code="environment.unknown",
            )
        return found

    @cached_property
    def catalogue(self) -> Catalogue:
        return catalogue(self.environment.provider.type or DEFAULT_PROVIDER)

    @property
    def kinds(self) -> Mapping[str, Kind]:
        return self.catalogue.kinds

    @cached_property
    def keeper(self) -> Keeper:
        return Keeper(
            self.root,
            self.variables,
            monotonic=self.clock.monotonic,
            id_token=partial(id_token, self.variables),
        )

    @cached_property
    def store(self) -> Store:
        return open_store(
            self.environment.state,
            root=self.root,
            variables=self.variables,
            secret=self.keeper.value,
            place=self._state_place,
        )

    def _state_place(self, setting: str) -> Place | None:
        return self.environment.origin(("state", setting)).place()

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger(self.store, self.environment.name)

    @cached_property
    def lock(self) -> Lock:
        """What apply holds while it writes; Refused where the store would not outlive this machine."""
        check_ephemeral(
            self.environment.state,
            base_url=self.environment.provider.base_url,
            variables=self.variables,
            place=self._state_place,
        )
        return Lock(self.store, self.environment.name, self.clock)

    def claim(self, verb: str) -> Claim:
        """Who this process says it is, and the id of a new run: its time and a few random digits."""
        started = self.clock.now().strftime("%Y%m%dT%H%M%SZ")
        who = self.principal
        return Claim(
            who.name, f"{started}-{self.run_ids()}", socket.gethostname(), verb, who.how, who.verified
        )

    @property
    def owner(self) -> tuple[str, str]:
        """Who runs this, and where that is known from."""
        return self.principal.name, self.principal.how

    @property
    def principal(self) -> Principal:
        """Who runs this: verified where the job has a token that is good."""
        return self.identification.principal

    @cached_property
    def identification(self) -> Identification:
        """Established when it is first asked for, which may take requests to the token's issuer."""
        return identify(self.variables, self._trusted, self.clock.now, self.keeper.hide)

    def _trusted(self) -> tuple[Trust, ...]:
        place = self.environment.origin(("protection", "oidc")).place
        return trusts_of(self.environment.protection, place)

    @cached_property
    def tape(self) -> Tape:
        """Hears every request; runs while something is carried out."""
        return Tape()

    @cached_property
    def provider(self) -> Provider:
        settings = self.environment.provider
        sandbox = self.sandbox_name
        if sandbox is not None:
            return connect(
                settings.type or DEFAULT_PROVIDER,
                base_url=f"{SANDBOX}{sandbox}",
                api_key=f"sandbox-{sandbox}",
                wsgi_app=self._sandbox,
                clock=self.clock,
                on_event=self.listener,
                secrets=self.keeper.known_values,
                tap=self.tape,
            )
        if settings.api_key is None:
            raise CallsheetError(
                f"{self.environment.name} has no provider.apiKey",
                detail="Without a key the organisation cannot be read.",
                hint="set `apiKey: secrets://env/NAME` in environments.yaml, "
                "or `baseUrl: sandbox:NAME` to work without an account",
                place=self.environment.origin(("provider",)).place(),
                code="provider.no-key",
            )
        return connect(
            settings.type or DEFAULT_PROVIDER,
            base_url=settings.base_url,
            api_key=self._api_key(settings.api_key),
            clock=self.clock,
            on_event=self.listener,
            secrets=self.keeper.known_values,
            tap=self.tape,
        )

    def _api_key(self, symbol: str | Secret | Text) -> str:
        try:
            return self.keeper.value(symbol)
        except SecretError as cause:
            place = self.environment.origin(("provider", "apiKey")).place()
            found = [replace(each, place=each.place or place) for each in cause.diagnostics]
        raise SecretError(diagnostics=found)

    @property
    def sandbox_name(self) -> str | None:
        """The embedded sandbox's organisation, where the environment leads to one."""
        base = self.environment.provider.base_url or ""
        return base.removeprefix(SANDBOX) if base.startswith(SANDBOX) else None

    @cached_property
    def _sandbox(self) -> Any:
        from callsheet.operations.sandboxes import Embedded

        return Embedded(self.root / WORK / "sandbox.sqlite", self.sandbox_name or "")

    @property
    def identity(self) -> dict[str, str]:
        """What Callsheet's mark on an object says beside its address."""
        out = {"app": self.environments.app, "env": self.environment.name}
        if owner := self.environments.owner:
            out["owner"] = owner
        return out

    @property
    def target(self) -> dict[str, Any]:
        target = self.provider.target
        return {"provider": target.provider, "baseUrl": target.base_url}

    @property
    def renderer(self) -> str:
        return __version__

    @property
    def acknowledged(self) -> tuple[Acknowledgement, ...]:
        return tuple(
            Acknowledgement(str(each.address), each.owner, each.until.isoformat(), each.path, each.reason)
            for each in self.environment.acknowledged_drift
        )

    @property
    def today(self) -> str:
        return self.clock.now().date().isoformat()

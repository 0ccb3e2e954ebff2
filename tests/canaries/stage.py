"""The stage: commands are run on an estate of canaries, and everything that they leave behind is kept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from canaries import canary, haystack
from canaries.haystack import Hay
from canaries.planting import ENVIRONMENT, sow, unmanaged
from e2e.command import Called, call, process
from support.world import World


@dataclass
class Stage:
    """A world of canaries. `folder` holds the project and everything beside it but the provider."""

    world: World
    planted: tuple[Path, ...]
    said: list[tuple[str, bytes]] = field(default_factory=list)
    logged: Callable[[], str] = str

    @classmethod
    def set(cls, world: World) -> Stage:
        file = sow(world)
        unmanaged(world)
        return cls(world, (file, *world.root.parent.glob("sandbox.sqlite*")))

    def store(self, state: str) -> None:
        """Say in the files where state is kept."""
        self.world.environment(f"{ENVIRONMENT}state: {state}\n")

    def run(self, *arguments: str, code: int | None = 0, **more: Any) -> Called:
        """A command in this process; `code` None: whatever comes of it."""
        where = () if arguments[0] in ("show", "schema", "comment") else ("-C", str(self.world.root))
        done = call(*arguments, *where, variables=self.world.variables, **more)
        return self._kept(arguments, done, code)

    def process(self, *arguments: str, code: int | None = 0, variables: Mapping[str, str] = {}) -> Called:
        """The installed command."""
        done = process(*arguments, cwd=self.world.root, variables={**self.world.variables, **variables})
        return self._kept(arguments, done, code)

    def _kept(self, arguments: tuple[str, ...], done: Called, code: int | None) -> Called:
        name = f"callsheet {' '.join(arguments)} (exit {done.code})"
        self.said += [(f"{name}, stdout", done.out.encode()), (f"{name}, stderr", done.err.encode())]
        assert code in (None, done.code), (name, done.out[-2000:], done.err[-2000:])
        return done

    def search(self, *more: Hay) -> None:
        """Look through everything that was said and written so far; AssertionError names what was found."""
        written = haystack.files(self.world.root.parent, *self.planted)
        found = found_in([*self.said, ("the log", self.logged().encode())], wrapped=True)
        for hay in (written, *more):
            found |= found_in(hay)
        assert not found, "\n".join(f"{name}: {places}" for name, places in found.items())


def found_in(hay: Iterable[tuple[str, bytes]], *, wrapped: bool = False) -> dict[str, list[str]]:
    """Places by what was found there."""
    out: dict[str, list[str]] = defaultdict(list)
    for where, data in hay:
        for name, form, around in {
            *canary.found(data),
            *(canary.found(data, wrapped=True) if wrapped else ()),
        }:
            out[f"{name}, as {form}"].append(f"{where}: …{around.decode(errors='replace')}…")
    return {name: places[:3] for name, places in sorted(out.items())}

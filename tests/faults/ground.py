"""Where an estate lives: project, provider and store, kept as they are and put back before each kill."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from callsheet.sandbox.store import Store
from support import stores
from support.stores import BUCKET, GIT, Moto
from support.world import World

# A kill loses nothing that was written, so that memory serves as well as a disk, and faster.
_MEMORY = Path("/dev/shm")


@dataclass
class Ground:
    """A world on one backend. `keep` remembers everything, `back` brings it there again."""

    backend: str
    world: World
    folder: Path
    _keep: Callable[[], None] = field(default=lambda: None, repr=False)
    _back: Callable[[], None] = field(default=lambda: None, repr=False)
    _quiet: Callable[[], None] = field(default=lambda: None, repr=False)

    @property
    def _kept(self) -> Path:
        return self.folder.parent / "kept"

    def keep(self) -> None:
        self.world._store.close()
        shutil.copytree(self.folder, self._kept, symlinks=True)
        self._keep()
        self._reopen()

    def back(self) -> None:
        self.world._store.close()
        shutil.rmtree(self.folder)
        shutil.copytree(self._kept, self.folder, symlinks=True)
        self._back()
        self._reopen()

    def quiet(self) -> None:
        """Wait until nobody carries out any more what a process that is dead now had asked for."""
        self.world.quiet()
        self._quiet()

    def _reopen(self) -> None:
        self.world._store = self.world.app.store = Store(self.world._store.path)
        self.world.app.requests.reset()


@contextmanager
def file_ground() -> Iterator[Ground]:
    with _folder() as folder, _world(folder / "work") as world:
        yield Ground("file", world, folder / "work")


@contextmanager
def git_ground() -> Iterator[Ground]:
    with _folder() as folder:
        work = folder / "work"
        remote = stores.bare(work)
        stores.clone(remote, work / "checkout")
        with _world(work / "checkout") as world:
            world.variables |= GIT
            world.environment("state: {backend: git}")
            yield Ground("git", world, work)


@contextmanager
def s3_ground(moto: Moto) -> Iterator[Ground]:
    client = moto.client()
    kept: list[dict[str, Any]] = []

    def names() -> list[str]:
        listed = client.list_objects_v2(Bucket=BUCKET, Prefix=f"{prefix}/")
        return [each["Key"] for each in listed.get("Contents", ())]

    def keep() -> None:
        for name in names():
            found = client.get_object(Bucket=BUCKET, Key=name)
            kept.append({"Key": name, "Body": found["Body"].read(), "Metadata": found["Metadata"]})

    def back() -> None:
        if there := [{"Key": name} for name in names()]:
            client.delete_objects(Bucket=BUCKET, Delete={"Objects": there})
        for each in kept:
            client.put_object(Bucket=BUCKET, **each)

    with _folder() as folder, _world(folder / "work") as world:
        prefix = folder.name
        where = f"bucket: {BUCKET}, prefix: {prefix}, region: us-east-1, endpointUrl: '{moto.url}'"
        world.environment(f"state: {{backend: s3, {where}}}")
        yield Ground("s3", world, folder / "work", keep, back)


@contextmanager
def postgres_ground(dsn: str) -> Iterator[Ground]:
    import psycopg

    with (
        _folder() as folder,
        _world(folder / "work") as world,
        psycopg.connect(dsn, autocommit=True) as connection,
    ):
        work = f"faults_{threading.get_native_id()}_{folder.name[-8:].lower()}"

        def tables() -> list[str]:
            # In the order in which they were made, so that what refers comes after what it refers to.
            asked = "select relname from pg_class where relnamespace = %s::regnamespace and relkind = 'r'"
            return [row[0] for row in connection.execute(f"{asked} order by oid", [work])]

        def keep() -> None:
            connection.execute(f"create schema {work}_kept")
            for name in tables():
                connection.execute(f"create table {work}_kept.{name} as table {work}.{name}")

        def back() -> None:
            with connection.transaction():
                connection.execute(f"truncate {', '.join(f'{work}.{name}' for name in tables())}")
                for name in tables():
                    connection.execute(
                        f"insert into {work}.{name} overriding system value select * from {work}_kept.{name}"
                    )

        def quiet() -> None:
            busy = (
                "select pg_sleep(0.01) from pg_stat_activity "
                "where application_name = 'callsheet' and state <> 'idle' limit 1"
            )
            while connection.execute(busy).fetchone():
                pass

        world.variables["DSN"] = dsn
        world.environment(f"state: {{backend: postgres, dsn: secrets://env/DSN, schema: {work}}}")
        yield Ground("postgres", world, folder / "work", keep, back, quiet)


@contextmanager
def _folder() -> Iterator[Path]:
    where = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="callsheet-faults-", dir=where) as name:
        yield Path(name)


@contextmanager
def _world(folder: Path) -> Iterator[World]:
    folder.mkdir(exist_ok=True)
    world = World(folder, hurried=True)
    try:
        yield world
    finally:
        world.close()

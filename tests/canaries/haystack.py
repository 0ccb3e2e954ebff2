"""Everything that was written, opened: archives, compressed packs, Git's objects, tables, buckets."""

from __future__ import annotations

import gzip
import io
import subprocess
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from support.stores import BUCKET, GIT, Moto

Hay = Iterator[tuple[str, bytes]]


def opened(where: str, data: bytes) -> Hay:
    """The bytes, and what is in them where they are packed."""
    yield where, data
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield from opened(f"{where}!{name}", archive.read(name))
    elif data[:2] == b"\x1f\x8b":
        yield from opened(f"{where} (gzip)", gzip.decompress(data))
    elif data[:1] == b"\x78":
        try:
            yield from opened(f"{where} (zlib)", zlib.decompress(data))
        except zlib.error:
            return


def files(folder: Path, *but: Path) -> Hay:
    """Every file below a folder, names included, without the ones that were planted."""
    for path in sorted(folder.rglob("*")):
        if path in but or any(each in path.parents for each in but):
            continue
        where = str(path.relative_to(folder))
        yield f"the name {where}", where.encode("utf-8", "surrogateescape")
        if path.is_file() and not path.is_symlink():
            yield from opened(where, path.read_bytes())


def repository(folder: Path) -> Hay:
    """Every object of a repository, reachable or not, and its references with their logs."""
    out = _git(folder, "cat-file", "--batch-all-objects", "--batch", "--unordered")
    at = 0
    while at < len(out):
        head, _, _ = out[at : at + 200].partition(b"\n")
        name, sort, size = head.decode().split()
        start = at + len(head) + 1
        data = out[start : start + int(size)]
        yield from opened(f"{folder.name}: {sort} {name[:10]}", data)
        at = start + int(size) + 1
    yield f"{folder.name}: references", _git(folder, "for-each-ref")
    yield f"{folder.name}: their logs", _git(folder, "reflog", "show", "--all")


def bucket(moto: Moto, prefix: str) -> Hay:
    """Every object below a prefix in every version, with what is said about it."""
    client = moto.client()
    for each in client.list_object_versions(Bucket=BUCKET, Prefix=prefix).get("Versions", ()):
        found = client.get_object(Bucket=BUCKET, Key=each["Key"], VersionId=each["VersionId"])
        yield f"about {each['Key']}", repr(found["Metadata"]).encode()
        yield from opened(each["Key"], found["Body"].read())


def database(dsn: str, schema: str) -> Hay:
    """Every row of every table of a schema, and what the server remembers of statements."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(dsn, autocommit=True) as connection:
        tables = connection.execute("select tablename from pg_tables where schemaname = %s", [schema])
        for (table,) in tables.fetchall():
            rows = connection.execute(sql.SQL("select * from {}").format(sql.Identifier(schema, table)))
            for row in rows.fetchall():
                for value in row:
                    data = bytes(value) if isinstance(value, bytes | memoryview) else repr(value).encode()
                    yield from opened(f"table {table}", data)
        asked = connection.execute("select query, application_name from pg_stat_activity")
        yield "pg_stat_activity", repr(asked.fetchall()).encode()


def _git(folder: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=folder, env=GIT, capture_output=True, check=True).stdout

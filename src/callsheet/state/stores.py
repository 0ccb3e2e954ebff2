"""Which store an environment's `state:` section means."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from callsheet.model.diagnostics import Diagnostic, Place, error, nearest
from callsheet.model.errors import Refused, StateError
from callsheet.model.forms import bare
from callsheet.model.value import Secret, Text, Value
from callsheet.state.branch import Branch
from callsheet.state.file import FileStore
from callsheet.state.git import BRANCH, GitStore
from callsheet.state.store import Store

DEFAULT = "file"
FOLDER = ".callsheet/state"
# The place of a setting by its name; of the section where there is no such setting.
Places: TypeAlias = Callable[[str], Place | None]
Resolve: TypeAlias = Callable[[str | Secret | Text], str]

# Settings by backend; the ones with a star are required.
_SETTINGS: Mapping[str, tuple[str, ...]] = {
    "file": ("path",),
    "git": ("branch", "remote"),
    "s3": ("bucket*", "prefix", "region", "endpointUrl"),
    "postgres": ("dsn*", "schema"),
}
# Of what Git takes, what is no option and no pattern to it.
_GIT_NAME = re.compile(r"(?!.*\.\.)(?!.*//)[A-Za-z0-9_][A-Za-z0-9_./-]*(?<![./])")
_RUNNERS = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD")


@dataclass(frozen=True, slots=True)
class _Section:
    """A section whose settings were checked."""

    settings: Mapping[str, Value]

    def text(self, key: str) -> str | None:
        value = self.settings.get(key)
        return value if isinstance(value, str) else None


def open_store(
    settings: Mapping[str, Value],
    *,
    root: Path,
    variables: Mapping[str, str],
    secret: Resolve,
    place: Places = lambda _: None,
) -> Store:
    """The store that `settings` describe. StateError with everything that is wrong with them.

    Nothing is reached or written before the first call of the store, and no secret is resolved.
    """
    backend = settings.get("backend", DEFAULT)
    if not isinstance(backend, str) or backend not in _SETTINGS:
        raise StateError(
            f"there is no state backend {bare(repr(backend))}",
            detail=f"Known: {', '.join(_SETTINGS)}.",
            hint=nearest(str(backend), _SETTINGS),
            place=place("backend"),
            code="state.backend",
        )
    if problems := _problems(backend, settings, place):
        raise StateError(diagnostics=problems)
    section = _Section(settings)
    if backend == "git":
        name = section.text("branch") or BRANCH
        return GitStore(Branch(root, name, remote=section.text("remote"), variables=variables))
    if backend == "s3":
        from callsheet.state.bucket import Bucket
        from callsheet.state.s3 import S3Store

        bucket = Bucket(
            section.text("bucket") or "",
            prefix=section.text("prefix") or "",
            region=section.text("region"),
            endpoint_url=section.text("endpointUrl"),
        )
        return S3Store(bucket)
    if backend == "postgres":
        from callsheet.state.database import Database
        from callsheet.state.postgres import SCHEMA, PostgresStore

        dsn = _dsn(settings["dsn"])
        name = dsn.uri if isinstance(dsn, Secret) else "the database of `dsn`"
        schema = section.text("schema") or SCHEMA
        return PostgresStore(Database(lambda: secret(dsn), name=name, schema=schema))
    return FileStore(root / (section.text("path") or FOLDER))


def check_ephemeral(
    settings: Mapping[str, Value],
    *,
    base_url: str | None,
    variables: Mapping[str, str],
    place: Places = lambda _: None,
) -> None:
    """Refused where state would be written to the disk of a CI runner, which is gone when the job ends.

    The sandbox and loopback addresses are no such loss: nothing real is behind them.
    """
    runner = next(
        (name for name in _RUNNERS if variables.get(name, "").lower() not in ("", "0", "false")), None
    )
    if runner is None or settings.get("backend", DEFAULT) != "file" or _harmless(base_url or ""):
        return
    raise Refused(
        f"state would be written to the disk of a CI runner ({runner} is set) and be lost with it",
        detail="The next run would know of nothing that this one creates.",
        hint="set `state: {backend: git}`, which needs nothing but the checkout; s3 and postgres do as well",
        place=place("backend"),
        code="state.ephemeral",
    )


def _harmless(base_url: str) -> bool:
    if base_url.startswith("sandbox:"):
        return True
    try:
        host = urlsplit(base_url).hostname or ""
    except ValueError:
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _problems(backend: str, settings: Mapping[str, Value], place: Places) -> list[Diagnostic]:
    known = [name.rstrip("*") for name in _SETTINGS[backend]]
    found = []
    for key, value in settings.items():
        if key == "backend":
            continue
        if key not in known:
            hint = nearest(key, known) or f"It has: {', '.join(known)}."
            summary = f"the state backend {backend!r} has no setting {key!r}"
            found.append(error("state.settings", summary, hint=hint, place=place(key)))
        elif key == "dsn":
            if not isinstance(_dsn(value), Secret | Text):
                found.append(_plain_dsn(place))
        elif value is not None and not (isinstance(value, str) and value):
            summary = f"`{key}` of the state backend {backend!r} is a text, not {bare(repr(value))}"
            found.append(error("state.settings", summary, place=place(key)))
        elif key == "path" and ".." in Path(str(value)).parts:
            summary = f"`path` of the state backend climbs out of the project: {value!r}"
            hint = "name a folder of the project, or one from the root of the machine"
            found.append(error("state.settings", summary, hint=hint, place=place(key)))
        elif backend == "git" and value is not None and not _GIT_NAME.fullmatch(value):
            summary = f"{bare(value)!r} cannot be a {key} of Git"
            found.append(error("state.settings", summary, place=place(key)))
    for name in _SETTINGS[backend]:
        key = name.rstrip("*")
        if name.endswith("*") and settings.get(key) is None:
            summary = f"the state backend {backend!r} needs `{key}`"
            found.append(error("state.settings", summary, hint="docs/state.md", place=place("backend")))
    return found


def _dsn(value: Value) -> Value:
    """The symbol where the file's text still stands, as in a `state:` above all environments."""
    return Secret(value) if isinstance(value, str) and value.startswith("secrets://") else value


def _plain_dsn(place: Places) -> Diagnostic:
    return error(
        "state.settings",
        "`dsn` is a reference to a secret, not the connection string itself",
        detail="A connection string has a password in it, and whoever reads the repository would have that.",
        hint="write `dsn: secrets://env/DATABASE_URL`",
        place=place("dsn"),
    )

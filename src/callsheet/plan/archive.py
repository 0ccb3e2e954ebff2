"""The plan file: one zip of canonical `plan.json` and the content-addressed files that apply will need."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import orjson

from callsheet.model.canonical import canonical
from callsheet.model.errors import CallsheetError, Stale
from callsheet.plan.plan import FORMAT, Plan

_EPOCH = (1980, 1, 1, 0, 0, 0)
_MAX_PLAN = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Archive:
    """A plan with the bytes of the files that it uploads, by SHA-256."""

    plan: Plan
    contents: Mapping[str, Callable[[], bytes]]

    def content(self, sha256: str) -> bytes:
        """The bytes of an upload, verified against their address."""
        if sha256 not in self.contents:
            raise CallsheetError(f"the plan lacks the file sha256:{sha256[:12]}…", code="plan.incomplete")
        data = self.contents[sha256]()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise Stale(
                f"the file sha256:{sha256[:12]}… changed after it was planned",
                detail="What would be uploaded is not what was reviewed.",
                hint="plan again",
                code="plan.content-moved",
            )
        return data


def pack(archive: Archive) -> bytes:
    """The file's bytes; equal plans of the same time give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as out:
        out.writestr(_member("plan.json"), canonical(archive.plan.to_json()))
        for sha256 in sorted(archive.plan.contents):
            out.writestr(_member(f"contents/{sha256}"), archive.content(sha256))
    return buffer.getvalue()


def unpack(data: bytes, name: str) -> Archive:
    """Read a plan file and verify it. CallsheetError for what is no plan, Stale for one that was edited."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as source:
            members = {info.filename: info for info in source.infolist()}
            if "plan.json" not in members or members["plan.json"].file_size > _MAX_PLAN:
                raise _no_plan(name, "it holds no plan.json")
            body = orjson.loads(source.read("plan.json"))
            contents = {
                member.removeprefix("contents/"): source.read(member)
                for member in members
                if member.startswith("contents/")
            }
    except (zipfile.BadZipFile, orjson.JSONDecodeError, EOFError, NotImplementedError, RuntimeError, OSError):
        raise _no_plan(name, "it is damaged, or not a file that `plan --out` wrote") from None
    if not isinstance(body, dict) or body.get("format") != FORMAT:
        found = body.get("format") if isinstance(body, dict) else None
        raise Stale(
            f"{name}: its format is {found!r}, and this version of Callsheet reads {FORMAT}",
            hint="plan again with the version that will apply",
            code="plan.format",
        )
    try:
        plan = Plan.from_json(body)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _no_plan(name, "it lacks parts that every plan has") from None
    if plan.compute_digest() != plan.digest:
        raise Stale(
            f"{name}: the plan was edited after it was made",
            detail="Its digest does not fit its content, so what was reviewed is not what is here.",
            hint="plan again; what should change is changed in the files",
            code="plan.edited",
        )
    for sha256 in plan.contents:
        if hashlib.sha256(contents.get(sha256, b"")).hexdigest() != sha256:
            raise Stale(f"{name}: the file sha256:{sha256[:12]}… is missing or damaged", code="plan.edited")
    return Archive(plan, {sha256: partial(bytes, data) for sha256, data in contents.items()})


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info


def _no_plan(name: str, why: str) -> CallsheetError:
    return CallsheetError(f"{name} is no plan: {why}", code="plan.unreadable")

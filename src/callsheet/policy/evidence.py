"""Evidence: what a file of test results says, and which source it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from callsheet.model.canonical import digest
from callsheet.model.errors import CallsheetError
from callsheet.policy.junit import Broken, Results, read_junit

FORMAT = "callsheet.evidence/1"
_LARGEST = 64 * 1024 * 1024
_COUNTS = ("passed", "failed", "skipped")


@dataclass(frozen=True, slots=True)
class Evidence:
    """The results that were found in one file. `source` is the digest that they are bound to; `at` is ISO."""

    sha256: str
    source: str | None
    passed: int
    failed: int
    skipped: int
    at: str | None = None
    tool: str | None = None

    @property
    def time(self) -> datetime | None:
        return _time(self.at) if self.at else None

    def to_json(self) -> dict[str, Any]:
        out: dict[str, Any] = {"sha256": self.sha256, "source": self.source}
        out |= {name: getattr(self, name) for name in _COUNTS}
        return out | {key: value for key, value in (("at", self.at), ("tool", self.tool)) if value}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Evidence:
        passed, failed, skipped = (int(data[name]) for name in _COUNTS)
        return cls(data["sha256"], data["source"], passed, failed, skipped, data.get("at"), data.get("tool"))


def read_evidence(name: str, data: bytes) -> Evidence:
    """Evidence for the gate `name` from a file: JUnit XML, or our JSON. CallsheetError for anything else."""
    if len(data) > _LARGEST:
        raise _unreadable(name, f"it is larger than {_LARGEST // 1024 // 1024} MB")
    sha256 = digest(data)
    try:
        results = _read_json(name, data) if data.lstrip()[:1] == b"{" else read_junit(data)
    except Broken as cause:
        raise _unreadable(name, str(cause)) from None
    if results.at is not None and _time(results.at) is None:
        raise _unreadable(name, f"{results.at[:40]!r} is no time")
    return Evidence(
        sha256, results.source, results.passed, results.failed, results.skipped, results.at, results.tool
    )


def _read_json(name: str, data: bytes) -> Results:
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise Broken("it is no JSON") from None
    if body.get("format") != FORMAT:
        raise Broken(f"its format is {str(body.get('format'))[:40]!r}, and {FORMAT} is read")
    if body.get("name") != name:
        raise Broken(f"it is for the gate {str(body.get('name'))[:64]!r}")
    passed, failed, skipped = counts = [body.get(each) for each in _COUNTS]
    if not all(isinstance(each, int) and not isinstance(each, bool) and each >= 0 for each in counts):
        raise Broken("passed, failed and skipped must be whole numbers from 0")
    texts = [body.get(each) for each in ("source", "at", "tool")]
    if not all(each is None or isinstance(each, str) for each in texts):
        raise Broken("source, at and tool must be text")
    source, at, tool = texts
    return Results(source, passed, failed, skipped, at, tool[:100] if tool else None)


def _time(text: str) -> datetime | None:
    """A moment; one without an offset is in UTC."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _unreadable(name: str, why: str) -> CallsheetError:
    return CallsheetError(
        f"the evidence for {name} cannot be read: {why}",
        detail="Nothing was written.",
        hint=f"give JUnit XML or {FORMAT}: docs/protection.md says how either names its source",
        code="evidence.unreadable",
    )

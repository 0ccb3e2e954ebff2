"""JUnit XML as test results. A document type is refused unread: entities live there, results need none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NoReturn
from xml.parsers import expat

PROPERTY = "callsheet.source"
_DEEPEST = 100


class Broken(ValueError):
    """No results that could be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Results:
    """Counted test cases. `source` is None where any of them is in a suite that names no source."""

    source: str | None
    passed: int
    failed: int
    skipped: int
    at: str | None = None
    tool: str | None = None


@dataclass(slots=True)
class _Suite:
    source: str | None
    cases: int = 0


@dataclass(slots=True)
class _Reading:
    """What was found so far. A suite's source is also that of the suites in it."""

    path: list[str] = field(default_factory=list)
    suites: list[_Suite] = field(default_factory=list)
    sources: set[str | None] = field(default_factory=set)
    times: list[str] = field(default_factory=list)
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    verdict: str | None = None
    tool: str | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self.path and tag not in ("testsuites", "testsuite"):
            raise Broken(f"it begins with <{tag[:40]}>, not with <testsuites> or <testsuite>")
        if len(self.path) > _DEEPEST:
            raise Broken("its elements are nested too deep")
        above = self.path[-1] if self.path else None
        self.path.append(tag)
        if tag in ("testsuites", "testsuite"):
            self.suites.append(_Suite(self.suites[-1].source if self.suites else None))
            if at := attributes.get("timestamp"):
                self.times.append(at)
            self.tool = self.tool or attributes.get("name")
        elif tag == "property" and self.path[-3:-1] in (
            ["testsuite", "properties"],
            ["testsuites", "properties"],
        ):
            if attributes.get("name") == PROPERTY:
                self.suites[-1].source = attributes.get("value")
        elif tag == "testcase" and self.suites:
            self.verdict = "passed"
            self.suites[-1].cases += 1
        elif above == "testcase" and tag in ("failure", "error"):
            self.verdict = "failed"
        elif above == "testcase" and tag == "skipped" and self.verdict == "passed":
            self.verdict = "skipped"

    def end(self, tag: str) -> None:
        self.path.pop()
        if tag in ("testsuites", "testsuite"):
            suite = self.suites.pop()
            if suite.cases:
                self.sources.add(suite.source)
        elif tag == "testcase" and self.verdict:
            setattr(self, self.verdict, getattr(self, self.verdict) + 1)
            self.verdict = None


def read_junit(data: bytes) -> Results:
    """The results in a file. Broken for what is no JUnit XML, or brings a document type along."""
    reading = _Reading()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.StartDoctypeDeclHandler = _refused
    parser.EntityDeclHandler = _refused
    parser.ExternalEntityRefHandler = _refused
    try:
        parser.Parse(data, True)
    except expat.ExpatError as cause:
        raise Broken(f"it is neither JSON nor XML that can be read (line {cause.lineno})") from None
    except (UnicodeError, LookupError):
        raise Broken("its encoding is not known") from None
    if len(reading.sources) > 1:
        told = ", ".join(sorted(str(each)[:80] for each in reading.sources))
        raise Broken(f"its suites are of different sources ({told})")
    source = next(iter(reading.sources), None)
    at = min(reading.times, default=None)
    return Results(
        source, reading.passed, reading.failed, reading.skipped, at, (reading.tool or "")[:100] or None
    )


def _refused(*_: Any) -> NoReturn:
    raise Broken("it has a document type, which may hold entities; results need none")

"""Files of results: what is counted in them, what they are bound to, and what is no such file."""

from __future__ import annotations

import json
from typing import Any

import pytest

from callsheet.model.errors import CallsheetError
from callsheet.policy.evidence import FORMAT, Evidence, read_evidence
from unit.reports.test_published import findings

BOUND = '<properties><property name="callsheet.source" value="sha256:s"/></properties>'
CASES = (
    "<testcase name='a'/><testcase name='b'><failure>x</failure></testcase><testcase><error/></testcase>"
    "<testcase><skipped/></testcase><testcase><system-out>hi</system-out></testcase>"
)


def read(text: str | bytes, name: str = "unit") -> Evidence:
    return read_evidence(name, text.encode() if isinstance(text, str) else text)


def counted(found: Evidence) -> tuple[str | None, int, int, int]:
    return found.source, found.passed, found.failed, found.skipped


TIME = "timestamp='2026-11-20T10:00:00+01:00' name='pytest'"


@pytest.mark.parametrize(
    "text",
    [
        f"<testsuite {TIME}>{BOUND}{CASES}</testsuite>",
        f"<?xml version='1.0'?><testsuites><testsuite {TIME}>{BOUND}{CASES}</testsuite></testsuites>",
        f"<testsuites {TIME}>{BOUND}<testsuite>{CASES}</testsuite><testsuite/></testsuites>",
    ],
)
def test_cases_are_counted_and_not_what_the_suite_says_of_them(text: str) -> None:
    found = read(text.replace("<testsuite ", "<testsuite tests='99' failures='0' "))
    assert counted(found) == ("sha256:s", 2, 2, 1)
    assert found.at == "2026-11-20T10:00:00+01:00"
    assert found.tool == "pytest"
    assert found.sha256.startswith("sha256:")
    assert Evidence.from_json(found.to_json()) == found


def test_cases_of_a_suite_that_names_no_source_are_bound_to_none() -> None:
    assert read("<testsuite><testcase/></testsuite>").source is None
    with pytest.raises(CallsheetError, match="different sources"):
        read(
            f"<testsuites><testsuite>{BOUND}<testcase/></testsuite><testsuite><testcase/></testsuite></testsuites>"
        )


def test_a_property_elsewhere_binds_nothing() -> None:
    found = read(f"<testsuite><testcase>{BOUND}</testcase></testsuite>")
    assert counted(found) == (None, 1, 0, 0)


LAUGHS = "<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'>]><testsuite>&b;</testsuite>"
OUTSIDE = (
    "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><testsuite><testcase>&a;</testcase></testsuite>"
)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (LAUGHS.encode(), "document type"),
        (OUTSIDE.encode(), "document type"),
        (LAUGHS.encode("utf-16"), "document type"),
        (b"<!DOCTYPE testsuite SYSTEM 'http://x.example/x.dtd'><testsuite/>", "document type"),
        (b"<testsuite>" * 200 + b"</testsuite>" * 200, "nested too deep"),
        (b"<testsuite>&a;</testsuite>", "neither JSON nor XML"),
        (b"<html/>", "begins with <html>"),
        (b"<testsuite>", "neither JSON nor XML"),
        (b"<?xml version='1.0' encoding='nope'?><testsuite/>", "encoding is not known"),
        (b"", "neither JSON nor XML"),
        (b"\x00\xff", "neither JSON nor XML"),
        (b"<testsuite timestamp='yesterday'/>", "'yesterday' is no time"),
        (b"{", "no JSON"),
        (b"{}", "its format is 'None'"),
    ],
)
def test_what_cannot_be_read_is_one_clear_error(data: bytes, why: str) -> None:
    with pytest.raises(CallsheetError, match="the evidence for unit cannot be read") as caught:
        read(data)
    assert caught.value.exit_code == 1
    assert why in str(caught.value)


GOOD = {
    "format": FORMAT,
    "name": "unit",
    "source": "sha256:s",
    "passed": 2,
    "failed": 0,
    "skipped": 1,
    "at": "2026-11-20T10:00:00Z",
    "tool": "ours",
}


def test_our_own_format() -> None:
    assert findings("evidence", GOOD) == []
    found = read(json.dumps(GOOD))
    assert counted(found) == ("sha256:s", 2, 0, 1)
    assert (found.at, found.tool) == ("2026-11-20T10:00:00Z", "ours")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format", "callsheet.evidence/2"),
        ("name", "other"),
        ("passed", -1),
        ("passed", True),
        ("failed", None),
        ("skipped", "1"),
        ("source", 1),
        ("at", "soon"),
        ("tool", []),
    ],
)
def test_our_own_format_is_held_to(key: str, value: Any) -> None:
    with pytest.raises(CallsheetError):
        read(json.dumps({**GOOD, key: value}))
    assert findings("evidence", {**GOOD, key: value}) or (key, value) in (("name", "other"), ("at", "soon"))

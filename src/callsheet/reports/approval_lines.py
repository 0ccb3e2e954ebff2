"""Sign-offs as lines: one that may be given, was given or taken back, and the list of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from callsheet.reports.counting import counted
from callsheet.reports.line import EMPTY, Line, Span, line


def ready_lines(told: Mapping[str, Any], changes: int, loosens: Sequence[str], asked: bool) -> Iterator[Line]:
    """What would be signed, and by whom."""
    yield EMPTY
    yield line(f"Signed by {_who(told)}: {counted(changes, 'change')}.")
    for each in loosens:
        yield line(Span(f"! loosens the protection: {each}", "danger"))
    if not asked:
        yield line(Span("Nothing in the environment's protection asks for a sign-off of this.", "dim"))


def signed_lines(told: Mapping[str, Any]) -> Iterator[Line]:
    yield line(Span(f"Signed off by {_who(told)}: {told['id']}.", "summary"))


def revoked_lines(told: Mapping[str, Any]) -> Iterator[Line]:
    yield line(Span(f"Taken back: {told['id']}, signed off by {_who(told)}.", "summary"))


def list_lines(told: Mapping[str, Any]) -> Iterator[Line]:
    """The newest first, one line each."""
    for each in told["signOffs"]:
        count = counted(len(each["digests"]), "change")
        comment = f"  {each['comment']}" if each["comment"] else ""
        old = "" if each["current"] else "  (of an earlier life of the environment: it covers nothing)"
        yield line(
            each["id"],
            Span(f"  {each['at']}", "dim"),
            f"  {_who(each)}: {count}, plan {each['plan'][:19]}{comment}",
            Span(old, "dim"),
        )
    yield line(Span(f"Sign-offs of {told['environment']}: {len(told['signOffs'])}.", "summary"))


def _who(told: Mapping[str, Any]) -> str:
    by = told["by"]
    return (
        f"{by['name']} (verified by {by.get('issuer')})" if by["verified"] else f"{by['name']} (unverified)"
    )

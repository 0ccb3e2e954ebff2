"""Which boundaries are tried: all with `CALLSHEET_FAULTS=all`, else those that tell most for their time.

Between two writes nothing moves, so that kills at the reads in between all leave the same; what lies beneath
a store's call is the store's contract suite's to try first. Of both a few are tried, and of the writes one
of several, more on stores that answer soon, beginning with another one on each. Around every write an apply
ends in `tests/unit/apply/test_crash.py` as well, in every run, without a process to kill.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import TypeVar

import pytest

ALL = os.environ.get("CALLSHEET_FAULTS") == "all"
# Beside the boundaries: `tests/e2e` stops real applies in every run as well.
stopping = pytest.mark.skipif(not ALL, reason="with CALLSHEET_FAULTS=all")
SHARES = 8
REQUESTS, STATE = "the provider's requests", "the store's writes"
# One of how many is tried, of the boundaries around writes and of the others.
_ONE_OF = {"file": (10, 120), "postgres": (20, 160), "s3": (30, 240), "git": (60, 400)}
_FIRST = (12, 96)
STORES = tuple(_ONE_OF)
_WRITES = {
    REQUESTS: re.compile(r"\w+ (POST|PATCH|DELETE) "),
    STATE: re.compile(r"\w+ (write|append|put_blobs|remove|remove_blobs|remove_log) "),
}
_READS = re.compile(r"\w+ GET ")
# What has come back, so that the next call has to look at the lock first.
_BACK = re.compile(r"after (POST|PATCH|DELETE|GET /[\w/-]+/\{id\}|put_blobs exports/dev) ")
# One call of the writer that takes several requests.
_WITHIN = re.compile(r"after POST /v2/knowledge-base")


def to_kill_at(
    boundaries: Sequence[str], backend: str, *, first: bool = False, around: str | None = None
) -> list[str]:
    """`first`: of the very first apply. `around`: only those of the one family, and what lies about it."""
    wrote: list[str] = []
    rest: list[str] = []
    for each in boundaries:
        family = REQUESTS if _READS.match(each) or _WRITES[REQUESTS].match(each) else STATE
        if around in (None, family):
            (wrote if _WRITES[family].match(each) else rest).append(each)
    if ALL:
        return wrote + rest
    writes, others = _FIRST if first else _ONE_OF[backend]
    begin = STORES.index(backend)
    return wrote[begin % writes :: writes] + rest[begin % others :: others]


Each = TypeVar("Each")


def some(cases: Sequence[Each], backend: str) -> Sequence[Each]:
    """Of what takes as long as a kill, as many as of the writes."""
    return cases if ALL else cases[STORES.index(backend) :: _ONE_OF[backend][0]]


def to_stop_at(boundaries: Sequence[str], backend: str) -> list[str]:
    back = [each for each in boundaries if _BACK.match(each)]
    if ALL:
        return back
    some = back[STORES.index(backend) :: 2 * _ONE_OF[backend][0] + 6]
    return [each for each in back if each in some or _WITHIN.match(each)]


def instead(boundary: str, passed: Sequence[str]) -> str | None:
    """Where to die when a run that was to die at a boundary passed only these; None: it had to come there.

    State is written in groups, as they come, so that a run may have fewer writes than the dry run had: then
    the last one that it had of the sort. Requests are the same ones in every run.
    """
    if _WRITES[REQUESTS].match(boundary) or _READS.match(boundary):
        return None
    sort = boundary.rpartition(" #")[0]
    return next((each for each in reversed(passed) if each.rpartition(" #")[0] == sort), None)

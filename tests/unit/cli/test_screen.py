"""The screen: colours where they are wanted, progress on a terminal only, events as they come."""

from __future__ import annotations

import io
import json

import pytest

from callsheet.cli.screen import EVENTS, Screen
from callsheet.model.events import Event, silent
from callsheet.reports.line import Span, line


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


def made(out: io.StringIO, err: io.StringIO, **variables: str) -> Screen:
    return Screen(io.StringIO(), out, err, variables)


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("COLORTERM", raising=False)


@pytest.mark.parametrize(
    ("out", "variables", "option", "coloured"),
    [
        (Tty, {}, True, True),
        (io.StringIO, {}, True, False),
        (Tty, {"NO_COLOR": "1"}, True, False),
        (Tty, {"NO_COLOR": ""}, True, True),
        (Tty, {}, False, False),
        (Tty, {"TERM": "dumb"}, True, False),
        (io.StringIO, {"FORCE_COLOR": "1"}, True, True),
        (io.StringIO, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
    ],
)
def test_colour(out: type[io.StringIO], variables: dict[str, str], option: bool, coloured: bool) -> None:
    stream = out()
    screen = made(stream, io.StringIO(), **variables)
    screen.colour = option
    screen.report([line(Span("x", "danger"))])
    assert ("\x1b[" in stream.getvalue()) is coloured


def test_progress_is_shown_on_a_terminal_and_taken_away() -> None:
    err = Tty()
    screen = made(io.StringIO(), err)
    screen.listener(Event("plan.start", {"environment": "dev"}))
    screen.listener(Event("apply.start", {"changes": 2, "requests": 2}))
    screen.listener(Event("change.done", {"address": "Assistant/a", "action": "create"}))
    screen.listener(Event("provider.retry", {"why": "429"}))
    screen.report([line("done")])
    screen.close()
    assert "waiting for the provider (429)" in err.getvalue()
    assert err.getvalue().endswith("\x1b[2K")


def test_there_is_no_progress_where_there_is_no_terminal() -> None:
    err = io.StringIO()
    screen = made(io.StringIO(), err)
    assert screen.listener is silent
    screen.listener(Event("plan.start", {"environment": "dev"}))
    assert err.getvalue() == ""


@pytest.mark.parametrize("attribute", ["quiet", "dumb"])
def test_there_is_none_with_quiet_or_on_a_dumb_terminal(attribute: str) -> None:
    err = Tty()
    screen = made(io.StringIO(), err, **({"TERM": "dumb"} if attribute == "dumb" else {}))
    screen.quiet = attribute == "quiet"
    screen.listener(Event("plan.start", {"environment": "dev"}))
    assert err.getvalue() == ""


def test_verbose_tells_requests_on_stderr() -> None:
    out, err = io.StringIO(), io.StringIO()
    screen = made(out, err)
    screen.verbose = True
    screen.listener(Event("provider.request", {"method": "GET", "path": "/assistant", "status": 200}))
    assert err.getvalue() == "request: GET /assistant 200\n"
    assert out.getvalue() == ""


def test_events_are_written_as_they_come_requests_only_with_verbose() -> None:
    for verbose, names in (
        (False, ["format", "plan.start"]),
        (True, ["format", "plan.start", "provider.request"]),
    ):
        out = io.StringIO()
        screen = made(out, io.StringIO())
        screen.format, screen.verbose = EVENTS, verbose
        screen.listener(Event("plan.start", {"environment": "dev"}))
        screen.listener(Event("provider.request", {"path": "/x"}))
        assert [json.loads(each)["event"] for each in out.getvalue().splitlines()] == names


def test_a_stream_that_cannot_write_a_character_writes_its_code() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    screen = Screen(io.StringIO(), out, io.StringIO(), {})
    screen.report([line("a → b")])
    assert raw.getvalue() == b"a \\u2192 b\n"

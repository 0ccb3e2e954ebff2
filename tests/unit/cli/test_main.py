"""From arguments to exit codes: options, errors, interrupts and closed pipes."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import click
import pytest

from callsheet.cli.commands import completion, schema
from callsheet.cli.main import callsheet, format_of, run
from callsheet.cli.reference import reference
from callsheet.cli.screen import Screen
from callsheet.cli.verbs import VERBS
from callsheet.model.diagnostics import error
from callsheet.model.errors import CallsheetError, Partial, Refused, Stale
from callsheet.operations.schemas import NAMES
from e2e.command import Called, call

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("plan", "terminal"),
        ("plan -o json", "json"),
        ("plan -ojson", "json"),
        ("plan -vo json", "json"),
        ("plan --output json", "json"),
        ("plan --output=json", "json"),
        ("plan -o terminal", "terminal"),
        ("plan -o html", "html"),
        ("graph -o dot", "dot"),
        ("plan -o", "terminal"),
        ("plan -e -o json", "json"),
        ("plan -eo json", "terminal"),
        ("plan -o markdown", "markdown"),
        ("apply -o json", "events"),
        ("destroy -o json -e dev", "events"),
        ("plan -- -o json", "terminal"),
        ("", "terminal"),
    ],
)
def test_the_format_is_known_before_options_are_parsed(arguments: str, expected: str) -> None:
    assert format_of(arguments.split()) == expected


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself(verb: str) -> None:
    done = call(verb, "--help")
    assert done.code == 0
    assert done.out.startswith(f"Usage: callsheet {verb}")
    assert done.err == ""


def test_help_lists_the_verbs_that_work_and_no_others() -> None:
    done = call("--help")
    assert done.code == 0
    for verb in VERBS:
        assert f"  {verb} " in done.out
    for later in ("import", "test"):
        assert f"  {later} " not in done.out


def test_the_short_help_of_a_verb_is_said_once() -> None:
    context = click.Context(callsheet)
    for name in VERBS:
        command = callsheet.get_command(context, name)
        assert command is not None
        assert command.name == name


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("option", ["--bogus", "--verb", "-Z"])
def test_unknown_and_abbreviated_options_exit_1(verb: str, option: str) -> None:
    done = call(verb, *(["serve"] if verb == "sandbox" else []), option)
    assert done.code == 1
    assert done.out == ""
    assert option in done.err
    assert f"callsheet {verb}" in done.err


@pytest.mark.parametrize(
    "arguments", [("show",), ("schema",), ("schema", "x"), ("plan", "-o", "yaml"), ("sandbox",)]
)
def test_other_wrong_usage_exits_1_too(arguments: tuple[str, ...]) -> None:
    assert call(*arguments).code == 1


def test_without_a_verb_there_is_help() -> None:
    done = call()
    assert done.code == 1
    assert done.err.startswith("Usage: callsheet")
    assert done.out == ""


def failing(monkeypatch: pytest.MonkeyPatch, cause: BaseException, *more: str, **variables: str) -> Called:
    """Run a verb that raises `cause`."""

    def fail(name: str) -> Any:
        raise cause

    monkeypatch.setattr("callsheet.operations.schemas.schema", fail)
    return call("schema", "plan", *more, variables=variables)


@pytest.mark.parametrize(
    ("cause", "code"),
    [(CallsheetError("x"), 1), (Refused("x"), 3), (Stale("x"), 4), (Partial("x"), 5)],
)
def test_errors_have_the_exit_code_of_their_family(
    monkeypatch: pytest.MonkeyPatch, cause: CallsheetError, code: int
) -> None:
    done = failing(monkeypatch, cause)
    assert (done.code, done.err) == (code, "error: x\n")


def test_a_bug_is_one_clear_error_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    done = failing(monkeypatch, ZeroDivisionError("canary"))
    assert done.code == 1
    assert "failed unexpectedly: ZeroDivisionError in callsheet/cli/commands/schema.py:" in done.err
    assert "issues" in done.err
    assert "Traceback" not in done.err
    assert "canary" not in done.err


def test_the_traceback_is_there_for_who_asks_and_holds_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    cause = ZeroDivisionError("the key is canary-of-a-variable")
    done = failing(monkeypatch, cause, CALLSHEET_DEBUG="1", VAPI_KEY="canary-of-a-variable")
    assert "Traceback" in done.err
    assert "ZeroDivisionError: the key is " in done.err
    assert "canary" not in done.err


@pytest.mark.parametrize("cause", [RecursionError("deep"), MemoryError(), KeyError("x"), OSError("disk")])
def test_whatever_happens_is_no_traceback(monkeypatch: pytest.MonkeyPatch, cause: BaseException) -> None:
    done = failing(monkeypatch, cause)
    assert done.code == 1
    assert "failed unexpectedly" in done.err
    assert "Traceback" not in done.err


def test_an_interrupt_is_told_and_exits_1(monkeypatch: pytest.MonkeyPatch) -> None:
    done = failing(monkeypatch, KeyboardInterrupt())
    assert (done.code, done.err) == (1, "error: interrupted\n")


def test_an_exit_keeps_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    assert failing(monkeypatch, SystemExit(4)).code == 4


class Closed(io.StringIO):
    """A pipe whose reader went away."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


@pytest.mark.parametrize("arguments", [("schema", "plan"), ("plan", "-C", "/nowhere", "-o", "json")])
def test_a_closed_pipe_is_no_error_to_talk_about(arguments: tuple[str, ...]) -> None:
    err = io.StringIO()
    assert run(list(arguments), Screen(io.StringIO(), Closed(), err, {})) == 1
    assert "unexpectedly" not in err.getvalue()


def test_an_error_is_json_on_stdout_and_readable_on_stderr() -> None:
    done = call("plan", "-o", "json", "-C", "/nowhere")
    told = json.loads(done.out)
    assert told["format"] == "callsheet.error/1"
    assert told["error"]["exitCode"] == done.code == 1
    [found] = told["error"]["diagnostics"]
    assert found["code"] == "spec.no-project"
    assert f"error: {found['summary']}" in done.err


def test_the_choices_of_schema_are_the_schemas_there_are() -> None:
    [argument] = [each for each in schema.command.params if isinstance(each, click.Argument)]
    assert isinstance(argument.type, click.Choice)
    assert tuple(argument.type.choices) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_schema_is_printed(name: str) -> None:
    done = call("schema", name)
    assert done.code == 0
    assert json.loads(done.out)["$schema"].startswith("https://json-schema.org/")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_call_back(shell: str) -> None:
    done = call("completion", shell)
    assert done.code == 0
    assert "_CALLSHEET_COMPLETE" in done.out
    assert completion.command.name == "completion"


def test_the_reference_is_current() -> None:
    assert (DOCS / "cli.md").read_text() == reference(), "python -m callsheet.cli.reference > docs/cli.md"


def test_a_diagnostic_with_control_characters_does_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    done = failing(monkeypatch, CallsheetError(diagnostics=[error("x", "a\x1b[2Jb\rc")]))
    assert done.err == "error: a\\e[2Jb\\rc\n"

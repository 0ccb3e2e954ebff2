"""Writes `docs/cli.md` from the commands themselves: `python -m callsheet.cli.reference > docs/cli.md`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator

import click

from callsheet.cli.main import callsheet
from callsheet.cli.verbs import VERBS

_HEAD = """\
# Command line

<!-- Generated: python -m callsheet.cli.reference > docs/cli.md -->

`callsheet VERB [OPTIONS]`. Options may stand anywhere after the verb; none may be abbreviated, and an
unknown one is an error.

Every verb takes `--no-color` (no colours), `-v`/`--verbose` (show everything, requests to the provider
included), `-q`/`--quiet` (show the summary and what is wrong, nothing else) and `--help`.

## Exit codes

| code | meaning |
|---|---|
| 0 | done, or nothing to do |
| 1 | error; wrong options too |
| 2 | changes pending (`plan --detailed-exitcode`) or drift found (`drift`) |
| 3 | refused by a protection or a hold |
| 4 | stale plan, lock held, or conflict; nothing was written |
| 5 | applied in part |

Where several hold, the first of 1, 5, 4, 3, 2 counts.

## Output

What programs read goes to stdout, everything else (questions, progress, errors) to stderr. Progress is
shown on a terminal only. `NO_COLOR` and `--no-color` switch colours off; `FORCE_COLOR` switches them on
where there is no terminal.

With `-o json` a verb prints one JSON document; `apply`, `destroy` and `rollback` print a stream of events,
one JSON object a line: the first is `{"event": "format", "format": "callsheet.events/1", …}`, the last is
`summary` or `error`. An error is JSON on stdout, `{"format": "callsheet.error/1", "error": {"exitCode":
…, "diagnostics": […]}}`, and is told for people on stderr all the same. `callsheet schema` prints the
JSON Schemas. A format's number changes only when something is removed or changes its meaning.

With `-o html`, `plan`, `show` and `status` print [a page](html.md), and `graph` prints Mermaid or DOT. Where
there is an error they print nothing on stdout.

An error that is a mistake in Callsheet itself is one line that asks for a report; `CALLSHEET_DEBUG=1`
adds the traceback, without secrets.
"""
_EVERYWHERE = ("no_color", "verbose", "quiet")


def reference() -> str:
    """The whole page."""
    context = click.Context(callsheet, info_name="callsheet")
    parts = [_HEAD]
    for name in VERBS:
        command = callsheet.get_command(context, name)
        assert command is not None
        parts += _command(command, f"callsheet {name}")
    return "\n".join(parts).rstrip() + "\n"


def _command(command: click.Command, path: str, level: int = 2) -> Iterator[str]:
    context = click.Context(command, info_name=path, max_content_width=100)
    yield f"{'#' * level} {path}\n"
    if isinstance(command, click.Group) and not command.invoke_without_command:
        yield f"{_text(command)}\n"
        yield from _subcommands(command, path, level)
        return
    usage = " ".join([path, *command.collect_usage_pieces(context)])
    yield f"```\n{usage}\n```\n"
    yield f"{_text(command)}\n"
    records = [
        record
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.name not in _EVERYWHERE
        if (record := parameter.get_help_record(context)) is not None
    ]
    if records:
        yield "| option | |\n|---|---|"
        yield from (f"| `{_cell(option)}` | {_cell(text)} |" for option, text in records)
        yield ""
    if isinstance(command, click.Group):
        yield from _subcommands(command, path, level)


def _subcommands(command: click.Group, path: str, level: int) -> Iterator[str]:
    for name, inner in command.commands.items():
        yield from _command(inner, f"{path} {name}", level + 1)


def _text(command: click.Command) -> str:
    return inspect.cleandoc(command.help or "")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    sys.stdout.write(reference())

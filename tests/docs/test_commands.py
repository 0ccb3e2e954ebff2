"""Every command line of Callsheet that a page shows has a verb that exists and options that it takes."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from callsheet.cli.main import callsheet
from docs.pages import PAGES, blocks, name, prose

SHELLS = ("", "sh", "bash", "console", "yaml")
SYNOPSIS = "callsheet VERB [OPTIONS]"
INLINE = re.compile(r"`(callsheet [^`]+)`")


def command_lines(page: Path) -> Iterator[tuple[str, str]]:
    for block in blocks(page):
        if block.language not in SHELLS:
            continue
        for number, line in enumerate(block.text.splitlines()):
            shown = line.strip().removeprefix("run: ").removeprefix("$ ")
            if shown.startswith("callsheet "):
                yield f"{name(page)}:{block.line + number}", shown
    for found in INLINE.finditer(prose(page)):
        if (shown := " ".join(found[1].split())) != SYNOPSIS:
            yield name(page), shown


SHOWN = [line for page in PAGES for line in command_lines(page)]


def test_the_pages_show_commands() -> None:
    assert {shown.split()[1] for _, shown in SHOWN} >= {
        "init",
        "validate",
        "plan",
        "apply",
        "drift",
        "doctor",
    }


@pytest.mark.parametrize(("where", "shown"), SHOWN, ids=[f"{where}-{shown}" for where, shown in SHOWN])
def test_shown_commands_parse(where: str, shown: str) -> None:
    words = [re.sub(r"[|].*", "", word) for word in shlex.split(_plain(shown), comments=True)]
    command: click.Command = callsheet
    context = click.Context(command, info_name=words.pop(0))
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        assert found is not None, f"{where}: there is no verb {words[0]!r} in: {shown}"
        command = found
        context = click.Context(command, info_name=words.pop(0), parent=context)
    try:
        command.make_parser(context).parse_args(args=words)
    except click.UsageError as problem:
        pytest.fail(f"{where}: {shown}: {problem.format_message()}")


def _plain(shown: str) -> str:
    """Without the marks of a synopsis: [OPTIONS], {a|b}, …"""
    return re.sub(r"\[OPTIONS\]|…", "", shown).replace("[", "").replace("]", "").split(" > ")[0]

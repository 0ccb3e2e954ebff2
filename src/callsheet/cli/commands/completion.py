"""`callsheet completion`."""

from __future__ import annotations

import click

from callsheet.cli.options import verb
from callsheet.cli.screen import Screen


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@verb(project=False, output=False)
def command(screen: Screen, shell: str) -> int:
    """Print the completion script of a SHELL; have the shell evaluate it.

    For bash: eval "$(callsheet completion bash)"
    """
    from click.shell_completion import get_completion_class

    context = click.get_current_context()
    made = get_completion_class(shell)
    assert made is not None
    completion = made(context.find_root().command, {}, "callsheet", "_CALLSHEET_COMPLETE")
    screen.stdout.write(completion.source() + "\n")
    return 0

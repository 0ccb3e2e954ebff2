"""The group of verbs, which imports a verb's module only when that verb is called."""

from __future__ import annotations

from importlib import import_module

import click

from callsheet.cli.verbs import VERBS


class LazyGroup(click.Group):
    """`--help` must be quick: it lists verbs from a table."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(f"callsheet.cli.commands.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            from callsheet.model.diagnostics import nearest

            hint = nearest(args[0], VERBS) or f"There are: {', '.join(VERBS)}."
            raise click.UsageError(f"there is no verb {args[0]!r}. {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))

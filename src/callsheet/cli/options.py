"""Options that several verbs share, each declared once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callsheet.cli.screen import Screen, output_format

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from callsheet.plan.inputs import Options

_RENDERED = {"markdown": "Markdown for a pull request", "html": "a page for a browser"}
Function = Callable[..., Any]


def verb(
    *, environment: str = "", project: bool = True, output: bool = True, rendered: Sequence[str] = ()
) -> Callable[[Function], Function]:
    """Give a verb the options that it shares with others; it is called with `screen` first.

    `environment` is the help of `--env`, empty for verbs without it; `rendered` are further formats.
    """

    def decorate(function: Function) -> Function:
        @wraps(function)
        @click.pass_obj
        def run(screen: Screen, /, *args: Any, **given: Any) -> Any:
            screen.verbose = given.pop("verbose")
            screen.quiet = given.pop("quiet")
            screen.colour = not given.pop("no_color")
            name = click.get_current_context().info_name or ""
            screen.format = output_format(name, given.pop("output", ""))
            return function(screen, *args, **given)

        wrapped: Function = run
        for option in reversed(_options(environment, project, output, rendered)):
            wrapped = option(wrapped)
        return wrapped

    return decorate


def _options(
    environment: str, project: bool, output: bool, rendered: Sequence[str]
) -> list[Callable[[Function], Function]]:
    out = []
    if environment:
        out.append(
            click.option("--env", "-e", metavar="NAME", help=environment, shell_complete=_environments)
        )
    if project:
        out.append(
            click.option(
                "--specs",
                "-C",
                "start",
                metavar="DIR",
                default=".",
                show_default="the current folder",
                help="Where to look for environments.yaml: in DIR, its specs folder, and the folders above.",
            )
        )
    if output:
        out.append(
            click.option(
                "--output",
                "-o",
                type=click.Choice(["terminal", "json", *rendered]),
                default="terminal",
                show_default=True,
                help="; ".join(["For people, or for programs", *(_RENDERED[each] for each in rendered)])
                + ".",
            )
        )
    return [
        *out,
        click.option("--no-color", is_flag=True, help="No colours (as the variable NO_COLOR does)."),
        click.option(
            "--verbose", "-v", is_flag=True, help="Show everything, requests to the provider included."
        ),
        click.option("--quiet", "-q", is_flag=True, help="Show the summary and what is wrong, nothing else."),
    ]


def fitting(function: Function) -> Function:
    """The option of verbs that write for a platform with a limit."""
    return click.option(
        "--limit",
        type=click.IntRange(min=0),
        default=65_000,
        show_default=True,
        metavar="BYTES",
        help="With -o markdown: fold, shorten and count until it fits; 0 for all of it.",
    )(function)


def explaining(function: Function) -> Function:
    """The option of verbs that show a plan beside the pull request that it is of."""
    return click.option(
        "--changed-files",
        type=click.File("rb"),
        metavar="FILE",
        help="With -o markdown: set apart what these files do not explain; `git diff --name-only` lists them,"
        " with -z or without (- for stdin).",
    )(function)


def locking(function: Function) -> Function:
    """The option of every verb that takes the environment's lock."""
    return click.option(
        "--lock-timeout",
        type=click.FloatRange(min=0),
        default=0.0,
        metavar="SECONDS",
        help="How long to wait for somebody else's lock (else not at all).",
    )(function)


def resuming(function: Function) -> Function:
    """The option of the verbs that a rollback's hold stops."""
    return click.option(
        "--resume",
        is_flag=True,
        help="Bring files back that were rolled back, though they have not changed since.",
    )(function)


def deciding(function: Function) -> Function:
    """The options of every verb that makes a plan, also of a whole release, which is never narrowed."""
    for option in (
        click.option(
            "--allow-mass-delete",
            is_flag=True,
            help="Let more than 30 % of ten or more resources of a kind be deleted or replaced.",
        ),
        click.option(
            "--on-conflict",
            type=click.Choice(["overwrite", "keep"]),
            help="Where the files and the provider both changed an attribute: the files win, or live does.",
        ),
    ):
        function = option(function)
    return function


def planning(function: Function) -> Function:
    """The options of every verb that makes a plan; it gets `options: Options`-making keywords."""
    function = deciding(function)
    for option in (
        click.option(
            "--exclude",
            "excludes",
            multiple=True,
            metavar="ADDRESS",
            help="Leave a resource out, with what depends on it. May be repeated.",
        ),
        click.option(
            "--target",
            "targets",
            multiple=True,
            metavar="ADDRESS",
            help="Plan this resource and what it depends on. May be repeated.",
        ),
    ):
        function = option(function)
    return function


def plan_options(screen: Screen, given: dict[str, Any], **more: Any) -> Options:
    """What the options of `planning` ask for."""
    from callsheet.plan.inputs import Options

    return Options(
        targets=tuple(given.get("targets", ())),
        excludes=tuple(given.get("excludes", ())),
        on_conflict=given.get("on_conflict"),
        allow_mass_delete=given.get("allow_mass_delete", False),
        resume=given.get("resume", False),
        detail=screen.verbose,
        **more,
    )


def _environments(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The environments of the project at hand, for the shell's completion."""
    from click.shell_completion import CompletionItem

    from callsheet.model.errors import CallsheetError
    from callsheet.spec.project import find_root, load

    try:
        environments = load(find_root(Path(ctx.params.get("start") or "."))).environments.environments
    except CallsheetError:
        return []
    return [CompletionItem(name) for name in environments if name.startswith(incomplete)]

"""What an application loads, for people: one setting a line; of a prompt that was asked for, its text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from callsheet.model.value import from_json
from callsheet.reports.counting import counted
from callsheet.reports.line import EMPTY, Line, Span, line
from callsheet.reports.values import inline, redacted

_WIDTH = 16


def resolved_lines(told: Mapping[str, Any], prompt: str | None, quiet: bool) -> Iterator[Line]:
    """`told` is the document of `resolve`. With `prompt`, its text; with `quiet`, the last line alone."""
    if prompt is not None:
        for text in told["prompts"][prompt]["text"].splitlines():
            yield line(text)
        yield EMPTY
    elif not quiet:
        yield from _settings(told)
        for each in told["diagnostics"]:
            yield line(Span(f"note: {each['summary']}", "dim"))
    many = counted(len(told["prompts"]), "prompt")
    what = _prompt(told["prompts"][prompt]) if prompt is not None else many
    yield line(Span(f"Resolved: {told['environment']} of {told['app']}, {what}, {told['digest']}", "summary"))


def _settings(told: Mapping[str, Any]) -> Iterator[Line]:
    for key in ("model", "temperature", "voice", "language", "logging"):
        yield _line(key, "not set" if told[key] is None else str(told[key]))
    limit = told["rateLimit"]
    yield _line("rateLimit", "unlimited" if limit is None else f"{limit} per hour")
    yield _line("promptSource", told["promptSource"])
    for space in ("featureFlags", "params", "variables"):
        for key, value in told[space].items():
            yield _line(space, f"{key}: {inline(redacted(from_json(value)))}")
    for name, prompt in told["prompts"].items():
        yield _line("prompt", f"{name}: {_prompt(prompt)}")


def _prompt(prompt: Mapping[str, Any]) -> str:
    version = f"{prompt['version']} ({prompt['status']})" if prompt["version"] else "the file"
    return f"{version} {prompt['path']}"


def _line(key: str, said: str) -> Line:
    return line(Span(f"{key:<{_WIDTH}}", "path"), said)

"""Environments whose plan was expected and could not be made, in Markdown: a bounded number of words."""

from __future__ import annotations

from collections.abc import Sequence

from callsheet.reports.markdown_text import code

_ALONE = 10  # environments with a head and a line each
_NAMED = 20  # those named where they share one
_UNKNOWN = "\n\n**What would change there is not known. The log of this run says why.**\n"


def missing_heads(environments: Sequence[str]) -> list[str]:
    """A head for each; one for all of them where they would leave no room for the plans that there are."""
    return [f"## Callsheet: {who} could not be planned{_UNKNOWN}" for who in _told(environments)]


def missing_lines(environments: Sequence[str]) -> list[str]:
    """The same for the overview."""
    return [f"- {who}: **could not be planned**\n" for who in _told(environments)]


def _told(environments: Sequence[str]) -> list[str]:
    if len(environments) <= _ALONE:
        return [code(each, 80) for each in environments]
    more = f" and {len(environments) - _NAMED:,} more" if len(environments) > _NAMED else ""
    named = ", ".join(code(each, 80) for each in environments[:_NAMED])
    return [f"{len(environments):,} environments ({named}{more})"]

"""Markdown files: YAML front matter between two `---` lines, and a body that is kept byte for byte."""

from __future__ import annotations

from dataclasses import dataclass

from callsheet.spec.findings import Finding, Malformed


@dataclass(frozen=True, slots=True)
class Markdown:
    """`header` is None where there is no front matter. Lines are counted from 1."""

    header: str | None
    body: str
    body_line: int = 1


def split(text: str) -> Markdown:
    """Front matter and body. A file whose first line is `---` has front matter, always; Malformed if it
    is not closed."""
    first, newline, rest = text.partition("\n")
    if first.rstrip() != "---" or not newline:
        return Markdown(None, text)
    at, line = 0, 2
    while at < len(rest):
        end = rest.find("\n", at)
        end = len(rest) if end < 0 else end
        if rest[at:end].rstrip() == "---":
            return Markdown(rest[:at], rest[end + 1 :], line + 1)
        at, line = end + 1, line + 1
    raise Malformed(
        Finding(
            "spec.front-matter",
            "the front matter that begins here has no closing --- line",
            "Close it, or begin a text without front matter with something else than ---.",
            1,
            1,
        )
    )

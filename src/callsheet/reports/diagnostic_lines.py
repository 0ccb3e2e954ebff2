"""Diagnostics as lines: what is wrong, where (with the line of the file), why it matters, what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from callsheet.model.diagnostics import Diagnostic, Place, Severity
from callsheet.reports import counting
from callsheet.reports.excerpt import Excerpt
from callsheet.reports.line import EMPTY, Line, Span, indented, line

# As YAML escapes it, a value may stand in the line in other letters.
_UNQUOTED = ("plan.secret-in-files",)
Excerpts = Callable[[Place], Excerpt | None]


def nowhere(_place: Place) -> Excerpt | None:
    """For findings whose files are not at hand."""
    return None


def diagnostic_lines(each: Diagnostic, excerpts: Excerpts = nowhere) -> Iterator[Line]:
    """One finding. `excerpts` gives the line of the file where it is at hand."""
    yield line(Span(f"{each.severity}: ", str(each.severity)), Span(each.summary, "message"))
    where = [Span(str(each.place), "place")] if each.place else []
    if each.address:
        where.append(Span(f"{' in ' if where else 'in '}{each.address}", "dim"))
    if where:
        yield line("  at " if each.place else "  ", *where)
    quoted = each.place if each.code not in _UNQUOTED else None
    if quoted and (found := excerpts(quoted)):
        yield from indented(_excerpt(found), 2)
    for text in each.detail.split("\n") if each.detail else ():
        yield line("  ", text)
    for number, text in enumerate(each.hint.split("\n") if each.hint else ()):
        yield line("  → " if number == 0 else "    ", Span(text, "hint"))


def _excerpt(found: Excerpt) -> Iterator[Line]:
    number = f"{found.line:>5} "
    yield line(Span(f"{number}│ ", "dim"), found.text)
    if found.caret is not None:
        yield line(Span(" " * len(number) + "│ ", "dim"), " " * found.caret, Span("^", "error"))


def problem_lines(diagnostics: Sequence[Diagnostic], excerpts: Excerpts = nowhere) -> Iterator[Line]:
    """Everything that was found, and a count last where there is more than one."""
    for number, each in enumerate(diagnostics):
        if number:
            yield EMPTY
        yield from diagnostic_lines(each, excerpts)
    if len(diagnostics) > 1:
        yield EMPTY
        yield line(Span(counted(diagnostics), "summary"))


def counted(diagnostics: Iterable[Diagnostic]) -> str:
    """`2 errors, 1 warning.`"""
    found = list(diagnostics)
    words = []
    for severity in Severity:
        if count := sum(each.severity is severity for each in found):
            words.append(counting.counted(count, severity))
    return f"{', '.join(words)}." if words else "No findings."

"""Tracebacks for bug reports: where it happened, and no more of the data than must be.

What an exception of Python or of a library says may quote whatever was at hand, an object of the provider
with secrets that nobody here knows of. So nothing that is quoted is shown of it; frames and types are.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterable, Mapping

from callsheet.model.errors import CallsheetError

_TELLING = re.compile(r"(?i)(secret|token|passw|key|credential)")
# A quote after a letter is an apostrophe. One that is not closed hides the rest.
_QUOTED = re.compile(r"""(?<!\w)(?:[rbu]{1,2}(?=["']))?(?:"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?)""", re.S)
_LONGEST = 500


def traceback_of(
    cause: BaseException, secrets: Iterable[Callable[[], Iterable[str]]], variables: Mapping[str, str]
) -> str:
    """The traceback without secrets: neither those that `secrets` give nor those of telling variables."""
    from callsheet.providers.redaction import Redactor

    redactor = Redactor()
    for known in secrets:
        redactor.hide(known())
    redactor.hide(value for name, value in variables.items() if _TELLING.search(name))
    return redactor.scrub("\n".join(_told(cause, set())))


def _told(cause: BaseException, seen: set[int]) -> list[str]:
    """The chain of exceptions, the first one first."""
    seen.add(id(cause))
    out = []
    earlier = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    if earlier is not None and id(earlier) not in seen:
        out = [*_told(earlier, seen), "", "This led to:", ""]
    name = f"{type(cause).__module__}.{type(cause).__qualname__}".removeprefix("builtins.")
    said = str(cause) if isinstance(cause, CallsheetError) else _QUOTED.sub("'…'", str(cause))
    frames = "".join(traceback.format_tb(cause.__traceback__)).rstrip("\n")
    return [*out, "Traceback (most recent call last):", frames, f"{name}: {said[:_LONGEST]}".rstrip(": "), ""]

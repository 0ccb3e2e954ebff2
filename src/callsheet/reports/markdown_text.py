"""Text that nobody vouches for, made harmless for Markdown: it stands in code, or is words alone.

Inside of code nothing is a link, an image, markup, a mention or a reference, at GitHub as at GitLab. So what
is not plainly a word goes there, and the functions of this file are the only way in.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from callsheet.reports.counting import counted
from callsheet.reports.escaping import inert, shown

_TICKS = re.compile(r"`+")
# cmark takes no delimiter beyond 80 backticks for one, and counts fences in a byte.
_MANY_TICKS = re.compile(r"`{9,}")
# A word that no renderer makes anything of: no digits beside letters (commits, GH-1), no dots inside (links).
_WORD = re.compile(
    r"[(\"'“‘]*(?:[^\W\d_]+(?:[-'’][^\W\d_]+)*|\d[\d,]*)[)\"'”’.,;:!?%…]*|[–—→…]|\.\.\.|%[).,]*"
)
_HASH = re.compile(r"[0-9a-f]{7,}")
_QUOTED = re.compile(r"(`[^`]+`)")
_MARK = re.compile(r"[,;:.!?)]+(?= |$)")
PROSE = 600


def code(text: str, limit: int = PROSE) -> str:
    """A code span. It can stand in a sentence or a list, and not in a table: see `cell`."""
    text = _settled(shown(text, limit))
    if not text.strip():
        return f"({counted(len(text), 'space')})" if text else "(empty)"
    fence = _fence(text, 1)
    pad = " " if text[0] in "` " or text[-1] in "` " else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def cell(text: str, limit: int = 160) -> str:
    """A code span in a table, where a bar ends the cell, and renderers differ on backslashes before it."""
    text = re.sub(r"\\+(?=\|)", lambda run: "\\x5c" * len(run.group()), code(text, limit))
    return text.replace("|", "\\|")


def tag(text: str, limit: int = PROSE) -> str:
    """`<code>` for where HTML is written, such as a summary."""
    return f"<code>{html.escape(_settled(shown(text, limit)))}</code>"


def fenced(lines: Iterable[str], language: str = "") -> list[str]:
    """A block of code. Its lines have been made visible, and begin with a sign of ours."""
    body = [_settled(each) for each in lines]
    fence = _fence("\n".join(body), 3)
    return [f"{fence}{language}", *body, fence]


def prose(text: str, limit: int = PROSE) -> str:
    """A sentence: words as they are, everything else as code, and so what stands in backticks already."""
    out, apart = "", False
    for piece in filter(None, _QUOTED.split(shown(text, limit))):
        if _QUOTED.fullmatch(piece):
            told, after = code(piece[1:-1]), False
        else:
            mark = _MARK.match(piece) if out else None
            out += mark.group() if mark else ""
            piece = piece[mark.end() :] if mark else piece
            apart, after = apart or piece[:1] == " ", piece[-1:] == " "
            told = _words(piece)
        # Two code spans that touch would be one with other delimiters.
        apart = apart or (out.endswith("`") and told.startswith("`"))
        out += f" {told}" if out and told and apart else told
        apart = after
    return out


def _words(text: str) -> str:
    out: list[str] = []
    pending: list[str] = []
    for word in text.split():
        if _WORD.fullmatch(word) and not _HASH.search(word):
            out += [_code_of(pending)] if pending else []
            pending = []
            out.append(word)
        else:
            pending.append(word)
    return " ".join([*out, _code_of(pending)] if pending else out)


def _code_of(words: Sequence[str]) -> str:
    """Words as one code span, the comma or full stop after them outside of it."""
    text = " ".join(words)
    bare = text.rstrip(",;:.")
    return code(bare) + text[len(bare) :] if bare else code(text)


def _fence(text: str, least: int) -> str:
    longest = max((len(run) for run in _TICKS.findall(text)), default=0)
    return "`" * max(least, longest + 1)


def _settled(text: str) -> str:
    """Without what acts in spite of code: long runs of backticks, and expressions of a workflow."""
    text = _MANY_TICKS.sub(lambda run: "\\x60" * len(run.group()), text)
    return inert(text.replace("${{", "$\\x7b{"))

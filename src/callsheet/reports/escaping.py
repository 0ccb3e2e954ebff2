"""Text that nobody vouches for, made harmless for a terminal: shown, never obeyed."""

from __future__ import annotations

import re
import unicodedata

from callsheet.reports.counting import counted

# Where one line is cut. Prompts are shown line by line, so only machine-made text is longer.
LINE_LIMIT = 600
_PLAIN = re.compile(r"[ -~]*")
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
# A command of GitHub's older form, of Azure or TeamCity: obeyed in the middle of a line as well.
COMMAND = re.compile(r"##(?=\w*\[)")
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\x1b": "\\e", "\0": "\\0"}


def visible(text: str) -> str:
    """The text on one line: control, format (bidi, zero-width), private and unpaired characters written out.

    Nothing that a terminal acts on is left, neither escape sequences nor carriage returns.
    """
    if _PLAIN.fullmatch(text):
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if " " <= character <= "~":
        return character
    if character in _SHORT:
        return _SHORT[character]
    if unicodedata.category(character) in _HIDDEN:
        code = ord(character)
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return character


def cut(text: str, limit: int = LINE_LIMIT) -> str:
    """The text, or its beginning with a note of how much is left out."""
    if len(text) <= limit:
        return text
    return f"{text[:limit]}… ({counted(len(text) - limit, 'more character')})"


def shown(text: str, limit: int = LINE_LIMIT) -> str:
    """Cut first, so that a huge text costs nothing; then made visible."""
    return visible(cut(text, limit))


def split_lines(text: str) -> list[str]:
    r"""Lines as a person counts them: `\n` and `\r\n` end one; other separators are characters to show."""
    lines = text.split("\n")
    return [line[:-1] if line.endswith("\r") else line for line in lines]


def inert(line: str) -> str:
    """The line without what a CI runner takes for a command: `::` at its beginning, `##[` anywhere in it."""
    for at in reversed(acting(line)):
        line = f"{line[:at]}\\x{ord(line[at]):02x}{line[at + 1 :]}"
    return line


def acting(line: str) -> list[int]:
    """The columns of characters that have to be written out for a line not to be a command."""
    bare = line.lstrip()
    begins = [len(line) - len(bare)] if bare.startswith("::") else []
    return begins + ([found.start() + 1 for found in COMMAND.finditer(line)] if "##" in line else [])

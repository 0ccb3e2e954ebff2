"""Text that nobody vouches for, made harmless for a terminal: shown, never obeyed."""

from __future__ import annotations

import re
import unicodedata

# Where one line is cut. Prompts are shown line by line, so only machine-made text is longer.
LINE_LIMIT = 600
_PLAIN = re.compile(r"[ -~]*")
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
# The older form of a workflow command, which a runner obeys in the middle of a line as well.
_COMMAND = re.compile(r"##(?=\[|vso\[)", re.IGNORECASE)
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
    return f"{text[:limit]}… ({len(text) - limit:,} more characters)"


def shown(text: str, limit: int = LINE_LIMIT) -> str:
    """Cut first, so that a huge text costs nothing; then made visible."""
    return visible(cut(text, limit))


def split_lines(text: str) -> list[str]:
    r"""Lines as a person counts them: `\n` and `\r\n` end one; other separators are characters to show."""
    lines = text.split("\n")
    return [line[:-1] if line.endswith("\r") else line for line in lines]


def inert(line: str) -> str:
    """The line without what a CI runner takes for a command: `::` at its beginning, `##[` anywhere in it."""
    if line.lstrip().startswith("::"):
        line = line.replace(":", "\\x3a", 1)
    return _COMMAND.sub("#\\\\x23", line) if "##" in line else line

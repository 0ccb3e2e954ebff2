"""YAML text to values: strict, bounded, and with every finding at its line and column."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode

from callsheet.model.value import Value, marker
from callsheet.spec.composers import PLAIN, QUOTED, UNTAGGED, Composer, PureComposer, compose
from callsheet.spec.findings import Finding, Malformed
from callsheet.spec.limits import MAX_ALIASED, MAX_DEPTH
from callsheet.spec.scalars import ScalarError, bad_tag, plain, tagged

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Line breaks to YAML 1.1, and so to libyaml; letters to YAML 1.2, editors and models.
_BREAKS = re.compile("[\x85\u2028\u2029]")
_MAPS = {UNTAGGED, "tag:yaml.org,2002:map"}
_LISTS = {UNTAGGED, "tag:yaml.org,2002:seq"}
_QUOTE = "Put it in quotes: keys are text."


@dataclass(slots=True)
class Parsed:
    """The documents of one text in their order (None for an empty one), and what is wrong with them."""

    values: list[Value] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def decode(data: bytes) -> str:
    """The text of a file; Malformed where it is not UTF-8, has a byte order mark, or is no text."""
    if data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise Malformed(
            Finding(
                "spec.encoding",
                "the file starts with a byte order mark",
                "Save it as UTF-8 without one.",
                1,
                1,
            )
        )
    if (at := data.find(b"\0")) >= 0:
        raise Malformed(_at(data[:at].decode("utf-8", "replace"), "the file holds a NUL byte: it is no text"))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as problem:
        before = data[: problem.start].decode("utf-8")
        raise Malformed(_at(before, f"byte 0x{data[problem.start]:02x} is not UTF-8")) from None


def _at(before: str, summary: str) -> Finding:
    line, column = position(before, len(before))
    return Finding("spec.encoding", summary, "Save the file as UTF-8 text.", line, column)


def position(text: str, index: int) -> tuple[int, int]:
    """Line and column of a character, both from 1."""
    start = text.rfind("\n", 0, index) + 1
    return text.count("\n", 0, index) + 1, index - start + 1


def parse(text: str, composer: Callable[[str], Composer] | None = None) -> Parsed:
    """Every document of the text. Reading stops at the first error of syntax; all else is collected."""
    parsed = Parsed()
    if not text.isascii() and (found := _BREAKS.search(text)):
        line, column = position(text, found.start())
        code = f"U+{ord(found[0]):04X}"
        hint = f"Write \\u{ord(found[0]):04x} in double quotes, or move the text to a Markdown file."
        summary = f"{code} breaks the line for some readers of YAML and not for others"
        parsed.findings.append(Finding("spec.encoding", summary, hint, line, column))
        return parsed
    builder = _Builder(parsed.findings)
    try:
        for reading, node in compose(text, composer):
            parsed.values.append(builder.document(reading, node))
    except Malformed as problem:
        parsed.findings.append(problem.finding)
    except yaml.reader.ReaderError:
        found = _UNPRINTABLE.search(text)
        line, column = position(text, found.start()) if found else (1, 1)
        character = f"U+{ord(found[0]):04X}" if found else "a control character"
        parsed.findings.append(
            Finding("spec.encoding", f"{character} may not stand in YAML", "Remove it.", line, column)
        )
    except yaml.MarkedYAMLError as problem:
        if "maximum nesting depth" in (problem.problem or ""):
            # libyaml since PyYAML 6.0.4 has a bound of its own, far beyond ours; the other one says where.
            return parse(text, PureComposer)
        parsed.findings.append(_syntax(problem, text))
    return parsed


def _syntax(problem: yaml.MarkedYAMLError, text: str) -> Finding:
    mark = problem.problem_mark or problem.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    what = problem.problem or problem.context or "it cannot be read"
    lines = text.split("\n")
    there = lines[line - 1] if line <= len(lines) else ""
    if "\t" in there[: len(there) - len(there.lstrip())]:
        return Finding(
            "spec.yaml-syntax", "a tab indents this line", "YAML wants spaces there.", line, column
        )
    hint = "Check the indentation and the quotes of this line and the one above."
    if "${" in there and "flow" in (problem.context or ""):
        hint = 'Inside { } and [ ], a placeholder needs quotes: "${params.x}".'
    elif "mapping values are not allowed" in what:
        hint = "Put the value in quotes if it holds a colon followed by a space."
    elif "undefined alias" in what:
        hint = "A text that starts with * needs quotes."
    elif there[column - 1 : column] in ("@", "`", "%"):
        hint = "A text that starts with @, ` or % needs quotes."
    return Finding("spec.yaml-syntax", f"this is not YAML: {what}", hint, line, column)


class _Builder:
    """Values from nodes. Counts what aliases multiply, and keeps going after what is merely wrong."""

    def __init__(self, findings: list[Finding]) -> None:
        self._findings = findings
        self._built = 0
        self._allowed = 0

    def document(self, reading: Composer, node: Node | None) -> Value:
        self._allowed = reading.nodes + MAX_ALIASED
        return self._build(node, 0) if node is not None else None

    def _build(self, node: Node, depth: int) -> Value:
        self._built += 1
        kind = type(node)
        if kind is ScalarNode:
            return self._scalar(node)
        if depth >= MAX_DEPTH or self._built > self._allowed:
            raise Malformed(self._finding("spec.yaml-limit", *_ALIASES, node))
        if kind is MappingNode:
            return self._mapping(node, depth + 1)
        if node.tag not in _LISTS:
            self._bad_tag(node)
        return [self._build(item, depth + 1) for item in node.value]

    def _scalar(self, node: Node) -> Value:
        text: str = node.value
        tag = node.tag
        try:
            if tag == PLAIN:
                return plain(text)
            if tag != QUOTED:
                return tagged(tag, text)
        except ScalarError as problem:
            self._note("spec.yaml-scalar", str(problem), problem.hint, node)
            return None
        if "\0" in text or not (text.isascii() or encodable(text)):
            self._note(
                "spec.yaml-scalar", "the text holds a character that JSON cannot carry", "Remove it.", node
            )
            return ""
        return text

    def _mapping(self, node: Node, depth: int) -> dict[str, Value]:
        if node.tag not in _MAPS:
            self._bad_tag(node)
        out: dict[str, Value] = {}
        special = False
        for key_node, value_node in node.value:
            key = self._key(key_node)
            value = self._build(value_node, depth)
            if key is None:
                continue
            if key in out:
                first = next(other for other, _ in node.value if other.value == key_node.value)
                self._note(
                    "spec.duplicate-key",
                    f"the key {key!r} stands here for the second time; the first is on line "
                    f"{first.start_mark.line + 1}",
                    "Keep one of them: YAML parsers differ in which one they believe.",
                    key_node,
                )
                continue
            special = special or key[:1] == "$"
            out[key] = value
        if special and (found := marker(out)):
            self._note(
                "spec.marker",
                f"{found} with this value is Callsheet's own mark in plans and may not stand in files",
                _INSTEAD.get(found, "Choose another key."),
                node,
            )
        return out

    def _key(self, node: Node) -> str | None:
        if type(node) is not ScalarNode:
            self._note("spec.yaml-key", "a mapping or list stands in the place of a key", _QUOTE, node)
            return None
        text: str = node.value
        key = self._scalar(node)
        if text == "<<" and node.tag == PLAIN:
            self._note(
                "spec.yaml-key",
                "merge keys (<<) are not part of YAML 1.2",
                "Write the values out, or use a policy or the environment's defaults.",
                node,
            )
            return None
        if not isinstance(key, str):
            self._note("spec.yaml-key", f"the key {text or 'null'!s} is no text", _QUOTE, node)
            return None
        return sys.intern(key)

    def _bad_tag(self, node: Node) -> None:
        problem = bad_tag(node.tag)
        self._note("spec.yaml-scalar", str(problem), problem.hint, node)

    def _note(self, code: str, summary: str, hint: str, node: Node) -> None:
        finding = self._finding(code, summary, hint, node)
        if finding not in self._findings:
            self._findings.append(finding)

    @staticmethod
    def _finding(code: str, summary: str, hint: str, node: Node) -> Finding:
        mark = node.start_mark
        return Finding(code, summary, hint, mark.line + 1, mark.column + 1)


_ALIASES = (
    f"aliases (*name) nest without end, or stand for more than {MAX_ALIASED:,} values",
    "Write the values out; a policy or a parameter shares them without aliases.",
)
_INSTEAD = {
    "$ref": "Write {ref: NAME} for another resource; in a JSON Schema, start a relative $ref with ./ or #.",
    "$external": "Write {external: Kind/NAME}.",
    "$secret": "Write the plain text secrets://….",
    "$text": "Write one string with ${secrets://…} in it.",
}


def encodable(text: str) -> bool:
    """Whether the text has a UTF-8 form: lone surrogates have none."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True

"""Placeholders: `${…}` in text, and nothing else; the providers' own `{{…}}` passes untouched.

==================== ==================================================================
`${params.x}`        the environment's parameter; keys of nested ones are joined by dots
`${settings.x}`      the environment's model, temperature, logging, featureFlags.x, …
`${variables.X}`     the environment's variable
`${env.name}`        the environment's name
`${file:path}`       a file of the project, as it is
`${secrets://…}`     a secret, resolved when applying and never before
`$${`                a literal `${`
==================== ==================================================================

What a placeholder inserts is not looked at again. Text that is one placeholder takes its value's type.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import orjson

from callsheet.model.diagnostics import nearest
from callsheet.model.paths import ABSENT
from callsheet.model.value import Path, Secret, Text, Value
from callsheet.spec.files import FileProblem
from callsheet.spec.naming import camel

_TOKEN = re.compile(r"\$\$\{|\$\{([^{}\n]*)\}|\$\{")
SECRET = "secrets://"
_SECRET_URI = re.compile(r"secrets://[a-z][a-z0-9-]*/[^\s{}]+")
_BARE_SECRET = re.compile(r"(?<!\$\{)secrets://[a-z][a-z0-9-]*/[^\s{}\"']+")
_LITERAL = "For a literal ${ write $${."
_SPACES = ("params", "settings", "variables", "env", "file", "secrets")


@dataclass(frozen=True, slots=True)
class Fault:
    """A placeholder that cannot be replaced: `needle` is its text, at `path`."""

    path: Path
    needle: str
    code: str
    summary: str
    hint: str


@dataclass(frozen=True, slots=True)
class Scope:
    """What placeholders may name in one environment. `where` names it in messages."""

    where: str
    spaces: Mapping[str, Mapping[str, Value]]
    read: Callable[[str], str] | None = None


class _Unknown(Exception):
    def __init__(self, code: str, summary: str, hint: str) -> None:
        super().__init__(summary)
        self.code, self.summary, self.hint = code, summary, hint


@dataclass(slots=True)
class Expander:
    """Replaces placeholders and remembers: what they named (`used`, `files`), what went wrong (`faults`),
    what looks wrong (`doubts`), and whether there may be a `{ref: …}` or `{external: …}` (`linked`)."""

    scope: Scope
    used: dict[str, Value] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    doubts: list[Fault] = field(default_factory=list)
    linked: bool = False

    def expand(self, value: Value, path: Path = ()) -> Value:
        """The value with every placeholder replaced; the very same object where there is none."""
        if isinstance(value, str):
            if SECRET in value and not value.startswith(SECRET):
                self._doubt(value, path)
            return self.text(value, path) if "${" in value or value.startswith(SECRET) else value
        if isinstance(value, dict):
            return self._mapping(value, path)
        if isinstance(value, list):
            changed = False
            items = []
            for index, item in enumerate(value):
                new = self.expand(item, (*path, index))
                changed = changed or new is not item
                items.append(new)
            return items if changed else value
        return value

    def _mapping(self, value: dict[str, Value], path: Path) -> Value:
        if len(value) == 1 and ("ref" in value or "external" in value):
            self.linked = True
        out: dict[str, Value] | None = None
        for key, item in value.items():
            if "${" in key:
                self._fault(path, key, "spec.placeholder", "placeholders are not replaced in keys", _LITERAL)
            if isinstance(item, str | dict | list):
                new = self.expand(item, (*path, key))
                if new is not item:
                    out = out if out is not None else dict(value)
                    out[key] = new
        return value if out is None else out

    def text(self, text: str, path: Path = (), *, whole: bool = True) -> Value:
        """One text. With `whole`, text that is a single placeholder or secret takes its value's type."""
        if whole and text.startswith(SECRET):
            uri = self.text(text, path, whole=False) if "${" in text else text
            return self._try(path, text, _secret, uri if isinstance(uri, str) else "")
        parts: list[Value] = []
        at = 0
        for token in _TOKEN.finditer(text):
            parts.append(text[at : token.start()])
            at = token.end()
            name, needle = token[1], token[0]
            if needle == "$${":
                parts.append("${")
            elif name is None:
                self._fault(
                    path,
                    needle,
                    "spec.placeholder",
                    "a placeholder is not closed with } on its line",
                    _LITERAL,
                )
            else:
                value = self._try(path, needle, self._value, name)
                if whole and needle == text:
                    return value
                parts.append(value if isinstance(value, Secret | Text) else self._inline(path, needle, value))
        parts.append(text[at:])
        return _join(parts)

    def _value(self, name: str) -> Value:
        if name.startswith(SECRET):
            return _secret(name)
        if name.startswith("file:"):
            return self._file(name.removeprefix("file:"))
        space, dot, key = name.partition(".")
        if space not in self.scope.spaces or not dot:
            known = [f"{one}." for one in self.scope.spaces] + ["file:", SECRET]
            close = nearest(space, self.scope.spaces if not dot else _SPACES)
            hint = close or f"Known: {', '.join(sorted(known))}. {_LITERAL}"
            raise _Unknown("spec.placeholder", f"${{{name}}} is no placeholder", hint)
        value = look_up(self.scope.spaces[space], camel_head(key) if space == "settings" else key)
        if value is ABSENT:
            raise self._unset(space, key)
        self.used[name] = value
        self.linked = self.linked or isinstance(value, dict | list)
        return value

    def _unset(self, space: str, key: str) -> _Unknown:
        known = sorted(_dotted(self.scope.spaces[space]))
        close = nearest(key, known).replace("Did you mean ", f"Did you mean {space}.")
        hint = close or f"Set {space}.{key} for {self.scope.where}; no environment takes another's values."
        return _Unknown("spec.unset", f"{space}.{key} is not set for {self.scope.where}", hint)

    def _file(self, reference: str) -> str:
        if self.scope.read is None:
            raise _Unknown("spec.placeholder", "files are not inserted here", _LITERAL)
        try:
            content = self.scope.read(reference)
        except FileProblem as problem:
            raise _Unknown(problem.code, problem.summary, problem.hint) from None
        self.files[reference] = content
        return content

    def _inline(self, path: Path, needle: str, value: Value) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, bool | int | float):
            return orjson.dumps(value).decode()
        if value is not ABSENT:
            what = "null" if value is None else "a list or mapping"
            summary = f"{needle} is {what} and cannot stand inside text"
            self._fault(path, needle, "spec.placeholder-type", summary, "Name a text or a number.")
        return ""

    def _try(self, path: Path, needle: str, get: Callable[[str], Value], name: str) -> Value:
        try:
            return get(name)
        except _Unknown as problem:
            self._fault(path, needle, problem.code, problem.summary, problem.hint)
            return ABSENT

    def _doubt(self, text: str, path: Path) -> None:
        if found := _BARE_SECRET.search(text):
            summary = "a secret reference inside text is not resolved like this, but sent as it stands"
            hint = f"Write ${{{found[0]}}}."
            self.doubts.append(Fault(path, found[0], "spec.secret-in-text", summary, hint))

    def _fault(self, path: Path, needle: str, code: str, summary: str, hint: str) -> None:
        self.faults.append(Fault(path, needle, code, summary, hint))


def _secret(uri: str) -> Secret:
    if not _SECRET_URI.fullmatch(uri):
        summary = f"{uri!r} is no secret reference"
        raise _Unknown("spec.secret", summary, "One looks like secrets://vault/kv/voice/jira#token.")
    return Secret(uri)


def _join(parts: Iterable[Value]) -> str | Text:
    out: list[str | Secret] = []
    for part in parts:
        for piece in part.parts if isinstance(part, Text) else (part,):
            if isinstance(piece, str) and out and isinstance(out[-1], str):
                out[-1] += piece
            elif piece != "":
                out.append(piece)
    if any(isinstance(piece, Secret) for piece in out):
        return Text(tuple(out))
    return "".join(piece for piece in out if isinstance(piece, str))


def look_up(tree: Value, key: str) -> Value:
    """The value under a dotted key: the whole key first, then step by step. ABSENT where there is none."""
    if not isinstance(tree, Mapping):
        return ABSENT
    if key in tree:
        return tree[key]
    head, dot, rest = key.partition(".")
    while dot:
        if head in tree and (found := look_up(tree[head], rest)) is not ABSENT:
            return found
        step, dot, rest = rest.partition(".")
        head = f"{head}.{step}"
    return ABSENT


def camel_head(key: str) -> str:
    """`feature_flags.new_schema` → `featureFlags.new_schema`: only the first step is ours."""
    head, dot, rest = key.partition(".")
    return camel(head) + dot + rest


def _dotted(tree: Mapping[str, Value], prefix: str = "") -> Iterable[str]:
    for key, value in tree.items():
        yield prefix + key
        if isinstance(value, Mapping):
            yield from _dotted(value, f"{prefix}{key}.")

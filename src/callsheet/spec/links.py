"""References as documents write them, to the symbols that stand for them in payloads."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from callsheet.model.diagnostics import nearest
from callsheet.model.value import External, Path, Ref, Value
from callsheet.spec.typed import Problem

_TARGET = re.compile(r"(?:[A-Z][A-Za-z]*/)?[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\[[^\[\]]+\])?")


@dataclass(slots=True)
class Linker:
    """Turns {ref: NAME} into Ref and {external: Kind/NAME} into External; `problems` fills as it goes."""

    external_kinds: Collection[str]
    problems: list[Problem] = field(default_factory=list)

    def link(self, value: Value, path: Path) -> Value:
        """The value with its links replaced; the very same object where there are none."""
        if isinstance(value, dict):
            if len(value) == 1 and not _is_container(path):
                if isinstance(target := value.get("ref"), str):
                    return self._ref(target, path)
                if isinstance(target := value.get("external"), str):
                    return self._external(target, path)
            # What an operation's schema says about `ref` is the schema's business.
            verbatim = "schema" if path[1:2] == ("operations",) else None
            out: dict[str, Value] | None = None
            for key, item in value.items():
                if not isinstance(item, dict | list) or key == verbatim:
                    continue
                new = self.link(item, (*path, key))
                if new is not item:
                    out = dict(value) if out is None else out
                    out[key] = new
            return value if out is None else out
        if isinstance(value, list):
            items = [self.link(item, (*path, index)) for index, item in enumerate(value)]
            return value if all(new is item for new, item in zip(items, value, strict=True)) else items
        return value

    def _ref(self, target: str, path: Path) -> Value:
        if not _TARGET.fullmatch(target):
            hint = "Write {ref: NAME} or {ref: Kind/NAME}, as in {ref: Tool/jira}."
            self.problems.append(Problem(path, "spec.reference", f"{target!r} is no reference", hint))
        return Ref(target)

    def _external(self, target: str, path: Path) -> Value:
        kind, _, name = target.partition("/")
        if not name or kind not in self.external_kinds:
            known = ", ".join(sorted(self.external_kinds)) or "none"
            hint = nearest(kind, self.external_kinds) or f"Known: {known}. One looks like Credential/NAME."
            summary = f"{target!r} is nothing that can be looked up"
            self.problems.append(Problem(path, "spec.external", summary, hint))
        return External(kind, name)


def _is_container(path: Path) -> bool:
    """Whether a mapping with free keys stands here, which may well have one called `ref`."""
    return path == ("spec", "native") or (path[1:2] != ("native",) and path[-1] in ("headers", "overrides"))

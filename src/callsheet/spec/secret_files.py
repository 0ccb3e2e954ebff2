"""Files that hold secrets: what `secrets://file/…` names in the project. They are no part of its source."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

from callsheet.spec.project import Project

_SCHEME = "secrets://file/"
_NAMED = re.compile(re.escape(_SCHEME) + r"(?!/)([^\s\"'#{}]*(?:\{(?:name|NAME)\}[^\s\"'#{}]*)?)")


def secret_files(project: Project) -> frozenset[str]:
    """Shapes of paths, as `fnmatch` has them, that documents or environments.yaml name so anywhere."""
    texts = {declaration.source.text for declaration in project.documents.values()}
    texts |= {declaration.source.body for declaration in project.documents.values()}
    texts.add(project.environments.source.text)
    found = (match for text in texts if _SCHEME in text for match in _NAMED.findall(text))
    return frozenset(re.sub(r"\{(?:name|NAME)\}", "*", path) for path in found if path)


def is_one(path: str, shapes: frozenset[str]) -> bool:
    return any(fnmatchcase(path, shape) for shape in shapes)

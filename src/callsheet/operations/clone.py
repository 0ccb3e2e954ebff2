"""`clone`: one resource of an environment, with everything it needs, joins the release of another.

What joins are files: of the document, of all that it refers to, and what those insert or upload. They are
rendered for the target: its parameters, secrets and external objects are looked up there. No id comes along.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from callsheet.model.address import Address
from callsheet.model.diagnostics import nearest
from callsheet.model.errors import CallsheetError, Refused
from callsheet.model.value import Value
from callsheet.operations.plan import Planned, plan
from callsheet.operations.promote import check_line, offered_by
from callsheet.operations.session import Session
from callsheet.operations.sources import Source
from callsheet.plan.inputs import Options
from callsheet.releases.keeping import Kept
from callsheet.releases.manifest import Manifest
from callsheet.releases.pin import pinned
from callsheet.spec.held_files import HeldFile, HeldFiles
from callsheet.spec.project import Project, load


def clone(session: Session, start: str, text: str, options: Options, *, dirty: bool = False) -> Planned:
    """Plan the session's environment with the resource of `start` in its release.

    CallsheetError where `start` has no such resource; Refused where the target runs no releases.
    """
    target = session.environment
    if not target.pinned or start == target.name:
        raise Refused(
            f"nothing is cloned to {target.name}: it "
            + ("is the same environment" if target.pinned else "follows the working tree, and has all of it"),
            detail="Nothing was written.",
            hint="name a pinned environment with --to, and another one with --from",
            code="refused.clone",
        )
    state = session.ledger.load()
    source = offered_by(session, start, dirty)
    check_line(session)
    address = _address(source.project, text, start)
    paths = _needed(source.project, source.manifest, address)
    pin = pinned(state)
    base = Kept.load(session.store, target.name, pin.blob, pin.digest) if pin else None
    manifest = (base.manifest if base else Manifest({})).overlaid(paths, source.manifest)

    def read(path: str) -> bytes:
        return source.read(path) if path in paths or base is None else base.read(path)

    files = {path: HeldFile(entry.size, partial(read, path)) for path, entry in manifest.files.items()}
    assert source.move is not None
    joined: Source = replace(
        source,
        project=load(session.root, files=HeldFiles(session.root, files)),
        manifest=manifest,
        read=read,
        move=replace(source.move, cloned=str(address)),
    )
    return plan(session, options, joined)


def _address(project: Project, text: str, start: str) -> Address:
    try:
        address = Address.parse(text).document
    except ValueError as cause:
        raise CallsheetError(str(cause), code="clone.address") from None
    if address not in project.documents:
        raise CallsheetError(
            f"{start} has no {address}",
            hint=nearest(str(address), [str(each) for each in project.documents]),
            code="clone.address",
        )
    return address


def _needed(project: Project, manifest: Manifest, address: Address) -> set[str]:
    """The paths of all files that the resource needs, and that those need."""
    by_name: dict[str, list[Address]] = {}
    for each in project.documents:
        by_name.setdefault(each.name, []).append(each)
    waiting, seen, paths = [address], set[Address](), set[str]()
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        declaration = project.documents[current]
        own = declaration.source.file.removeprefix(project.shown)
        paths.add(own)
        # A file with several documents comes along whole.
        waiting += [each for each in project.documents if _file(project, each) == own]
        for word in _words(declaration.value):
            if "/" in word and (named := _parsed(word)) in project.documents and named is not None:
                waiting.append(named)
            waiting += by_name.get(word, [])
            for path in _paths(word, manifest):
                paths.add(path)
                waiting += [each for each in project.documents if _file(project, each) == path]
    return paths


def _file(project: Project, address: Address) -> str:
    return project.documents[address].source.file.removeprefix(project.shown)


def _parsed(word: str) -> Address | None:
    try:
        return Address.parse(word).document
    except ValueError:
        return None


def _paths(word: str, manifest: Manifest) -> Iterator[str]:
    """The files that a word of a document may mean: a path, or the name of a prompt, all its versions."""
    text = word.removeprefix("${file:").removesuffix("}").removeprefix("./")
    for path in (text, f"{text}.md", f"prompts/{text}", f"prompts/{text}.md"):
        if path in manifest.files:
            yield path
    folder = f"prompts/{text.removeprefix('prompts/').removesuffix('.md')}/"
    yield from (path for path in manifest.files if path.startswith(folder) and text)


def _words(value: Value) -> Iterator[str]:
    """Every text in a document that is short enough to be a name or a path."""
    if isinstance(value, dict):
        for item in value.values():
            yield from _words(item)
    elif isinstance(value, list):
        for item in value:
            yield from _words(item)
    elif isinstance(value, str):
        yield from _inserted(value)
        if len(value) <= 400 and "\n" not in value:
            yield value


def _inserted(text: str) -> Iterator[str]:
    for piece in text.split("${file:")[1:]:
        yield piece.partition("}")[0]

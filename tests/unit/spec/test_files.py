"""Nothing outside the project is reached, and nothing that is no file is read."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from callsheet.model.errors import SpecError
from callsheet.spec import files
from callsheet.spec.files import FileProblem, Files
from callsheet.spec.project import load
from unit.spec.project import assistant, findings, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    inside = tmp_path / "project"
    write(inside, {"a/b.txt": "inside", ".hidden/x.txt": "hidden", ".env": "KEY=1"})
    (tmp_path / "outside.txt").write_text("outside")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/x.yaml").write_text(assistant("model: m"))
    return inside


def test_plain_paths_are_read(root: Path) -> None:
    for path in ("a/b.txt", "./a/b.txt", "a//b.txt", "a/./b.txt"):
        assert Files(root).read(path) == b"inside"
    assert Files(root).measure("a/b.txt") == (hashlib.sha256(b"inside").hexdigest(), 6)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("../outside.txt", "spec.path-outside"),
        ("a/../../outside.txt", "spec.path-outside"),
        ("a/../a/b.txt", "spec.path-outside"),
        ("/etc/hostname", "spec.path-outside"),
        ("~/x", "spec.path-outside"),
        ("C:/x", "spec.path-outside"),
        ("file:///etc/hostname", "spec.path-outside"),
        ("\\\\host\\share", "spec.path-outside"),
        ("a\\b.txt", "spec.path"),
        ("", "spec.path"),
        ("a/b\0.txt", "spec.path"),
        ("a/\ud800.txt", "spec.path"),
        (".env", "spec.path-hidden"),
        ("a/.x", "spec.path-hidden"),
        (".hidden/x.txt", "spec.path-hidden"),
        ("link.txt", "spec.path-outside"),
        ("folder/x.yaml", "spec.path-outside"),
        ("secret.txt", "spec.path-hidden"),
        ("loop", "spec.file-unreadable"),
        ("a", "spec.not-a-file"),
        ("pipe", "spec.not-a-file"),
        ("null", "spec.path-outside"),
        ("a/c.txt", "spec.file-missing"),
        ("a/b.txt/c", "spec.file-unreadable"),
        ("x" * 300, "spec.file-unreadable"),
    ],
)
def test_paths_that_are_refused(root: Path, path: str, code: str) -> None:
    (root / "link.txt").symlink_to("../outside.txt")
    (root / "folder").symlink_to("../elsewhere")
    (root / "secret.txt").symlink_to(".env")
    (root / "loop").symlink_to("loop")
    (root / "null").symlink_to("/dev/null")
    os.mkfifo(root / "pipe")
    with pytest.raises(FileProblem) as caught:
        Files(root).read(path)
    assert caught.value.code == code


def test_a_link_inside_is_followed(root: Path) -> None:
    (root / "same.txt").symlink_to("a/b.txt")
    assert Files(root).read("same.txt") == b"inside"


def test_a_root_that_is_a_link_is_a_root(root: Path) -> None:
    (root.parent / "alias").symlink_to(root)
    assert Files(root.parent / "alias").read("a/b.txt") == b"inside"


def test_a_neighbour_with_the_same_prefix_is_outside(root: Path) -> None:
    (root.parent / "project-secrets").write_text("x")
    (root / "link.txt").symlink_to("../project-secrets")
    with pytest.raises(FileProblem, match="leads outside"):
        Files(root).read("link.txt")


def test_size_is_bounded(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileProblem, match="6 bytes; at most 5"):
        Files(root).read("a/b.txt", 5)
    monkeypatch.setattr(files, "MAX_FILES", 1)
    assert [item.problem.code for item in Files(root).walk() if item.problem] == ["spec.too-many-files"]


def test_walking_meets_links_pipes_and_odd_names(root: Path) -> None:
    (root / "folder").symlink_to("../elsewhere")
    (root / "inner").symlink_to("a")
    (root / "out.yaml").symlink_to("../elsewhere/x.yaml")
    os.mkfifo(root / "pipe.yaml")
    Path(os.fsdecode(os.fsencode(root) + b"/odd\xff.yaml")).write_text("")
    codes = [(item.code, str(item.place)) for item in findings(root)]
    assert codes == [
        ("spec.path-outside", "folder"),
        ("spec.file-name", "odd\\udcff.yaml"),
        ("spec.path-outside", "out.yaml"),
        ("spec.not-a-file", "pipe.yaml"),
    ]


def test_an_unreadable_file_is_an_error(root: Path) -> None:
    (root / "x.yaml").symlink_to("gone.yaml")
    with pytest.raises(SpecError, match=r"there is no file x\.yaml"):
        load(root)


def test_what_is_no_document_is_left_alone(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a.yaml": assistant("model: m"),
            "assistants/b.md": "---\nmetadata: {name: b}\nspec: {model: m}\n---\nBody\n",
            "assistants/README.md": "For people",
            "notes.md": "# No document",
            "broken.md": "---\nnot: [closed\n---\n",
            "rule.md": "---\n",
            "other.md": "---\nkind: Assistant\nmetadata: {name: c}\n---\nBody",
            "binary.md": b"---\xff\0",
            "prompts/p.md": "x",
            "prompts/x.yaml": "not: a document",
            "schemas/x.yaml": "type: object",
            "transcripts/x.yaml": "turns: []",
            ".callsheet/x.yaml": "[",
            "docs/data.json": "{",
            "k.yaml": (
                "kind: KnowledgeBase\nmetadata: {name: k}\n"
                "spec: {documents: [kb/x.yaml, {path: ./kb/y.yml}]}\n"
            ),
            "kb/x.yaml": "kind: Pod",
            "kb/y.yml": "[",
        },
    )
    assert [str(address) for address in load(tmp_path).documents] == [
        "Assistant/a",
        "Assistant/b",
        "Assistant/c",
        "KnowledgeBase/k",
    ]

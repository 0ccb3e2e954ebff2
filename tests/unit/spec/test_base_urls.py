"""Addresses of providers, and where what environments say is shown to be."""

from __future__ import annotations

from pathlib import Path

import pytest

from callsheet.operations.validate import validate
from callsheet.spec.project import load
from unit.spec.project import write

BAD = (
    "ftp://x", "http://[", "sandbox", "sandbox:", "sandbox:../../x", "sandbox:Dev", "x", "http://x:0",
    "https://", "http://x:abc",
)  # fmt: skip


@pytest.mark.parametrize("url", BAD)
def test_a_bad_base_url_is_told_with_its_place(tmp_path: Path, url: str) -> None:
    text = f"environments:\n  dev:\n    provider:\n      baseUrl: '{url}'\n"
    [found] = validate(write(tmp_path, {"environments.yaml": text})).diagnostics
    assert (found.code, str(found.place)) == ("spec.base-url", "environments.yaml:4:16")


@pytest.mark.parametrize(
    "url", ["https://api.vapi.ai", "http://127.0.0.1:8642/", "http://[::1]:1", "sandbox:a-1"]
)
def test_a_good_base_url_is_good(tmp_path: Path, url: str) -> None:
    text = f"environments:\n  dev:\n    provider:\n      baseUrl: '{url}'\n"
    assert validate(write(tmp_path, {"environments.yaml": text})).diagnostics == ()


@pytest.mark.parametrize(
    ("text", "path", "place"),
    [
        ("state: {backend: s3}\nenvironments:\n  dev: {}\n", ("state", "backend"), "1:18"),
        ("environments:\n  dev:\n    state: {backend: s3}\n", ("state", "bucket"), "3:12"),
        ("defaults:\n  state: {backend: s3}\nenvironments:\n  dev: {}\n", ("state", "backend"), "2:20"),
        ("environments:\n  dev:\n    pinned: false\n", ("provider",), "3:5"),
    ],
)
def test_settings_are_shown_where_they_stand(
    tmp_path: Path, text: str, path: tuple[str, ...], place: str
) -> None:
    environment = load(write(tmp_path, {"environments.yaml": text})).environments.environments["dev"]
    assert str(environment.origin(path).place()) == f"environments.yaml:{place}"

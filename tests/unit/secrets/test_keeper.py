"""References resolve late, once, and say clearly when they do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from callsheet.model.errors import SecretError
from callsheet.model.value import Secret, Text
from callsheet.secrets.keeper import Keeper


def keeper(root: Path, **variables: str) -> Keeper:
    return Keeper(root, variables)


def test_values_come_from_the_environment_and_from_files(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-file\n")
    kept = keeper(tmp_path, T="from-env")
    assert kept.value(Secret("secrets://env/T")) == "from-env"
    assert kept.value(Secret("secrets://file/token")) == "from-file"
    assert kept.value(Secret(f"secrets://file/{tmp_path / 'token'}")) == "from-file"
    assert kept.value(Text(("Bearer ", Secret("secrets://env/T"), "!"))) == "Bearer from-env!"
    assert kept.value("plain") == "plain"


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("secrets://env/NOPE", "NOPE is not set"),
        ("secrets://env/EMPTY", "EMPTY is empty"),
        ("secrets://file/nope", "cannot be read"),
        ("secrets://file/empty", "is empty"),
        ("secrets://file/binary", "not UTF-8"),
        ("secrets://file/large", "larger than"),
        ("secrets://file/../other/token", "climbs"),
        ("secrets://vualt/x", "no resolver"),
        ("secrets://env/", "no reference"),
    ],
)
def test_what_does_not_resolve_says_why(tmp_path: Path, uri: str, words: str) -> None:
    (tmp_path / "empty").write_text(" \n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "large").write_bytes(b"x" * 70_000)
    with pytest.raises(SecretError) as caught:
        keeper(tmp_path, EMPTY="").value(Secret(uri))
    assert words in caught.value.diagnostics[0].summary
    assert uri in caught.value.diagnostics[0].summary


def test_a_reference_is_resolved_once(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("one")
    kept = keeper(tmp_path)
    kept.value(Secret("secrets://file/token"))
    (tmp_path / "token").write_text("two")
    assert kept.value(Secret("secrets://file/token")) == "one"


def test_digests_depend_on_value_and_key_and_are_none_out_of_reach(tmp_path: Path) -> None:
    kept = keeper(tmp_path, A="canary", B="other")
    first = kept.digest(Secret("secrets://env/A"), b"k")
    assert first == kept.digest(Text((Secret("secrets://env/A"),)), b"k")
    assert first != kept.digest(Secret("secrets://env/B"), b"k")
    assert first != kept.digest(Secret("secrets://env/A"), b"l")
    assert kept.digest(Secret("secrets://env/C"), b"k") is None


def test_a_check_tells_each_reference_once(tmp_path: Path) -> None:
    missing = Secret("secrets://env/NOPE")
    found = keeper(tmp_path, A="x").check([missing, Text(("a", missing)), Secret("secrets://env/A")])
    assert [each.code for each in found] == ["secret.missing"]


def test_nothing_shows_a_value(tmp_path: Path) -> None:
    kept = keeper(tmp_path, A="canary")
    kept.value(Secret("secrets://env/A"))
    assert "canary" not in repr(kept)
    assert kept.known_values() == {"canary"}

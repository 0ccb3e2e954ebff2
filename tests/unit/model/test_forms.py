"""Values in disguise, and addresses without what opens them."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from callsheet.model.forms import bare, encoded, plain_address, quoted

AWKWARD = 's3cret "of\\the" ünïcode\n/&'


def test_a_token_looks_the_same_wherever_it_is_quoted() -> None:
    assert quoted("s3cret-of_the.token") == {"s3cret-of_the.token"}


@pytest.mark.parametrize("make", [json.dumps, repr, quote, lambda text: quote(text, safe="")])
def test_what_quotes_an_awkward_one_is_known(make: object) -> None:
    assert callable(make)
    assert any(form in make(AWKWARD) for form in quoted(AWKWARD) - {AWKWARD})


@pytest.mark.parametrize("before", ["", "a", "ab", "Bearer "])
@pytest.mark.parametrize("after", ["", ":", "and so on"])
def test_base64_is_known_wherever_the_value_stands_in_it(before: str, after: str) -> None:
    text = base64.b64encode(f"{before}{AWKWARD}{after}".encode()).decode()
    assert any(form in text for form in encoded(AWKWARD))
    assert encoded("short") == set()


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("https://me:pw@x.example/a?b=c", "https://x.example/a?…"),
        ("https://x.example/a", "https://x.example/a"),
        ("https://me:pw@[", "the document's URL"),
    ],
)
def test_an_address_for_people(text: str, left: str) -> None:
    assert plain_address(text) == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("at 'https://me:p/w@x.example/a': no", "at 'https://x.example/a': no"),
        ("https://token@x.example", "https://x.example"),
        ("postgres://u:p@ss@db/x and me@x.example", "postgres://db/x and me@x.example"),
        ("see https://x.example/a", "see https://x.example/a"),
    ],
)
def test_users_and_passwords_in_addresses_go(text: str, left: str) -> None:
    assert bare(text) == left

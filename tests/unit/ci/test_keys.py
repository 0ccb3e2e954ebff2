"""Keys: of one app and no other, and always fit for a mark."""

from __future__ import annotations

import pytest

from callsheet.ci.base import checked_key
from callsheet.ci.keys import of_drift, part

APPS = [
    "acme",
    "Acme",
    "a.b_c-d",
    "a b",
    "a-b",
    "a/b",
    "a--b",
    "-a",
    "日本語",
    "日本",
    "x" * 30,
    "x" * 31,
    "x" * 63,
]
APPS += ["@admin -->", "a\nb", "\ud800"]


@pytest.mark.parametrize("app", APPS)
def test_every_app_fits_a_mark_with_the_longest_environment(app: str) -> None:
    key = of_drift(app, "e" * 63)
    assert checked_key(key) == key
    assert part(app).count("/") == 0


def test_no_two_apps_have_the_same() -> None:
    assert len({part(app) for app in APPS}) == len(APPS)


def test_a_plain_name_stays_as_it_is() -> None:
    assert of_drift("acme", "prod") == "drift/acme/prod"
    assert part("a b").startswith("a-b.")

from __future__ import annotations

import pytest

from callsheet.providers.redaction import Redactor, telling, visible


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("value", "short: value"),
        ("s3cret-value", "got s3cret-value!"),
        ('quo"ted\\value', 'in JSON: quo\\"ted\\\\value'),
        ("ünïcode-value", "escaped: \\u00fcn\\u00efcode-value"),
        ("Bearer t0ken-value", "alone: t0ken-value"),
        ("  padded-value\n", "stripped: padded-value"),
        ("a-long-secret-that-goes-on", "cut: a-long-se"),
        ("first-first-first", "twice: first-first-first first-first-first"),
    ],
)
def test_a_secret_is_taken_out_in_every_form(secret: str, text: str) -> None:
    redactor = Redactor()
    redactor.hide([secret])
    clean = redactor.scrub(text)
    assert "[redacted]" in clean
    for part in ("value", "a-long", "first"):
        assert part not in clean


def test_what_is_common_stays() -> None:
    redactor = Redactor()
    redactor.hide(["https://hooks.example/services/T0/B0/abcdef", "abc", ""])
    assert redactor.scrub("see https://docs.example and abc") == "see https://docs.example and abc"


def test_a_redactor_shows_nothing_of_what_it_knows() -> None:
    redactor = Redactor()
    redactor.hide(["s3cret-value"])
    assert "s3cret" not in repr(redactor)


def test_keys_that_tell() -> None:
    body = {
        "name": "n",
        "server": {"secret": "a", "headers": {"X": "b"}},
        "twilioAuthToken": "c",
        "list": [{"password": "d"}, {"apiKey": ["e", "f"]}],
        "tokens": {"inner": "g"},
    }
    assert sorted(telling(body)) == ["a", "c", "d", "e", "f"]


def test_control_and_format_characters_become_visible() -> None:
    text = "a\x1b[2Jb\r\n\t\x00\u202e\u200b\ufeff\u2028\ud800é😀"
    shown = visible(text)
    assert shown == r"a\x1b[2Jb\r\n\t\x00\u202e\u200b\ufeff\u2028\ud800é😀"


def test_secrets_that_become_known_later_are_taken_out_too() -> None:
    known: list[str] = []
    redactor = Redactor(lambda: known)
    known.append("s3cret-value")
    assert redactor.scrub("s3cret-value") == "[redacted]"

from __future__ import annotations

import pytest

from callsheet.model.errors import ProviderError
from callsheet.providers.settings import bearer, endpoint, header


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("https://api.vapi.ai", False),
        ("https://api.vapi.ai/", False),
        ("https://gateway.acme.example/vapi/v1", False),
        ("http://127.0.0.1:8080", True),
        ("http://[::1]:8080", True),
        ("http://localhost:8080", True),
        ("http://vapi.localhost", True),
        ("http://sandbox:8080", False),
        ("http://10.1.2.3:8080", False),
        ("http://vapi.cluster.internal", False),
    ],
)
def test_addresses_that_can_be_used(url: str, loopback: bool) -> None:
    made = endpoint("Vapi", url)
    assert made.url == url.rstrip("/")
    assert made.loopback is loopback


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "is no http"),
        ("api.vapi.ai", "is no http"),
        ("ftp://api.vapi.ai", "is no http"),
        ("sandbox:dev", "is no http"),
        ("https://", "is no http"),
        ("https://api.vapi.ai:0", "is no http"),
        ("https://api.vapi.ai:99999", "is no URL"),
        ("https://[::1", "is no URL"),
        ("https://user:hunter2@api.vapi.ai", "has a user name or password"),
        ("https://api.vapi.ai?key=1", "has more than a host"),
        ("https://api.vapi.ai/#x", "has more than a host"),
        ("https://api.vapi.ai/a b", "has more than a host"),
        ("https://vapí.ai", "not ASCII"),
        ("http://api.vapi.ai", "in clear"),
        ("http://8.8.8.8", "in clear"),
    ],
)
def test_addresses_that_cannot_be_used_say_why(url: str, why: str) -> None:
    with pytest.raises(ProviderError, match=why) as raised:
        endpoint("Vapi", url)
    (finding,) = raised.value.diagnostics
    assert finding.hint
    assert "hunter2" not in str(finding.to_json())


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("", "no API key"),
        ("key\n", "line break"),
        (" k-e-y", "white space"),
        ("key\r\nX-Evil: 1", "line break"),
        ("k\u00e9y", "not ASCII"),
        ("k ey", "blanks"),
        ("k\x00ey", "control"),
        ("Bearer abc", "added by itself"),
    ],
)
def test_a_key_that_cannot_be_a_header_is_one_error_that_does_not_show_it(key: str, why: str) -> None:
    with pytest.raises(ProviderError, match=why) as raised:
        bearer("Vapi", key)
    assert not key or key not in str(raised.value.diagnostics)


def test_a_key_becomes_a_bearer() -> None:
    assert bearer("Vapi", "abc-1") == "Bearer abc-1"


@pytest.mark.parametrize("value", ["", "a\nb", "é"])
def test_other_headers_are_checked_too(value: str) -> None:
    with pytest.raises(ProviderError, match="Idempotency-Key"):
        header("Vapi", "Idempotency-Key", value)

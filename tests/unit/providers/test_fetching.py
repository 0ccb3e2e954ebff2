from __future__ import annotations

import pytest

from callsheet.model.errors import CallsheetError
from callsheet.providers import fetching
from unit.providers.hostile import answer, drop, hostile


def test_the_bytes_behind_a_url() -> None:
    with hostile(answer(302, b"", "location: /b"), answer(200, b"# A\n\xff", kind="text/markdown")) as server:
        assert fetching.fetch(server.url + "/a") == b"# A\n\xff"
        assert server.requests() == ["GET /a HTTP/1.1", "GET /b HTTP/1.1"]
        assert all(b"authorization" not in request.lower() for request in server.seen)


@pytest.mark.parametrize("step", [answer(404), answer(500), drop, answer(200, b"abc")[:-1]])
def test_anything_but_a_whole_200_is_one_error(step: object) -> None:
    with hostile(step) as server, pytest.raises(CallsheetError, match="cannot be read") as raised:
        fetching.fetch(f"{server.url}/a.md?signature=s3cret")
    assert "s3cret" not in str(raised.value.diagnostics)


def test_a_document_that_is_too_large_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "MAX_BYTES", 1024)
    with (
        hostile(answer(200, b"x" * 5000)) as server,
        pytest.raises(CallsheetError, match="larger than 1 KiB"),
    ):
        fetching.fetch(server.url)


@pytest.mark.parametrize(
    "url", ["ftp://x.example/a", "http://", "http://[::1", "nonsense", "http://\x00/", ""]
)
def test_what_is_no_url_is_one_error(url: str) -> None:
    with pytest.raises(CallsheetError, match="cannot be read"):
        fetching.fetch(url)

"""Reading a document that is declared by URL: one bounded GET, no credentials."""

from __future__ import annotations

import httpx

from callsheet.model.errors import CallsheetError

MAX_BYTES = 50 * 2**20
_SECONDS = 30.0
_REDIRECTS = 5


def fetch(url: str) -> bytes:
    """The bytes behind an http(s) URL. CallsheetError for anything but a whole 200 within the bounds."""
    try:
        with (
            httpx.Client(timeout=_SECONDS, follow_redirects=True, max_redirects=_REDIRECTS) as client,
            client.stream("GET", url) as answer,
        ):
            if answer.status_code != httpx.codes.OK:
                raise _failed(url, f"it answered {answer.status_code}")
            parts, size = [], 0
            for part in answer.iter_bytes():
                size += len(part)
                if size > MAX_BYTES:
                    raise _failed(url, f"it is larger than {MAX_BYTES // 2**20} MiB")
                parts.append(part)
            return b"".join(parts)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as cause:
        raise _failed(url, str(cause) or type(cause).__name__) from None


def _failed(url: str, why: str) -> CallsheetError:
    return CallsheetError(
        f"{url} cannot be read: {why}",
        detail="The document is declared by URL, and its bytes belong to the plan.",
        hint="check the URL, or keep the file in the project and declare it by path",
        code="fetch.failed",
    )

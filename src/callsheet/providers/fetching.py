"""Reading a document that is declared by URL: one bounded GET, no credentials."""

from __future__ import annotations

from callsheet.model.errors import CallsheetError
from callsheet.model.forms import plain_address
from callsheet.providers.redaction import visible

MAX_BYTES = 50 * 2**20


def fetch(url: str) -> bytes:
    """The bytes behind an http(s) URL. CallsheetError for anything but a whole 200 within the bounds."""
    from callsheet.providers.transport import download

    found = download(url, limit=MAX_BYTES)
    if isinstance(found, bytes):
        return found
    raise CallsheetError(
        f"{visible(plain_address(url))} cannot be read: {visible(found.why)}",
        detail="The document is declared by URL, and its bytes belong to the plan.",
        hint="check the URL, or keep the file in the project and declare it by path",
        code="fetch.failed",
    )

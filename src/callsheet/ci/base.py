"""What every code host offers. Another one is a class of this shape and a line in `publishers.py`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from callsheet.model.errors import CallsheetError

# A key stands in an HTML comment, in the name of a status and in a store's names.
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,99}")


class Clock(Protocol):
    """`monotonic` and `sleep` are in seconds; `now` is aware, in UTC."""

    def monotonic(self) -> float: ...

    def now(self) -> datetime: ...

    def sleep(self, seconds: float) -> None: ...


class HostError(CallsheetError):
    """A code host or a webhook could not be asked, or did not do as it should. Never holds a token."""

    code = "ci"


class NotAllowed(HostError):
    """The job may not read or write there: a fork's pull request, a token that may only read, or none."""

    code = "ci.not-allowed"


class Lost(HostError):
    """Something was to be made, and nobody knows whether it was: look before it is made again."""

    code = "ci.lost"


class Standing(StrEnum):
    """Of a commit. What waits for people is `pending`, and reddens nothing."""

    SUCCESS = "success"
    PENDING = "pending"
    FAILURE = "failure"


class Deed(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    CLOSED = "closed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of one comment or issue; `folded` older ones of the same key were folded away."""

    deed: Deed
    url: str = ""
    folded: int = 0

    def to_json(self) -> dict[str, Any]:
        return {"done": str(self.deed), "url": self.url or None, "folded": self.folded}


class Publisher(Protocol):
    """One pull request's place at a code host. Every method may raise NotAllowed and HostError."""

    @property
    def limit(self) -> int:
        """The most characters that `comment` takes."""
        ...

    def comment(self, key: str, body: str, says: str | None = None) -> Posted:
        """Make the one comment of this key say the Markdown `body`. Nothing is written where it does.

        `says` is the body without what differs between two that say the same; None where nothing does.
        """
        ...

    def status(self, key: str, standing: Standing, description: str) -> Standing:
        """Set the status `callsheet/KEY` of the commit; the same once more."""
        ...

    def issue(self, key: str, title: str, body: str | None, former: str = "") -> Posted:
        """Make the one open issue of this key say the body; None closes it where it is open.

        An issue of the key `former` is the same one where it has this title.
        """
        ...

    def open_issues(self) -> list[tuple[str, str]]:
        """The keys and titles of our open issues."""
        ...

    def close(self) -> None: ...


def checked_key(key: str) -> str:
    """The key as it is. CallsheetError for one that could end the mark that it stands in."""
    if not _KEY.fullmatch(key) or "--" in key:
        raise CallsheetError(
            f"{key!r} cannot be a key",
            detail="It finds the comment again, in the comment's first line.",
            hint="write letters, digits and . _ / + -, up to 100, without two dashes in a row, after --key",
            code="ci.key",
        )
    return key

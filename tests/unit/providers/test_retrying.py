from __future__ import annotations

from datetime import UTC, datetime

import pytest

from callsheet.providers.retrying import Verdict, on_lost_answer, on_status, retry_after

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
AGAIN, MAYBE, FINAL = Verdict.AGAIN, Verdict.MAYBE_DONE, Verdict.FINAL


@pytest.mark.parametrize(
    ("status", "headers", "get", "delete", "patch", "post"),
    [
        (429, {}, AGAIN, AGAIN, AGAIN, AGAIN),
        (503, {"retry-after": "1"}, AGAIN, AGAIN, AGAIN, MAYBE),
        (503, {}, AGAIN, AGAIN, MAYBE, MAYBE),
        (500, {}, AGAIN, AGAIN, MAYBE, MAYBE),
        (502, {}, AGAIN, AGAIN, MAYBE, MAYBE),
        (504, {"retry-after": "1"}, AGAIN, AGAIN, MAYBE, MAYBE),
        (522, {}, AGAIN, AGAIN, MAYBE, MAYBE),
        (408, {}, AGAIN, AGAIN, MAYBE, MAYBE),
        (400, {}, FINAL, FINAL, FINAL, FINAL),
        (404, {}, FINAL, FINAL, FINAL, FINAL),
        (409, {"retry-after": "1"}, FINAL, FINAL, FINAL, FINAL),
        (501, {}, FINAL, FINAL, FINAL, FINAL),
        (301, {}, FINAL, FINAL, FINAL, FINAL),
    ],
)
def test_the_table(
    status: int, headers: dict[str, str], get: Verdict, delete: Verdict, patch: Verdict, post: Verdict
) -> None:
    found = [on_status(method, status, headers) for method in ("GET", "DELETE", "PATCH", "POST")]
    assert found == [get, delete, patch, post]


def test_a_lost_answer() -> None:
    found = [on_lost_answer(method) for method in ("GET", "DELETE", "PATCH", "POST")]
    assert found == [AGAIN, AGAIN, MAYBE, MAYBE]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("2.5", 2.5),
        (" 3 ", 3.0),
        ("-5", 0.0),
        ("Fri, 20 Nov 2026 12:01:00 GMT", 60.0),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0.0),
        ("Friday, 20-Nov-26 12:01:00 GMT", 60.0),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("Fri, 99 Nov 2026", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after({"retry-after": value}, NOW) == seconds

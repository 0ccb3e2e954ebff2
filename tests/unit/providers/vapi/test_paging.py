"""Lists by every variant, against servers that keep to the documentation and servers that do not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from callsheet.model.errors import ProviderError
from callsheet.providers.vapi.paging import objects, pages
from callsheet.providers.vapi.routes import CAP, Paging


class Server:
    """Holds objects with the given times of creation and counts what it is asked."""

    def __init__(self, times: list[str], *, cap: int = CAP) -> None:
        self.items = [{"id": f"i{number}", "createdAt": time} for number, time in enumerate(times)]
        self.cap = cap
        self.asked: list[Mapping[str, str]] = []

    def cursor(self, query: Mapping[str, str]) -> Any:
        self.asked.append(query)
        found = sorted(self.items, key=lambda item: item["createdAt"], reverse=True)
        tests = {
            "createdAtLe": lambda time, bound: time <= bound,
            "createdAtLt": lambda time, bound: time < bound,
            "createdAtGe": lambda time, bound: time >= bound,
        }
        for name, test in tests.items():
            if name in query:
                found = [item for item in found if test(item["createdAt"], query[name])]
        return found[: min(int(query["limit"]), self.cap)]

    def numbered(self, query: Mapping[str, str]) -> Any:
        self.asked.append(query)
        size = min(int(query["limit"]), self.cap)
        start = (int(query["page"]) - 1) * size
        return self.items[start : start + size]

    def enveloped(self, query: Mapping[str, str]) -> Any:
        page = self.numbered(query)
        size = min(int(query["limit"]), self.cap)
        metadata = {"itemsPerPage": size, "totalItems": len(self.items), "currentPage": int(query["page"])}
        return {"results": page, "metadata": metadata}


def times(count: int, *, per_instant: int = 1) -> list[str]:
    return [f"2026-01-01T00:00:{number // per_instant:05d}Z" for number in range(count)]


def ids(paging: Paging, ask: Any, *, limited: bool = True) -> list[str]:
    return [item["id"] for item in pages(paging, "/x", ask, {}, limited=limited)]


@pytest.mark.parametrize("per_instant", [1, 3, 99])
@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 200, 250, 1000])
def test_a_cursor_finds_every_object_once(count: int, per_instant: int) -> None:
    server = Server(times(count, per_instant=per_instant))
    found = ids(Paging.CURSOR, server.cursor)
    assert len(found) == len(set(found)) == count


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (99, 1), (100, 2), (101, 2), (199, 3), (250, 3)])
def test_a_cursor_needs_one_request_per_page_and_one_for_a_full_last_one(count: int, requests: int) -> None:
    server = Server(times(count))
    ids(Paging.CURSOR, server.cursor)
    # The cursor is inclusive: each further page repeats the last object of the one before.
    assert len(server.asked) == requests


def test_a_crowd_in_one_instant_is_read_where_the_server_gives_it_all() -> None:
    server = Server([*times(50), *["2026-02-01T00:00:00Z"] * 150, *["2026-03-01T00:00:00Z"] * 20], cap=1000)
    original = server.cursor

    def ask(query: Mapping[str, str]) -> Any:
        server.cap = 1000 if query["limit"] == "1000" else 100
        return original(query)

    assert len(set(ids(Paging.CURSOR, ask))) == 220


def test_a_crowd_that_is_cut_fails_and_never_passes_for_a_whole_list() -> None:
    server = Server(["2026-02-01T00:00:00Z"] * 150)
    with pytest.raises(ProviderError, match="cannot be read whole"):
        ids(Paging.CURSOR, server.cursor)


def test_a_server_that_ignores_the_cursor_fails_and_never_passes_for_a_whole_list() -> None:
    server = Server(times(150))
    with pytest.raises(ProviderError, match="cannot be read whole"):
        ids(Paging.CURSOR, lambda query: server.cursor({"limit": query["limit"]}))


def test_what_is_created_meanwhile_does_not_hide_anything() -> None:
    server = Server(times(150))

    def ask(query: Mapping[str, str]) -> Any:
        page = server.cursor(query)
        server.items.append({"id": f"new{len(server.asked)}", "createdAt": "2026-09-01T00:00:00Z"})
        return page

    found = ids(Paging.CURSOR, ask)
    assert {f"i{number}" for number in range(150)} <= set(found)
    assert len(found) == len(set(found))


@pytest.mark.parametrize("paging", [Paging.PAGES, Paging.EITHER])
@pytest.mark.parametrize("cap", [30, 100])
@pytest.mark.parametrize(("count", "requests"), [(0, 1), (1, 1), (100, 1), (101, 2), (250, 3)])
def test_an_envelope_says_how_much_there_is(paging: Paging, cap: int, count: int, requests: int) -> None:
    server = Server(times(count), cap=cap)
    found = ids(paging, server.enveloped)
    assert len(found) == len(set(found)) == count
    if cap == 100:
        assert len(server.asked) == requests


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (99, 1), (100, 2), (250, 3)])
def test_a_bare_array_with_pages(count: int, requests: int) -> None:
    server = Server(times(count))
    if count == 100:
        # The second page is empty, which is how a bare array ends.
        with_end = ids(Paging.EITHER, server.numbered)
        assert len(with_end) == 100
    else:
        assert len(ids(Paging.EITHER, server.numbered)) == count
    assert len(server.asked) == requests


def test_has_next_page_decides_where_it_is_given() -> None:
    answers = iter(
        [
            {"results": [{"id": "a"}], "metadata": {"hasNextPage": True}},
            {"results": [{"id": "b"}], "metadata": {"hasNextPage": False, "totalItems": 99}},
        ]
    )
    assert ids(Paging.PAGES, lambda query: next(answers)) == ["a", "b"]


def test_pages_that_bring_nothing_new_fail() -> None:
    answer = {"results": [{"id": "a"}], "metadata": {"totalItems": 5, "itemsPerPage": 1}}
    with pytest.raises(ProviderError, match="brings nothing new"):
        ids(Paging.PAGES, lambda query: answer)


def test_a_list_without_pages() -> None:
    server = Server(times(250), cap=1000)
    assert len(ids(Paging.NONE, server.cursor)) == 250
    assert server.asked == [{"limit": "1000"}]
    full = Server(times(1000), cap=1000)
    with pytest.raises(ProviderError, match="cannot be read whole"):
        ids(Paging.NONE, full.cursor)


def test_a_list_that_takes_no_limit_is_asked_for_none() -> None:
    asked: list[Mapping[str, str]] = []
    assert ids(Paging.NONE, lambda query: asked.append(query) or [{"id": "a"}], limited=False) == ["a"]
    assert asked == [{}]


def test_a_list_without_pages_that_says_there_is_more_fails() -> None:
    answer = {"results": [{"id": "a"}], "metadata": {"hasNextPage": True}}
    with pytest.raises(ProviderError, match="there is more"):
        ids(Paging.NONE, lambda query: answer, limited=False)


@pytest.mark.parametrize(
    "answer",
    [{}, {"results": {}}, {"results": None}, [1], [{}], [{"id": ""}], [{"id": 7}], {"results": [{"x": 1}]}],
)
def test_a_list_that_makes_no_sense_is_one_error(answer: Any) -> None:
    with pytest.raises(ProviderError, match="GET /x with"):
        objects("/x", answer)


def test_an_object_without_a_time_cannot_be_paged_past() -> None:
    page = [{"id": f"i{number}"} for number in range(CAP)]
    with pytest.raises(ProviderError, match="without createdAt"):
        ids(Paging.CURSOR, lambda query: page)

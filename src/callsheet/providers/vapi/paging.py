"""All pages of a list, each object once.

A list that is cut short must never pass for a whole one: what is missing from it would be planned as
missing from the organisation. So where the end cannot be told from a cut, the listing fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from callsheet.model.errors import ProviderError
from callsheet.providers.vapi.routes import CAP, Paging

# Asks for one page with the given query; the decoded body.
Ask = Callable[[Mapping[str, str]], Any]
Object = dict[str, Any]

# The most that `limit` may say (OpenAPI document of 2026-08-19); servers give less (see routes.CAP).
_MOST = 1000


def pages(
    paging: Paging, path: str, ask: Ask, query: Mapping[str, str], *, limited: bool
) -> Iterator[Object]:
    """Every object of the list, in the order of the answers."""
    if paging is Paging.CURSOR:
        return _cursor(path, ask, query)
    if paging is Paging.NONE:
        return _whole(path, ask, query, limited=limited)
    return _numbered(path, ask, query)


def _cursor(path: str, ask: Ask, query: Mapping[str, str]) -> Iterator[Object]:
    """Newest first; the next page begins at the instant at which the last one of this page was created."""
    seen: set[str] = set()
    cursor: dict[str, str] = {}
    while True:
        page = objects(path, ask({**query, "limit": str(CAP), **cursor}))
        fresh = _fresh(page, seen)
        yield from fresh
        if len(page) < CAP:
            return
        before = cursor.get("createdAtLe")
        oldest = min(created(path, item) for item in page)
        if before is not None and not fresh and oldest == before:
            yield from _crowd(path, ask, query, before, seen)
            # What is older than the crowd is found by leaving its instant out.
            cursor = {"createdAtLt": before}
        else:
            cursor = {"createdAtLe": oldest}


def _crowd(path: str, ask: Ask, query: Mapping[str, str], instant: str, seen: set[str]) -> Iterator[Object]:
    """A page full of objects created in one instant: the cursor cannot pass between them."""
    within = {"createdAtGe": instant, "createdAtLe": instant, "limit": str(_MOST)}
    page = objects(path, ask({**query, **within}))
    if len(page) in (CAP, _MOST):
        raise ProviderError(
            f"Vapi's list {path} cannot be read whole: {len(page)} or more objects were created at {instant}",
            detail="Pages are told apart by time of creation, and these have the same.",
            hint="delete or re-create some of them",
            code="provider.list-cut",
        )
    yield from _fresh(page, seen)


def _numbered(path: str, ask: Ask, query: Mapping[str, str]) -> Iterator[Object]:
    """Pages by number; an envelope says how many there are, a bare array only by being short."""
    seen: set[str] = set()
    number = 1
    while True:
        # Oldest first: what is created meanwhile comes at the end and shifts nothing.
        asked = {**query, "limit": str(CAP), "page": str(number), "sortOrder": "ASC"}
        answer = ask(asked)
        page = objects(path, answer)
        fresh = _fresh(page, seen)
        yield from fresh
        if not _more(answer, page, number, len(seen)):
            return
        if not fresh:
            raise ProviderError(
                f"Vapi's list {path} says that there is more, and page {number} brings nothing new",
                detail="Going on would take a part of the list for the whole.",
                hint="try again; if it stays, report it to Vapi",
                code="provider.list-cut",
            )
        number += 1


def _more(answer: Any, page: list[Object], number: int, seen: int) -> bool:
    metadata = answer.get("metadata") if isinstance(answer, Mapping) else None
    if not isinstance(metadata, Mapping):
        return len(page) >= CAP
    if isinstance(metadata.get("hasNextPage"), bool):
        return bool(metadata["hasNextPage"]) and bool(page)
    total, size = metadata.get("totalItems"), metadata.get("itemsPerPage")
    if isinstance(total, int | float) and isinstance(size, int | float) and size > 0:
        return number * size < total
    if isinstance(total, int | float):
        return seen < total
    return len(page) >= CAP


def _whole(path: str, ask: Ask, query: Mapping[str, str], *, limited: bool) -> Iterator[Object]:
    """A list without pages. One that is cut at the cap cannot be told from one that ends there."""
    answer = ask({**query, "limit": str(_MOST)} if limited else query)
    page = objects(path, answer)
    yield from _fresh(page, set())
    enveloped = isinstance(answer, Mapping) and _more(answer, page, 1, len(page))
    if enveloped or (limited and len(page) >= _MOST):
        raise ProviderError(
            f"Vapi's list {path} cannot be read whole: there is more than its {len(page)} objects",
            detail="Its documentation knows no further pages.",
            code="provider.list-cut",
        )


def _fresh(page: list[Object], seen: set[str]) -> list[Object]:
    """The objects of a page that were on none before; `seen` learns them."""
    fresh = []
    for item in page:
        if item["id"] not in seen:
            seen.add(item["id"])
            fresh.append(item)
    return fresh


def objects(path: str, answer: Any) -> list[Object]:
    """The objects of an answer, bare or in an envelope; ProviderError where there are none to be found."""
    items = answer.get("results") if isinstance(answer, Mapping) else answer
    if not isinstance(items, list):
        raise _strange(path, "no list in it")
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("id"), str) or not item["id"]:
            raise _strange(path, "an entry without an id")
    return items


def created(path: str, item: Object) -> str:
    """When an object was created, as Vapi writes it: such times sort as texts."""
    when = item.get("createdAt")
    if not isinstance(when, str) or not when:
        raise _strange(path, "an entry without createdAt, so that no further page can be asked for")
    return when


def _strange(path: str, what: str) -> ProviderError:
    return ProviderError(
        f"Vapi answered GET {path} with {what}",
        hint="check `provider.baseUrl`: something else may be listening there",
        code="provider.unreadable",
    )

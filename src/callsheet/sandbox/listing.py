"""Pages: the query parameters of GET on a collection, and its two forms of answer."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import orjson
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from callsheet.sandbox.call import Call, answer
from callsheet.sandbox.clock import milliseconds
from callsheet.sandbox.problems import Problem
from callsheet.sandbox.resource import Listing, Resource
from callsheet.sandbox.session import Row, Selection

DEFAULT_LIMIT, MAX_LIMIT = 100, 1000
_FOREVER = 2**62
TIMES = tuple(
    f"{column}At{suffix}" for column in ("created", "updated") for suffix in ("Gt", "Lt", "Ge", "Le")
)
_SORTS = ("createdAt", "duration", "cost")


@dataclass(frozen=True, slots=True)
class Page:
    """One page as asked for. `page` is None where a bare array is wanted."""

    selection: Selection
    limit: int = DEFAULT_LIMIT
    page: int | None = None
    search: str | None = None


def parse(resource: Resource, arguments: MultiDict[str, str]) -> Page:
    """Read the query. Problem 400 with everything that is wrong with it."""
    known = _known(resource)
    errors = [
        f"property {key} should not exist" for key in arguments if known is not None and key not in known
    ]
    limit = _number(arguments, "limit", 0, MAX_LIMIT, DEFAULT_LIMIT, errors)
    page = _number(arguments, "page", 1, None, 1, errors)
    created, updated = (_range(column, arguments, errors) for column in ("created", "updated"))
    if arguments.get("sortOrder", "DESC") not in ("ASC", "DESC"):
        errors.append("sortOrder must be one of the following values: ASC, DESC")
    if arguments.get("sortBy", "createdAt") not in _SORTS:
        errors.append(f"sortBy must be one of the following values: {', '.join(_SORTS)}")
    if errors:
        raise Problem(400, errors)
    enveloped = resource.listing is Listing.PAGED or (
        resource.listing is Listing.EITHER and "page" in arguments
    )
    return Page(
        Selection(
            resource.kind,
            ids=_ids(arguments, resource),
            name=arguments.get("name") if "name" in resource.filters else None,
            created=created,
            updated=updated,
            ascending=arguments.get("sortOrder") == "ASC",
        ),
        limit if resource.listing is not Listing.WHOLE else MAX_LIMIT,
        page if enveloped else None,
        arguments.get("search"),
    )


def _known(resource: Resource) -> frozenset[str] | None:
    match resource.listing:
        case Listing.WHOLE:
            return None
        case Listing.SHORT:
            return frozenset({"limit"})
        case Listing.ARRAY:
            return frozenset({"limit", *TIMES, *resource.filters})
        case _:
            return frozenset({"limit", "page", "sortOrder", "sortBy", *TIMES, *resource.filters})


def _range(column: str, arguments: MultiDict[str, str], errors: list[str]) -> tuple[int, int]:
    """The four filters of a time as first and last millisecond."""
    given: dict[str, int] = {}
    for suffix in ("Gt", "Ge", "Lt", "Le"):
        key = f"{column}At{suffix}"
        if key in arguments:
            try:
                given[suffix] = milliseconds(arguments[key])
            except ValueError:
                errors.append(f"{key} must be a valid ISO 8601 date string")
    return (
        max(given.get("Gt", -1) + 1, given.get("Ge", 0)),
        min(given.get("Lt", _FOREVER) - 1, given.get("Le", _FOREVER)),
    )


def _number(
    arguments: MultiDict[str, str], key: str, least: int, most: int | None, default: int, errors: list[str]
) -> int:
    if key not in arguments:
        return default
    try:
        # Clients write 2 as 2.0 where the document says number.
        value = float(arguments[key])
        number = int(value)
        if number != value:
            raise ValueError
    except (ValueError, OverflowError):
        errors.append(f"{key} must be an integer number")
        return default
    if number < least:
        errors.append(f"{key} must not be less than {least}")
    if most is not None and number > most:
        errors.append(f"{key} must not be greater than {most}")
    return min(number, 2**40)


def _ids(arguments: MultiDict[str, str], resource: Resource) -> tuple[str, ...] | None:
    found: list[str] = []
    for key in ("id", "idAny"):
        if key in resource.filters and key in arguments:
            for text in arguments.getlist(key):
                found += [part.strip() for part in text.split(",") if part.strip()]
            # SQLite takes a bounded number of parameters; nobody can tell more than a page apart anyway.
            return tuple(found[:MAX_LIMIT])
    return None


def list_page(call: Call, resource: Resource, *, parent: str | None = None) -> Response:
    """Answer GET on a collection."""
    page = parse(resource, call.request.args)
    selection = replace(page.selection, parent=parent)
    limit = page.limit if call.list_cap is None else min(page.limit, call.list_cap)
    offset = 0 if page.page is None else (page.page - 1) * limit
    with call.store.reading() as session:
        if page.search:
            found = [row.body for row in session.rows(call.org, selection) if _matches(row, page.search)]
            total, bodies = len(found), found[offset : offset + limit]
        else:
            bodies = [row.body for row in session.rows(call.org, selection, limit, min(offset, _FOREVER))]
            total = 0 if page.page is None else session.count(call.org, selection)
    if call.defaults and (extra := call.defaults.get(resource.kind)):
        bodies = [with_defaults(body, extra) for body in bodies]
    array = join(bodies)
    if page.page is None:
        return answer(array)
    pages = math.ceil(total / limit) if limit else 0
    metadata = {
        "itemsPerPage": limit,
        "totalItems": total,
        "totalPages": pages,
        "currentPage": page.page,
        "hasNextPage": page.page < pages,
        "sortOrder": "ASC" if selection.ascending else "DESC",
    }
    return answer(b'{"results":' + array + b',"metadata":' + orjson.dumps(metadata) + b"}")


def join(bodies: Iterable[bytes]) -> bytes:
    """A JSON array of bodies that are JSON already."""
    return b"[" + b",".join(bodies) + b"]"


def with_defaults(body: bytes, extra: dict[str, object]) -> bytes:
    """The body with fields that a newer server would show."""
    return orjson.dumps(extra | orjson.loads(body))


def _matches(row: Row, text: str) -> bool:
    wanted = text.casefold()
    shown = orjson.loads(row.body)
    return any(wanted in str(shown.get(key) or "").casefold() for key in ("name", "number", "sipUri"))

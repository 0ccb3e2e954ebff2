"""Which function answers which method and path."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Response

from callsheet.sandbox import dictionaries, files, knowledge, reading, writing
from callsheet.sandbox.call import Call
from callsheet.sandbox.listing import list_page
from callsheet.sandbox.resource import DICTIONARY, FILE, KNOWLEDGE_BASE, PHONE_NUMBERS_V2, RESOURCES, Resource

Endpoint = Callable[..., Response]


def routes() -> Map:
    """The whole API. Endpoints take a Call and the path's variables."""
    rules: list[Rule] = []

    def at(method: str, path: str, endpoint: Endpoint) -> None:
        rules.append(Rule(path, endpoint=endpoint, methods=[method]))

    def plain(resource: Resource) -> None:
        at("POST", resource.path, lambda call: writing.create(call, resource))
        at("GET", resource.path, lambda call: list_page(call, resource))
        at("GET", f"{resource.path}/<id_>", lambda call, id_: reading.read(call, resource, id_))
        at("PATCH", f"{resource.path}/<id_>", lambda call, id_: writing.update(call, resource, id_))
        at("DELETE", f"{resource.path}/<id_>", lambda call, id_: writing.delete(call, resource, id_))
        if resource.versioned:
            item = f"{resource.path}/<id_>/versions"
            at("GET", item, lambda call, id_: reading.versions(call, resource, id_))
            at("GET", f"{item}/<label>", lambda call, id_, label: reading.version(call, resource, id_, label))

    for resource in RESOURCES:
        plain(resource)
    at("GET", PHONE_NUMBERS_V2.path, lambda call: list_page(call, PHONE_NUMBERS_V2))

    base = KNOWLEDGE_BASE.path
    at("POST", base, knowledge.create)
    at("GET", base, lambda call: list_page(call, KNOWLEDGE_BASE))
    at("GET", f"{base}/<id_>", knowledge.read)
    at("PATCH", f"{base}/<id_>", lambda call, id_: writing.update(call, KNOWLEDGE_BASE, id_))
    at("DELETE", f"{base}/<id_>", knowledge.delete)
    at("GET", f"{base}/<id_>/file", knowledge.list_files)
    at("POST", f"{base}/<id_>/file", knowledge.attach)
    at("DELETE", f"{base}/<id_>/file/<file_id>", knowledge.detach)
    at("POST", f"{base}/<id_>/file/<file_id>/retry", knowledge.retry)

    at("POST", FILE.path, files.upload)
    at("GET", FILE.path, files.list_files)
    at("GET", f"{FILE.path}/<id_>", lambda call, id_: reading.read(call, FILE, id_))
    at("PATCH", f"{FILE.path}/<id_>", files.rename)
    at("DELETE", f"{FILE.path}/<id_>", files.delete)
    at("GET", f"{files.CONTENT_PATH}/<org>/<id_>", files.content)

    at("POST", DICTIONARY.path, dictionaries.create)
    at("GET", DICTIONARY.path, _dictionaries)
    at("GET", f"{DICTIONARY.path}/<id_>", dictionaries.read)
    at("PATCH", f"{DICTIONARY.path}/<id_>", dictionaries.update)
    at("DELETE", f"{DICTIONARY.path}/<id_>", dictionaries.delete)
    return Map(rules, strict_slashes=False, merge_slashes=False)


def _dictionaries(call: Call, provider: str) -> Response:
    return list_page(call, DICTIONARY, parent=provider)

from __future__ import annotations

import json
from importlib import resources

from callsheet.sandbox.checking import check
from callsheet.sandbox.resource import RESOURCES
from callsheet.sandbox.shapes import create_shape, quirks, shape, update_shape, variants
from unit.sandbox.openapi import document, needs_document
from unit.sandbox.shapes_from_openapi import compact, write


def data() -> str:
    return (resources.files("callsheet.sandbox") / "data" / "vapi-shapes.json").read_text()


@needs_document
def test_the_data_is_what_the_document_gives() -> None:
    assert write(compact(document())) == data()


def test_the_data_names_its_source_and_date() -> None:
    assert "2026-08-19" in json.loads(data())["source"]
    assert quirks()["date"]


def test_every_shape_can_be_read() -> None:
    for name in json.loads(data())["shapes"]:
        shape(name)
    for resource in RESOURCES:
        for variant in variants(resource.kind):
            create_shape(resource.kind, variant)
            update_shape(resource.kind, variant)


def test_defaults_fit_their_own_rules() -> None:
    for name in json.loads(data())["shapes"]:
        found = shape(name)
        errors = check(dict(found.defaults), found, defaults=True).errors
        assert not {text.partition(" ")[0] for text in errors} & found.defaults.keys(), (name, errors)


def test_twenty_three_tool_types() -> None:
    assert len(variants("tool")) == 23


def test_extras_and_mirrors_are_about_things_that_exist() -> None:
    known = {resource.kind for resource in RESOURCES}
    for name in quirks()["extras"]["shapes"]:
        assert shape(name).properties
    for section in ("silentlyDropped", "notEchoed", "uuids", "mirrors"):
        for rule in quirks()[section]:
            assert rule["kind"] in known
            assert rule["source"]

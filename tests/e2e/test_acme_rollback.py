"""All of acme's estate, every kind of it, deleted and made again from an export, twice."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

from callsheet.apply.outcome import Outcome
from callsheet.operations.apply import apply
from callsheet.operations.plan import plan
from callsheet.operations.rollback import rollback
from callsheet.plan.inputs import Options
from e2e.acme import VARIABLES, Estate, acme
from support.everything import differences

PATHS = (
    "/assistant",
    "/squad",
    "/tool",
    "/v2/knowledge-base",
    "/file",
    "/phone-number",
    "/structured-output",
    "/eval",
    "/eval/simulation/personality",
    "/eval/simulation/scenario",
    "/eval/simulation",
    "/eval/simulation/suite",
    "/provider/11labs/pronunciation-dictionary",
    "/observability/scorecard",
)
# What the server gives: ids (those that others hold are compared by name), times, places of files.
SERVERS = {
    *("id", "orgId", "createdAt", "updatedAt", "latestVersion", "metadata", "isServerUrlSecretSet"),
    *("toolId", "files", "resourceId", "versionId", "resource", "number", "assistantIds"),
    *("url", "path", "key", "bucket", "originalName"),
}


def everything(estate: Estate) -> dict[str, Any]:
    """Objects by path and name, in what can be written of them."""
    found: list[tuple[str, dict[str, Any]]] = []
    for path in PATHS:
        answer = estate.call("GET", path)
        each = answer if isinstance(answer, list) else answer["results"]
        found += [(f"{path}:{_name(item)}", item) for item in each]
    names = {
        item[key]: f"{name}#{key}"
        for name, item in found
        for key in ("id", "toolId", "resourceId", "versionId")
        if isinstance(item.get(key), str)
    }

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {
                key: plain(item) for key, item in value.items() if item is not None and key not in SERVERS
            }
        if isinstance(value, list):
            return [plain(item) for item in value]
        return names.get(value, value) if isinstance(value, str) else value

    return {name: plain(item) for name, item in found}


def _name(item: dict[str, Any]) -> Any:
    function, resource = item.get("function", {}), item.get("resource", {})
    return item.get("name") or function.get("name") or resource.get("dictionaryName") or item.get("type")


def done(outcome: Outcome) -> str:
    assert outcome.exit_code == 0, outcome.to_json()
    assert outcome.run is not None
    return outcome.run


def destroy(estate: Estate) -> str:
    with estate._session() as session:
        return done(apply(session, plan(session, Options(destroy=True)).archive))


def go_back(estate: Estate, run: str) -> str:
    with estate._session() as session:
        archive = rollback(session, run, Options(allow_mass_delete=True)).archive
        assert {each.code for each in archive.plan.diagnostics} <= {
            "rollback.new-id",
            "rollback.not-the-same",
        }
        done_ = done(apply(session, archive))
        assert rollback(session, run, Options()).plan.empty
        return done_


def test_an_estate_of_every_kind_is_made_again(tmp_path: Path) -> None:
    with acme(tmp_path) as estate:
        estate.edit("phone-numbers/main-line.yaml", "preventDestroy: true", "preventDestroy: false")
        knowledge = estate.root / "knowledge/product-faqs.yaml"
        knowledge.write_text(knowledge.read_text() + "lifecycle: {preventDestroy: false}\n")
        estate.apply()
        before = everything(estate)
        destroyed = destroy(estate)
        empty = everything(estate)
        returned = go_back(estate, destroyed)
        assert differences(before, everything(estate)) == {}
        # A destroy brings nothing back, so its files are not held; and they have nothing to do.
        assert estate.plan().empty
        again = go_back(estate, returned)
        assert differences(empty, everything(estate)) == {}
        go_back(estate, again)
        assert differences(before, everything(estate)) == {}
        kept = b"".join(map(_opened, (estate.root / ".callsheet").rglob("*")))
        assert [name for name, value in VARIABLES.items() if value.encode() in kept] == []


def _opened(path: Path) -> bytes:
    data = path.read_bytes() if path.is_file() else b""
    try:
        return zlib.decompress(data)
    except zlib.error:
        return data

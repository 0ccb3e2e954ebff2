"""Vapi's own ways, over real HTTP against the sandbox."""

from __future__ import annotations

import pytest

from callsheet.model.address import Address
from callsheet.model.document import Document
from callsheet.model.errors import ProviderError, StateError
from callsheet.providers.base import Ambiguous, Unfinished
from callsheet.sandbox.faults import Effect, Fault
from callsheet.sandbox.stock import stock_personalities
from contract.providers.conftest import Subject
from contract.providers.samples import CONTENT, contents
from contract.providers.test_contract import make

MODEL = {"provider": "openai", "model": "gpt-4.1"}


def assistants(subject: Subject, count: int) -> list[str]:
    return [
        subject.writer.create("Assistant", {"name": f"a{number}"}, key="k", content=contents).id
        for number in range(count)
    ]


# Lists


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (1, 1), (99, 1), (100, 2), (101, 2), (250, 3)])
def test_a_capped_list_is_read_whole_with_one_request_per_page(
    vapi: Subject, count: int, requests: int
) -> None:
    vapi.sandbox.faults.add(Fault(Effect.LIST_CAP, "GET", limit=100))
    made = assistants(vapi, count)
    vapi.judge.requests.clear()
    listed = [item.id for item in vapi.provider.list_all("Assistant")]
    assert sorted(listed) == sorted(made)
    assert len(set(listed)) == count
    assert vapi.judge.count("GET", "/assistant") == len(vapi.judge.requests) == requests


@pytest.mark.parametrize("kind", ["StructuredOutput", "Personality", "Scorecard"])
def test_numbered_pages_are_read_whole(vapi: Subject, kind: str) -> None:
    first = make(vapi, kind)[kind]
    payload = dict(first.payload)
    for number in range(149):
        vapi.writer.create(kind, {**payload, "name": f"n{number}"}, key="k", content=contents)
    vapi.judge.requests.clear()
    assert len({item.id for item in vapi.provider.list_all(kind)}) == 150
    assert len(vapi.judge.requests) == 2


def test_vapis_own_personalities_are_left_alone_and_can_be_looked_up(vapi: Subject) -> None:
    assert list(vapi.provider.list_all("Personality")) == []
    own = [
        found for _, name, *_ in stock_personalities() for found in vapi.provider.look_up("Personality", name)
    ]
    assert len(own) == 7
    assert all(item.payload["orgId"] is None for item in own)


def test_dictionaries_of_both_vendors_are_listed_read_and_told_apart(vapi: Subject) -> None:
    rules = [{"stringToReplace": "Acme", "type": "alias", "alias": "AK-mee"}]
    payload = {"name": "brands", "provider": "11labs", "rules": rules}
    eleven = vapi.writer.create("PronunciationDictionary", payload, key="k", content=contents)
    other = make(vapi, "PronunciationDictionary")["PronunciationDictionary"]
    found = {item.id: item.payload["provider"] for item in vapi.provider.list_all("PronunciationDictionary")}
    assert found == {eleven.id: "11labs", other.id: "cartesia"}
    read = vapi.provider.read("PronunciationDictionary", other.id)
    assert read is not None
    assert read.payload["provider"] == "cartesia"
    # What a voice holds is the vendor's id, not Vapi's.
    assert read.payload["resourceId"].startswith("pdict_")
    assert eleven.payload["versionId"]


# Writes


def test_an_http_tool_with_a_secret_header_is_taken_as_rendered(vapi: Subject) -> None:
    spec = {
        "type": "http",
        "endpoint": "https://jira.acme.example",
        "auth": "t0ken-of-jira",
        "operations": [
            {"name": "createIssue", "method": "POST", "path": "/issue", "schema": {"type": "object"}},
            {"name": "findIssue", "path": "/issue"},
        ],
    }
    rendered = vapi.provider.catalogue.render(Document(Address("Tool", "jira"), spec))
    assert not rendered.diagnostics
    for resource in rendered.resources:
        assert not vapi.provider.catalogue.check(resource)
        made = vapi.writer.create("Tool", resource.payload, key="k", content=contents)
        assert made.payload["headers"]["properties"]["Authorization"]["value"] == "Bearer t0ken-of-jira"
        assert made.name == resource.address.part


def test_what_the_server_owns_is_not_sent(vapi: Subject) -> None:
    made = make(vapi, "Assistant")["Assistant"]
    after = vapi.writer.update("Assistant", made, {**made.payload, "firstMessage": "Hi"}, (), key="k")
    assert after.payload["firstMessage"] == "Hi"


def test_a_clear_is_sent_as_null(vapi: Subject) -> None:
    payload = {"name": "a", "firstMessage": "Hello"}
    made = vapi.writer.create("Assistant", payload, key="k", content=contents)
    after = vapi.writer.update("Assistant", made, {}, [("firstMessage",)], key="k")
    assert after.payload.get("firstMessage") is None
    assert after.payload["name"] == "a"


def test_a_structured_output_says_whether_its_schema_changes_type(vapi: Subject) -> None:
    made = make(vapi, "StructuredOutput")["StructuredOutput"]
    vapi.judge.requests.clear()
    vapi.writer.update("StructuredOutput", made, {"name": "b"}, (), key="k")
    vapi.writer.update("StructuredOutput", made, {"schema": {"type": "string"}}, (), key="k")
    assert [query for _, _, query in vapi.judge.requests] == ["schemaOverride=false", "schemaOverride=true"]


def test_no_idempotency_key_goes_out(vapi: Subject) -> None:
    """The API knows none; sending one would promise what nobody keeps."""
    assert vapi.provider.capabilities.idempotency_key is False


def test_a_pinned_tool_explains_what_to_do(vapi: Subject) -> None:
    made = make(vapi, "Tool")["Tool"]
    model = {**MODEL, "toolRefs": [{"toolId": made.id, "version": made.payload["latestVersion"]}]}
    vapi.writer.create("Assistant", {"name": "holder", "model": model}, key="k", content=contents)
    with pytest.raises(ProviderError) as raised:
        vapi.writer.delete("Tool", made, key="k")
    finding = raised.value.diagnostics[0]
    assert finding.code == "provider.conflict"
    assert "model.toolRefs" in finding.detail


# Knowledge bases


def test_a_knowledge_base_is_attached_and_waited_for(vapi: Subject) -> None:
    base = make(vapi, "KnowledgeBase")["KnowledgeBase"]
    assert [file["status"] for file in base.payload["files"]] == ["ready"]
    assert base.payload["toolId"]


def test_files_are_attached_and_detached_by_difference(vapi: Subject) -> None:
    made = make(vapi, "KnowledgeBase")
    base, first = made["KnowledgeBase"], made["File"]
    second = vapi.writer.create(
        "File",
        {"name": "b.md", "purpose": "knowledge-base-v2", "content": CONTENT},
        key="k",
        content=contents,
    )
    vapi.judge.requests.clear()
    both = vapi.writer.update("KnowledgeBase", base, {"fileIds": [first.id, second.id]}, (), key="k")
    assert sorted(both.payload["fileIds"]) == sorted([first.id, second.id])
    assert vapi.judge.count("POST", f"/v2/knowledge-base/{base.id}/file") == 1
    one = vapi.writer.update("KnowledgeBase", both, {"fileIds": [second.id]}, (), key="k")
    assert one.payload["fileIds"] == [second.id]
    none = vapi.writer.update("KnowledgeBase", one, {}, [("fileIds",)], key="k")
    assert none.payload["fileIds"] == []


def test_an_attachment_that_fails_says_how_far_it_got(vapi: Subject) -> None:
    file = make(vapi, "File")["File"]
    payload = {"name": "faq", "fileIds": [file.id, "00000000-0000-4000-8000-00000000abcd"]}
    with pytest.raises(Unfinished) as raised:
        vapi.writer.create("KnowledgeBase", payload, key="k", content=contents)
    reached = raised.value.reached
    assert reached.payload["fileIds"] == [file.id]
    assert [item.id for item in vapi.provider.list_all("KnowledgeBase")] == [reached.id]


def test_failed_indexing_is_an_error_and_the_next_apply_tries_again(vapi: Subject) -> None:
    file = make(vapi, "File")["File"]
    vapi.sandbox.faults.add(Fault(Effect.FAIL_INDEXING, "POST", "/v2/knowledge-base/*/file"))
    with pytest.raises(Unfinished) as raised:
        vapi.writer.create("KnowledgeBase", {"name": "faq", "fileIds": [file.id]}, key="k", content=contents)
    assert raised.value.diagnostics[0].code == "provider.indexing-failed"
    assert "returns.md" in raised.value.diagnostics[0].summary
    reached = raised.value.reached
    after = vapi.writer.update("KnowledgeBase", reached, {"fileIds": [file.id]}, (), key="k")
    assert [each["status"] for each in after.payload["files"]] == ["ready"]


# Whether a call may be made


def test_before_every_attempt_of_every_write_it_is_asked_whether_that_may_be(vapi: Subject) -> None:
    def writes() -> int:
        return sum(method != "GET" for method, _, _ in vapi.judge.requests)

    asked: list[int] = []
    files = [make(vapi, "File")["File"].id, make(vapi, "File")["File"].id]
    vapi.judge.requests.clear()
    writer = vapi.provider.writer(lambda: asked.append(writes()))
    vapi.sandbox.faults.add(Fault(Effect.ERROR, "POST", "/v2/knowledge-base/*/file", status=429))
    base = writer.create("KnowledgeBase", {"name": "faq", "fileIds": files}, key="k", content=contents)
    base = writer.update("KnowledgeBase", base, {"name": "new", "fileIds": files[:1]}, (), key="k")
    writer.delete("KnowledgeBase", base, key="k")
    # Made, refused, two attached; renamed, one detached; deleted.
    assert asked == list(range(7))
    assert writes() == 7


def test_a_write_that_may_not_go_on_says_how_far_it_got(vapi: Subject) -> None:
    turns = iter(["made"])

    def alive() -> None:
        if next(turns, None) is None:
            raise StateError("the store does not answer")

    file = make(vapi, "File")["File"]
    vapi.judge.requests.clear()
    with pytest.raises(Unfinished) as raised:
        vapi.provider.writer(alive).create(
            "KnowledgeBase", {"name": "faq", "fileIds": [file.id]}, key="k", content=contents
        )
    assert raised.value.diagnostics[0].summary == "the store does not answer"
    assert [item.id for item in vapi.provider.list_all("KnowledgeBase")] == [raised.value.reached.id]
    assert [asked[:2] for asked in vapi.judge.requests if asked[0] != "GET"] == [
        ("POST", "/v2/knowledge-base")
    ]


# Bad days


@pytest.mark.parametrize("effect", [Effect.LOSE_ANSWER, Effect.DROP, Effect.TRUNCATE, Effect.ERROR_AFTER])
def test_a_create_whose_answer_is_lost_is_ambiguous_and_not_repeated(vapi: Subject, effect: Effect) -> None:
    vapi.sandbox.faults.add(Fault(effect, "POST", "/assistant"))
    with pytest.raises(Ambiguous):
        vapi.writer.create("Assistant", {"name": "a"}, key="k", content=contents)
    assert vapi.judge.count("POST", "/assistant") == 1
    assert len(list(vapi.provider.list_all("Assistant"))) == (0 if effect is Effect.DROP else 1)


@pytest.mark.parametrize("effect", [Effect.LOSE_ANSWER, Effect.DROP, Effect.ERROR_AFTER])
def test_an_update_whose_answer_is_lost_is_ambiguous_and_not_repeated(vapi: Subject, effect: Effect) -> None:
    made = vapi.writer.create("Assistant", {"name": "a"}, key="k", content=contents)
    vapi.sandbox.faults.add(Fault(effect, "PATCH"))
    with pytest.raises(Ambiguous):
        vapi.writer.update("Assistant", made, {"name": "b"}, (), key="k")
    assert vapi.judge.count("PATCH", f"/assistant/{made.id}") == 1


@pytest.mark.parametrize("effect", [Effect.LOSE_ANSWER, Effect.DROP, Effect.ERROR_AFTER, Effect.TRUNCATE])
def test_a_delete_is_repeated_until_it_is_known_to_be_done(vapi: Subject, effect: Effect) -> None:
    made = vapi.writer.create("Assistant", {"name": "a"}, key="k", content=contents)
    vapi.sandbox.faults.add(Fault(effect, "DELETE"))
    vapi.writer.delete("Assistant", made, key="k")
    assert vapi.provider.read("Assistant", made.id) is None


@pytest.mark.parametrize("effect", [Effect.LOSE_ANSWER, Effect.DROP, Effect.ERROR, Effect.TRUNCATE])
def test_a_read_is_repeated(vapi: Subject, effect: Effect) -> None:
    made = assistants(vapi, 1)
    vapi.sandbox.faults.add(Fault(effect, "GET", "/assistant", count=3))
    assert [item.id for item in vapi.provider.list_all("Assistant")] == made
    assert len(vapi.clock.slept) == 3


def test_a_rate_limit_is_waited_out_for_every_method(vapi: Subject) -> None:
    for method in ("POST", "PATCH", "GET", "DELETE"):
        vapi.sandbox.faults.add(Fault(Effect.ERROR, method, count=2, status=429, seconds=7))
    made = vapi.writer.create("Assistant", {"name": "a"}, key="k", content=contents)
    vapi.writer.update("Assistant", made, {"name": "b"}, (), key="k")
    assert vapi.provider.read("Assistant", made.id) is not None
    vapi.writer.delete("Assistant", made, key="k")
    assert sum(pause >= 7 for pause in vapi.clock.slept) == 8


def test_a_read_only_key_says_so(vapi: Subject) -> None:
    vapi.sandbox.faults.add(Fault(Effect.READ_ONLY))
    with pytest.raises(ProviderError) as raised:
        vapi.writer.create("Assistant", {"name": "a"}, key="k", content=contents)
    assert raised.value.diagnostics[0].code == "provider.forbidden"


def test_html_instead_of_a_list_is_one_clear_error(vapi: Subject) -> None:
    vapi.sandbox.faults.add(Fault(Effect.HTML, "GET", "/assistant"))
    with pytest.raises(ProviderError) as raised:
        list(vapi.provider.list_all("Assistant"))
    (finding,) = raised.value.diagnostics
    assert "GET /assistant → 200 with HTML" in finding.summary
    assert "<!doctype html>" in finding.detail


def test_all_that_is_wrong_with_a_body_is_told_at_once(vapi: Subject) -> None:
    vapi.judge.schema = None
    with pytest.raises(ProviderError) as raised:
        vapi.writer.create("Assistant", {"nam": "a", "firstMessage": 7}, key="k", content=contents)
    (finding,) = raised.value.diagnostics
    assert "property nam should not exist" in finding.summary
    assert "firstMessage must be a string" in finding.detail


def test_a_voice_cannot_be_looked_up_and_says_what_to_do(vapi: Subject) -> None:
    with pytest.raises(ProviderError, match="no list of voices"):
        vapi.provider.look_up("Voice", "burt")

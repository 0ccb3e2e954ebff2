"""Ways in which an estate could go wrong without a word, over the real sandbox."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from callsheet.model.errors import CallsheetError
from callsheet.operations.sandbox import reset
from callsheet.operations.validate import validate
from callsheet.plan.archive import pack
from callsheet.sandbox.app import create_app
from callsheet.sandbox.server import serve
from callsheet.sandbox.store import Store
from support.estate import actions
from support.world import World


def function(name: str, **native: Any) -> dict[str, Any]:
    return {"type": "function", "native": {"function": {"name": name}, **native}}


def request(name: str) -> dict[str, Any]:
    return {"type": "apiRequest", "native": {"name": name, "url": "https://x.example", "method": "GET"}}


def settled(world: World) -> None:
    """Nothing is left to do, and nothing drifted."""
    assert actions(world.plan().plan) == {}
    assert world.drift().exit_code("managed") == 0


def test_a_rename_that_is_a_replacement_too_can_be_applied(world: World) -> None:
    world.document("Tool", "t", function("t"))
    world.apply()
    world.remove("tools/t.yaml")
    world.document("Tool", "u", request("u"), lifecycle={"movedFrom": "Tool/t"})
    planned = world.plan()
    assert actions(planned.plan) == {"Tool/u": "replace"}
    assert world.apply(planned.archive).exit_code == 0
    assert [tool["type"] for tool in world.api("GET", "/tool")] == ["apiRequest"]
    settled(world)


def test_a_knowledge_base_is_renamed_while_a_document_of_it_is_edited(world: World) -> None:
    world.file("docs/faq.md", "one")
    world.document("KnowledgeBase", "kb", {"documents": [{"path": "docs/faq.md"}]})
    world.apply()
    world.remove("knowledgebases/kb.yaml")
    world.file("docs/faq.md", "two")
    world.document(
        "KnowledgeBase",
        "help",
        {"documents": [{"path": "docs/faq.md"}]},
        lifecycle={"movedFrom": "KnowledgeBase/kb"},
    )
    planned = world.plan()
    assert actions(planned.plan) == {"KnowledgeBase/help": "move", "KnowledgeBase/help[faq.md]": "replace"}
    assert world.apply(planned.archive).exit_code == 0
    settled(world)


def test_a_rename_of_what_is_gone_takes_the_old_address_out_of_state(world: World) -> None:
    world.assistant("a")
    world.assistant("other")
    world.apply()
    world.api("DELETE", f"/assistant/{world.live('/assistant', 'a')['id']}")
    world.remove("assistants/a.yaml")
    world.assistant("b", lifecycle={"movedFrom": "Assistant/a"})
    planned = world.plan()
    assert actions(planned.plan) == {"Assistant/b": "create"}
    assert world.apply(planned.archive).exit_code == 0
    with world.session() as session:
        assert sorted(session.ledger.load().records) == ["Assistant/b", "Assistant/other"]
    settled(world)


@pytest.mark.parametrize("still_says_so", [True, False])
def test_state_that_is_lost_after_a_rename_makes_no_duplicate(world: World, still_says_so: bool) -> None:
    spec = {"name": "Nice A", "model": {"provider": "openai", "model": "gpt-4.1"}}
    world.document("Assistant", "a", spec)
    world.apply()
    world.remove("assistants/a.yaml")
    world.document("Assistant", "b", spec, lifecycle={"movedFrom": "Assistant/a"})
    world.apply()
    if not still_says_so:
        world.document("Assistant", "b", spec)
    shutil.rmtree(world.root / ".callsheet")
    planned = world.plan()
    assert actions(planned.plan) == {"Assistant/b": "import"}
    assert world.apply(planned.archive).exit_code == 0
    assert len(world.api("GET", "/assistant")) == 1
    settled(world)


def squad(*native: dict[str, Any]) -> dict[str, Any]:
    return {"native": {"members": list(native)}}


def test_a_name_that_others_hold_reaches_them_in_the_same_run(world: World) -> None:
    def named(name: str) -> None:
        world.document("Assistant", "a", {"name": name, "model": {"provider": "openai", "model": "gpt-4.1"}})

    named("A one")
    world.assistant("z")
    to_a = {"type": "assistant", "assistantName": {"ref": "Assistant/a"}}
    members = [{"assistantId": {"ref": "Assistant/z"}, "assistantDestinations": [to_a]}]
    world.document("Squad", "s", squad(*members, {"assistantId": {"ref": "Assistant/a"}}))
    world.apply()
    settled(world)
    named("A two")
    planned = world.plan()
    assert actions(planned.plan) == {"Assistant/a": "update", "Squad/s": "update"}
    assert world.apply(planned.archive).exit_code == 0
    [found] = world.api("GET", "/squad")
    assert found["members"][0]["assistantDestinations"][0]["assistantName"] == "A two"
    settled(world)


def test_a_version_that_the_provider_makes_anew_reaches_its_holders(world: World) -> None:
    def rules(alias: str) -> None:
        rule = {"stringToReplace": "x", "type": "alias", "alias": alias}
        world.document("PronunciationDictionary", "d", {"native": {"provider": "11labs", "rules": [rule]}})

    rules("y")
    ref = {"ref": "PronunciationDictionary/d"}
    locator = {"pronunciationDictionaryId": ref, "versionId": ref}
    voice = {"provider": "11labs", "voiceId": "burt", "pronunciationDictionaryLocators": [locator]}
    world.assistant("a", native={"voice": voice})
    world.apply()
    settled(world)
    rules("z")
    assert world.apply().exit_code == 0
    [dictionary] = world.api("GET", "/provider/11labs/pronunciation-dictionary")["results"]
    held = world.live("/assistant", "a")["voice"]["pronunciationDictionaryLocators"][0]
    assert held["versionId"] == dictionary["resource"]["versionId"]
    settled(world)


def test_a_value_that_was_kept_stays_when_its_neighbour_changes(world: World) -> None:
    def voice(stability: float, boost: float) -> None:
        spoken = {"provider": "11labs", "voiceId": "burt", "stability": stability, "similarityBoost": boost}
        world.assistant("a", native={"voice": spoken})

    voice(0.5, 0.5)
    world.apply()
    theirs = {"provider": "11labs", "voiceId": "burt", "stability": 0.9, "similarityBoost": 0.5}
    world.edit("/assistant", "a", {"voice": theirs})
    voice(0.1, 0.5)
    world.apply(on_conflict="keep")
    settled(world)
    for boost in (0.6, 0.7):
        voice(0.1, boost)
        assert world.apply().exit_code == 0
        live = world.live("/assistant", "a")["voice"]
        assert (live["stability"], live["similarityBoost"]) == (0.9, boost)
        settled(world)
    voice(0.2, 0.7)
    [change] = world.plan().plan.changes
    assert [attribute.path for attribute in change.attributes] == [("voice", "stability")]
    world.apply()
    assert world.live("/assistant", "a")["voice"]["stability"] == 0.2
    settled(world)


def test_a_voice_of_another_type_is_kept_whole(world: World) -> None:
    world.assistant("a", native={"voice": {"provider": "11labs", "voiceId": "burt"}})
    world.apply()
    world.edit("/assistant", "a", {"voice": {"provider": "openai", "voiceId": "alloy"}})
    cartesia = {"provider": "cartesia", "voiceId": "248be419-c632-4f23-adf1-5324ed7dbf1d"}
    world.assistant("a", native={"voice": {**cartesia, "model": "sonic-2"}})
    outcome = world.apply(on_conflict="keep")
    assert outcome.exit_code == 0
    live = world.live("/assistant", "a")["voice"]
    assert (live["provider"], live["voiceId"], "model" in live) == ("openai", "alloy", False)
    settled(world)
    # Another key of the file's type cannot go into it either: that is to be decided again.
    world.assistant("a", native={"voice": {**cartesia, "model": "sonic-3"}})
    [change] = world.plan().plan.changes
    assert change.conflict
    assert world.apply(on_conflict="overwrite").exit_code == 0
    assert world.live("/assistant", "a")["voice"]["provider"] == "cartesia"
    settled(world)


def test_what_a_replacement_left_behind_goes_with_its_document(world: World) -> None:
    for on_remove in ("delete", "forget"):
        name = f"f-{on_remove}"
        world.file("docs/a.md", "one")
        world.document("File", name, {"path": "docs/a.md"}, lifecycle={"onRemove": on_remove})
        world.document("File", "other", {"path": "docs/a.md"})
        world.apply()
        world.bad_day("error DELETE /file/* count=99 status=403")
        world.file("docs/a.md", "two")
        world.apply()
        world.bad_day()
        world.remove(f"files/{name}.yaml")
        assert world.apply().exit_code == 0
        with world.session() as session:
            state = session.ledger.load()
        assert list(state.records) == ["File/other"]
    # The other, and what was forgotten.
    assert len(world.api("GET", "/file")) == 2
    settled(world)


def test_what_a_replacement_left_behind_goes_after_its_holders_let_go(world: World) -> None:
    world.document("Tool", "t", function("t"))
    world.assistant("a", tools=[{"ref": "t"}])
    world.apply()
    world.document("Tool", "t", request("t"))
    world.bad_day("error PATCH /assistant/* count=99 status=403")
    world.apply()
    world.bad_day()
    planned = world.plan()
    [tool] = [change for change in planned.plan.changes if change.address == "Tool/t"]
    assert ("Assistant/a", 1) in tool.steps[-1].after
    assert world.apply(planned.archive).exit_code == 0
    settled(world)


@pytest.mark.parametrize("options", [{"targets": ("Tool/t",)}, {"excludes": ("Assistant/a",)}])
def test_a_part_of_a_plan_deletes_no_tool_that_somebody_holds(
    world: World, options: dict[str, tuple[str, ...]]
) -> None:
    world.document("Tool", "t", function("t"))
    world.assistant("a", tools=[{"ref": "t"}])
    world.assistant("b")
    world.apply()
    world.document("Tool", "t", request("t"))
    world.assistant("b", prompt="Be brief.")
    planned = world.plan(**options)
    expected = (
        {"Tool/t": "replace", "Assistant/a": "update"} if "targets" in options else {"Assistant/b": "update"}
    )
    assert actions(planned.plan) == expected
    assert world.apply(planned.archive).exit_code == 0
    [tool] = world.api("GET", "/tool")
    assert world.live("/assistant", "a")["model"]["toolIds"] == [tool["id"]]


ACKNOWLEDGED = """
acknowledgedDrift:
  - address: {address}
    {path}owner: d@x.example
    until: '2199-01-01'
"""


def said(action: str = "request-start", text: str = "hold") -> dict[str, Any]:
    return {"type": action, "content": text}


def edit_tool(world: World, name: str, messages: list[dict[str, Any]]) -> None:
    [tool] = [each for each in world.api("GET", "/tool") if each["function"]["name"] == name]
    world.api("PATCH", f"/tool/{tool['id']}", {"type": "function", "messages": messages})


def test_one_acknowledged_element_does_not_silence_the_others(world: World) -> None:
    world.document("Tool", "t", function("t", messages=[said(), said("request-failed", "sorry")]))
    world.apply()
    edit_tool(world, "t", [said(text="ACK"), said("request-failed", "EVIL")])
    world.environment(ACKNOWLEDGED.format(address="Tool/t", path="path: messages[0].content\n    "))
    planned = world.plan()
    assert actions(planned.plan) == {"Tool/t": "update"}
    [told] = [each for each in planned.plan.diagnostics if each.code == "drift.acknowledgement-not-honoured"]
    assert "messages[0].content (by d@x.example until 2199-01-01)" in told.summary
    world.apply()
    assert [each["content"] for each in world.api("GET", "/tool")[0]["messages"]] == ["hold", "sorry"]
    # Alone, it is left.
    edit_tool(world, "t", [said(text="ACK"), said("request-failed", "sorry")])
    assert actions(world.plan().plan) == {}


def test_a_missing_object_that_is_acknowledged_is_left_missing(world: World) -> None:
    world.document("Tool", "t", function("t"))
    world.assistant("a", tools=[{"ref": "t"}])
    world.assistant("b")
    world.apply()
    world.api("DELETE", f"/tool/{world.api('GET', '/tool')[0]['id']}")
    world.environment(ACKNOWLEDGED.format(address="Tool/t", path=""))
    assert actions(world.plan().plan) == {}
    world.assistant("b", tools=[{"ref": "t"}])
    with pytest.raises(CallsheetError, match="Tool/t, which is gone and is left so"):
        world.plan()
    world.environment(ACKNOWLEDGED.format(address="Tool/t", path="").replace("2199", "2001"))
    assert actions(world.plan().plan) == {
        "Tool/t": "create",
        "Assistant/a": "update",
        "Assistant/b": "update",
    }


def test_a_notice_hides_nobodys_edit_of_another_element(world: World) -> None:
    def messages(**more: Any) -> list[dict[str, Any]]:
        return [{**said(), "contents": []}, {**said("request-failed", "sorry"), **more}]

    for name in ("t1", "t2", "t3"):
        world.document("Tool", name, function(name, messages=[said(), said("request-failed", "sorry")]))
    world.apply()
    for name in ("t1", "t2"):
        edit_tool(world, name, messages())
    human = [{"type": "text", "text": "HUMAN", "language": "en"}]
    edit_tool(world, "t3", messages(contents=human))
    report = world.drift().report
    assert [each.address for each in report.drifted] == ["Tool/t3"]
    assert [notice.addresses for notice in report.notices] == [("Tool/t1", "Tool/t2", "Tool/t3")]
    assert actions(world.plan().plan) == {"Tool/t3": "update"}


def test_documents_of_a_protected_knowledge_base_can_be_edited(world: World) -> None:
    def documents(*names: str) -> None:
        spec = {"documents": [{"path": f"docs/{name}"} for name in names]}
        world.document("KnowledgeBase", "kb", spec, lifecycle={"preventDestroy": True})

    world.file("docs/a.md", "one")
    world.file("docs/b.md", "other")
    documents("a.md", "b.md")
    world.apply()
    world.file("docs/a.md", "two")
    documents("a.md")
    planned = world.plan()
    assert not planned.plan.refusals
    assert world.apply(planned.archive).exit_code == 0
    assert [each["name"] for each in world.api("GET", "/file")] == ["a.md"]
    # The knowledge base itself stays protected, and so do its documents with it.
    world.remove("knowledgebases/kb.yaml")
    world.assistant("z")
    [gate] = world.plan().plan.refusals
    assert gate.rule == "preventDestroy"
    assert gate.message.startswith("KnowledgeBase/kb would be deleted")


SECRETS = ("canary-key", "canary-TOKEN-77")


def shown(world: World) -> str:
    """Everything that plan and drift let out."""
    with zipfile.ZipFile(io.BytesIO(pack(world.plan().archive))) as archive:
        plan = archive.read("plan.json").decode()
    return plan + json.dumps(world.drift().to_json(), default=str)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_that_turns_up_elsewhere_is_not_shown(world: World, secret: str) -> None:
    world.variables["TOKEN"] = "canary-TOKEN-77"
    server = {"url": "https://x.example", "headers": {"X-Token": "secrets://env/TOKEN"}}
    world.assistant("a", native={"server": server, "firstMessage": "hi"})
    world.apply()
    world.edit("/assistant", "a", {"firstMessage": f"use {secret}", "endCallMessage": f"not {secret}"})
    world.api("POST", "/assistant", {"name": f"it is {secret}"})
    text = shown(world)
    assert not any(each in text for each in SECRETS)
    assert actions(world.plan().plan) == {"Assistant/a": "update"}
    assert {each.path for each in world.drift().report.drifted[0].movements} == {
        ("firstMessage",),
        ("endCallMessage",),
    }
    # It can be applied, and what was seen with the secret in it is no drift afterwards.
    assert world.apply().exit_code == 0
    live = world.live("/assistant", "a")
    assert (live["firstMessage"], live["endCallMessage"]) == ("hi", f"not {secret}")
    settled(world)
    assert world.drift().report.drifted == ()
    assert not any(each in shown(world) for each in SECRETS)


def test_a_key_in_plain_text_is_not_shown_either(world: World) -> None:
    world.environment(apiKey="plain-canary-key")
    world.assistant("a")
    world.apply()
    world.edit("/assistant", "a", {"firstMessage": "see plain-canary-key"})
    assert "plain-canary-key" not in shown(world)


def test_a_key_of_another_organisation_that_is_empty_is_refused(world: World, tmp_path: Path) -> None:
    store = Store(tmp_path / "other.sqlite")
    server = serve(create_app(store))  # one organisation per key
    try:
        world.environment(baseUrl=server.url)
        world.assistant("a")
        world.apply()
        world.variables["VAPI_KEY"] = "another-key"
        for verb in (world.plan, world.drift):
            with pytest.raises(CallsheetError, match="opens an organisation without any object"):
                verb()
        assert actions(world.plan(destroy=True).plan) == {"Assistant/a": "forget"}
        world.variables["VAPI_KEY"] = "canary-key"
        settled(world)
    finally:
        server.close()
        store.close()


def test_ignoring_something_inside_of_a_list_is_an_error_with_its_place(world: World) -> None:
    def ignore(*paths: str) -> None:
        lifecycle = {"ignoreChanges": list(paths)}
        native = {"function": {"name": "t"}, "messages": [said()]}
        world.document("Tool", "t", {"type": "function", "native": native}, lifecycle=lifecycle)

    for path in ("messages[*].content", "messages[0].content", "messages.0", "**.content", "messages[*]"):
        ignore("function.description", path)
        with pytest.raises(CallsheetError) as caught:
            world.plan()
        [told] = caught.value.diagnostics
        assert told.code == "spec.ignores-in-list"
        assert f"{path} leads into a list" in told.summary
        assert str(told.place).startswith("specs/tools/t.yaml:1:")
        with world.session() as session:
            assert [each.code for each in validate(session.root).diagnostics] == ["spec.ignores-in-list"]
    ignore("messages", "function.*")
    world.plan()


def test_ignoring_what_is_nowhere_is_a_warning_with_its_place(world: World) -> None:
    paths = ["nope.x", "startSpeakingPlan", "voice.speed", "voice.sped", "native.voice", "endCallMessage"]
    world.file("docs/a.md", "one")
    world.document(
        "KnowledgeBase", "kb", {"documents": ["docs/a.md"]}, lifecycle={"ignoreChanges": ["description"]}
    )
    native = {"voice": {"provider": "11labs", "voiceId": "burt"}}
    world.assistant("a", native=native, lifecycle={"ignoreChanges": paths})
    world.apply()
    found = [each for each in world.plan().plan.diagnostics if each.code == "plan.ignores-nothing"]
    assert [each.summary.split()[1] for each in found] == ["nope.x", "voice.sped", "native.voice"]
    assert all(str(each.place).startswith("specs/assistants/a.yaml:1:") for each in found)


def test_a_sandbox_that_was_emptied_is_made_again(world: World) -> None:
    world.environment(baseUrl="sandbox:mine")
    world.assistant("a")
    world.apply()
    reset(world.root / ".callsheet" / "sandbox.sqlite", "mine")
    assert world.drift().exit_code("managed") == 2
    assert actions(world.plan().plan) == {"Assistant/a": "create"}

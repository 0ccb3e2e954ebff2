"""What the first version must show, on the acme estate and over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from callsheet.model.paths import show
from callsheet.plan.change import Action, Cause
from callsheet.sandbox.faults import Effect, Fault
from e2e.acme import ENVIRONMENTS, Estate, acme, served

FRONT_DESK = "Acme front desk (dev)"


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Estate]:
    """The estate in dev, applied."""
    with acme(tmp_path) as made:
        made.apply()
        yield made


# 1. The second plan


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_second_plan_is_empty_and_neither_it_nor_its_apply_writes(
    tmp_path: Path, environment: str
) -> None:
    with acme(tmp_path, environment) as estate:
        first = estate.plan()
        assert first.summary["create"] == len(first.changes) == 29
        estate.apply()
        estate.app.requests.reset()
        second = estate.plan()
        assert [change.address for change in second.changes] == []
        assert second.summary["unchanged"] == 29
        estate.apply()
        assert estate.app.requests.writes == ()
        assert estate.drift().exit_code("any") == 0
        assert estate.app.requests.writes == ()


def test_a_plan_lists_each_kind_once_and_reads_nothing_that_a_list_gave(estate: Estate) -> None:
    estate.app.requests.reset()
    estate.plan()
    assert estate.app.requests.counts == {
        "GET /assistant": 1,
        "GET /eval": 1,
        "GET /eval/simulation": 1,
        "GET /eval/simulation/personality": 1,
        "GET /eval/simulation/scenario": 1,
        "GET /eval/simulation/suite": 1,
        "GET /file": 1,
        "GET /observability/scorecard": 1,
        "GET /phone-number": 1,
        # Dictionaries are kept, and listed, by the vendor of the voice.
        "GET /provider/11labs/pronunciation-dictionary": 1,
        "GET /provider/cartesia/pronunciation-dictionary": 1,
        "GET /squad": 1,
        "GET /structured-output": 1,
        "GET /tool": 1,
        "GET /v2/knowledge-base": 1,
        # Which files it has, a knowledge base tells alone; its list does not.
        "GET /v2/knowledge-base/{id}": 1,
    }


def test_the_cycle_of_hand_offs_is_closed_at_the_provider(estate: Estate) -> None:
    desk = estate.find("/assistant", FRONT_DESK)
    tools = {tool["id"]: tool for tool in estate.call("GET", "/tool")}
    ahead = next(tools[each] for each in desk["model"]["toolIds"] if _named(tools[each], "to_orders_desk"))
    orders = estate.call("GET", f"/assistant/{ahead['destinations'][0]['assistantId']}")
    back = next(
        tools[each] for each in orders["model"]["toolIds"] if _named(tools[each], "back_to_front_desk")
    )
    assert back["destinations"][0]["assistantId"] == desk["id"]


def _named(tool: dict[str, dict[str, str]], name: str) -> bool:
    return tool.get("function", {}).get("name") == name


# 2. An edit made behind its back


def test_an_edit_by_another_client_is_drift_per_attribute_and_is_not_overwritten_silently(
    estate: Estate,
) -> None:
    desk = estate.find("/assistant", FRONT_DESK)
    edited = {
        "firstMessage": "Yo.",
        "model": {**desk["model"], "temperature": 0.1},
        "backgroundSound": "office",
    }
    estate.call("PATCH", f"/assistant/{desk['id']}", edited)

    found = estate.drift()
    assert found.exit_code("managed") == 2
    [drifted] = found.report.drifted
    assert drifted.address == "Assistant/front-desk"
    moved = {show(each.path): (each.seen, each.live, each.managed) for each in drifted.movements}
    assert moved.pop("backgroundSound")[1:] == ("office", False)
    assert moved == {
        "firstMessage": (desk["firstMessage"], "Yo.", True),
        "model.temperature": (0.7, 0.1, True),
    }

    estate.app.requests.reset()
    plan = estate.plan()
    [change] = plan.changes
    assert (change.address, change.action) == ("Assistant/front-desk", Action.UPDATE)
    said = {show(each.path): (each.old, each.new, each.cause) for each in change.attributes}
    assert said == {
        "firstMessage": ("Yo.", desk["firstMessage"], Cause.DRIFT),
        "model.temperature": (0.1, 0.7, Cause.DRIFT),
    }
    assert estate.app.requests.writes == ()
    assert estate.find("/assistant", FRONT_DESK)["firstMessage"] == "Yo."


def test_an_edit_of_an_unmanaged_field_survives_the_next_update(estate: Estate) -> None:
    desk = estate.find("/assistant", FRONT_DESK)
    # Beside our fields, and inside of a value that the provider replaces whole.
    edited = {"model": {**desk["model"], "maxTokens": 321}, "backgroundSound": "office"}
    estate.call("PATCH", f"/assistant/{desk['id']}", edited)
    found = estate.drift()
    assert (found.exit_code("managed"), found.exit_code("unmanaged")) == (0, 2)
    assert estate.plan().changes == ()

    estate.edit("environments.yaml", "temperature: 0.7", "temperature: 0.6")
    estate.apply()
    now = estate.call("GET", f"/assistant/{desk['id']}")
    assert (now["model"]["temperature"], now["model"]["maxTokens"]) == (0.6, 321)
    assert now["backgroundSound"] == "office"
    assert now["model"]["toolIds"] == desk["model"]["toolIds"]
    assert estate.plan().changes == ()


# 3. A field that left the file


def test_a_field_removed_from_a_file_is_cleared_at_the_provider(estate: Estate) -> None:
    assert estate.find("/assistant", FRONT_DESK)["endCallMessage"]
    estate.edit("assistants/front-desk.yaml", "    endCallMessage: Thanks for calling Acme. Goodbye!\n", "")
    [change] = estate.plan().changes
    [attribute] = change.attributes
    assert (show(attribute.path), attribute.op) == ("endCallMessage", "remove")
    estate.apply()
    assert not estate.find("/assistant", FRONT_DESK).get("endCallMessage")
    assert estate.plan().changes == ()


def test_a_clear_that_the_server_ignores_is_reported_once_and_never_planned_again(estate: Estate) -> None:
    estate.app.faults.add(Fault(Effect.IGNORE_CLEAR, fields=("voicemailMessage",)))
    estate.edit(
        "assistants/front-desk.yaml",
        "    voicemailMessage: This is Acme. Please call us back when it suits you.\n",
        "",
    )
    outcome = estate.apply()
    told = [each.code for result in outcome.results for each in result.diagnostics]
    assert told == ["apply.residual"]
    assert estate.find("/assistant", FRONT_DESK)["voicemailMessage"]

    estate.app.requests.reset()
    again = estate.plan(detail=True)
    assert again.changes == ()
    residual = {"address": "Assistant/front-desk", "path": ["voicemailMessage"], "verdict": "residual"}
    assert residual in again.normalised
    assert estate.apply().results == ()
    assert estate.app.requests.writes == ()
    assert estate.drift().exit_code("any") == 0


# 4. More than a page


def test_250_assistants_behind_a_list_cap_of_100_are_all_seen_and_made_once(tmp_path: Path) -> None:
    root = tmp_path / "specs"
    root.mkdir()
    with served(root, "dev", Fault(Effect.LIST_CAP, limit=100)) as estate:
        _many(root, estate.url, 250)
        estate.apply()
        made = _ids(estate)
        assert len(made) == 250

        estate.app.requests.reset()
        second = estate.plan()
        assert (second.changes, second.summary["unchanged"]) == ((), 250)
        assert estate.app.requests.counts == {"GET /assistant": 3}

        # State is lost: everything is found again, and nothing is made.
        (root / ".callsheet/state").rename(tmp_path / "lost")
        found = estate.plan()
        assert (found.summary["import"], found.summary["create"]) == (250, 0)
        assert {change.remote_id for change in found.changes} == made
        estate.apply()
        assert _ids(estate) == made
        assert estate.app.requests.counts.get("POST /assistant", 0) == 0
        assert estate.plan().changes == ()


def _ids(estate: Estate) -> set[str]:
    """Every assistant that the server holds, counted without the list that is capped."""
    organisation = estate.app.store.organisation(estate.environment)
    with estate.app.store.reading() as session:
        rows = session.mentioning(organisation, "assistant", "agent-")
    return {row.id for row in rows}


def _many(root: Path, url: str, count: int) -> None:
    (root / "environments.yaml").write_text(
        f"environments: {{dev: {{provider: {{baseUrl: '{url}', apiKey: 'secrets://env/SANDBOX_KEY'}}}}}}\n"
    )
    (root / "agents.yaml").write_text(
        "---\n".join(
            f"kind: Assistant\nmetadata: {{name: agent-{number:03}}}\n"
            f"spec: {{model: gpt-4.1, systemPrompt: You are agent {number}.}}\n"
            for number in range(count)
        )
    )


# And what follows from references


def test_an_operation_that_is_gone_leaves_its_holders_first(estate: Estate) -> None:
    file = estate.root / "tools/orders-api.yaml"
    file.write_text(file.read_text().partition("    - name: changeDelivery")[0])
    plan = estate.plan()
    actions = {change.address: change.action for change in plan.changes}
    assert actions == {
        "Assistant/orders-desk": Action.UPDATE,
        "Assistant/returns-desk": Action.UPDATE,
        "Tool/orders-api[changeDelivery]": Action.DELETE,
    }
    causes = {line.cause for change in plan.changes[:2] for line in change.attributes}
    assert causes == {Cause.REFERENCE}
    assert {address for address, _ in plan.changes[2].steps[0].after} == set(list(actions)[:2])
    estate.apply()
    assert estate.plan().changes == ()


def test_a_rename_asks_nothing_of_the_provider(estate: Estate) -> None:
    file = "assistants/orders-desk.yaml"
    estate.edit(file, "  name: orders-desk\n", "  name: order-desk\n")
    estate.edit(file, "lifecycle:\n", "lifecycle:\n  movedFrom: Assistant/orders-desk\n")
    estate.edit("tools/hand-offs.yaml", "Assistant/orders-desk", "Assistant/order-desk")
    squad = estate.root / "squads/acme-line.yaml"
    squad.write_text(squad.read_text().replace("{ref: orders-desk}", "{ref: order-desk}"))
    assert estate.plan().summary["move"] == 1
    estate.app.requests.reset()
    estate.apply()
    assert estate.app.requests.writes == ()
    assert estate.plan().changes == ()
    assert estate.drift().exit_code("any") == 0


def test_what_is_lost_with_state_is_found_again(estate: Estate) -> None:
    (estate.root / ".callsheet/state").rename(estate.root.parent / "lost")
    found = estate.plan()
    # Vapi has no name for these two, so nothing tells them from others of their type.
    nameless = {"Tool/end-call", "Tool/transfer-to-human"}
    created = {change.address for change in found.changes if change.action is Action.CREATE}
    assert created == nameless
    assert found.summary["import"] == 29 - len(nameless)
    estate.apply()
    assert estate.plan().changes == ()

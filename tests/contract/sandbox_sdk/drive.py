"""Run by the SDK's own interpreter: drive the server at argv[1] and print what came back as JSON."""

from __future__ import annotations

import json
import sys
from typing import Any

import httpx
from vapi import JsonSchema, OpenAiFunction, OpenAiMessage, OpenAiModel, SquadMemberDto, Vapi
from vapi.core.api_error import ApiError
from vapi.phone_numbers import CreatePhoneNumbersRequest_Vapi, UpdatePhoneNumbersRequestBody_Vapi
from vapi.tools import CreateToolsRequest_Function, UpdateToolsRequestBody_Function

client = Vapi(token="any key", base_url=sys.argv[1])
seen: dict[str, Any] = {}


def assistants() -> str:
    model = OpenAiModel(
        provider="openai", model="gpt-4.1", messages=[OpenAiMessage(role="system", content="Be brief.")]
    )
    made = client.assistants.create(name="Orders", first_message="Hello", model=model)
    seen["assistant.read"] = client.assistants.get(made.id) == made
    changed = client.assistants.update(made.id, name="Orders 2")
    seen["assistant.changed"] = [changed.name, changed.first_message, changed.latest_version]
    seen["assistant.time"] = changed.updated_at > made.created_at
    seen["assistant.list"] = [
        [entry.id for entry in client.assistants.list(limit=10)] == [made.id],
        client.assistants.list(created_at_lt=made.created_at),
    ]
    return made.id


def tools() -> str:
    function = OpenAiFunction(name="look_up", description="Find an order.")
    made = client.tools.create(request=CreateToolsRequest_Function(function=function))
    seen["tool.type"] = [made.type, made.function.strict]
    changed = client.tools.update(made.id, request=UpdateToolsRequestBody_Function(async_=True))
    seen["tool.changed"] = [changed.async_, changed.function.name]
    seen["tool.list"] = len(client.tools.list())
    return made.id


def squads(assistant: str) -> str:
    made = client.squads.create(name="Hotline", members=[SquadMemberDto(assistant_id=assistant)])
    changed = client.squads.update(made.id, name="Line", members=[SquadMemberDto(assistant_id=assistant)])
    seen["squad"] = [changed.name, changed.members[0].assistant_id == assistant, len(client.squads.list())]
    return made.id


def phone_numbers(assistant: str) -> str:
    made = client.phone_numbers.create(request=CreatePhoneNumbersRequest_Vapi(name="Main"))
    changed = client.phone_numbers.update(
        made.id, request=UpdatePhoneNumbersRequestBody_Vapi(assistant_id=assistant)
    )
    paged = client.phone_numbers.phone_number_controller_find_all_paginated(search="main")
    seen["phone"] = [
        made.number == changed.number,
        changed.status,
        len(client.phone_numbers.list()),
        paged.metadata.total_items,
    ]
    return made.id


def structured_outputs(assistant: str) -> str:
    outputs = client.structured_outputs
    made = outputs.structured_output_controller_create(
        name="Satisfied", schema=JsonSchema(type="boolean"), assistant_ids=[assistant]
    )
    changed = outputs.structured_output_controller_update(made.id, schema_override="false", name="Happy")
    listed = outputs.structured_output_controller_find_all(limit=5, page=1)
    mirrored = client.assistants.get(assistant).artifact_plan.structured_output_ids
    seen["output"] = [changed.name, listed.metadata.total_items, mirrored == [made.id]]
    return made.id


def knowledge() -> tuple[str, str]:
    file = client.files.create(file=("faq.md", b"# FAQ", "text/markdown"), purpose="knowledge-base-v2")
    renamed = client.files.update(file.id, name="questions.md")
    seen["file"] = [
        file.bytes,
        file.status,
        renamed.name,
        len(client.files.list(purpose="knowledge-base-v2")),
    ]
    bases = client.knowledge_bases_v_2
    base = bases.knowledge_base_v_2_controller_create(name="FAQs")
    attached = bases.knowledge_base_v_2_controller_file_attach(base.id, file_id=file.id)
    statuses = [bases.knowledge_base_v_2_controller_files_get(base.id)[0].status for _ in range(2)]
    read = bases.knowledge_base_v_2_controller_find_one(base.id)
    tool = client.tools.get(read.tool_id)
    seen["knowledge"] = [attached.status, *statuses, tool.type, tool.knowledge_base_id == base.id]
    return file.id, base.id


def refusals() -> None:
    for name, act in {
        "missing": lambda: client.assistants.get("00000000-0000-4000-8000-000000000000"),
        "bad enum": lambda: client.assistants.create(first_message_mode="sing"),
        "no key": lambda: Vapi(token="", base_url=sys.argv[1]).tools.list(),
    }.items():
        try:
            act()
        except ApiError as refused:
            seen[f"refused.{name}"] = [refused.status_code, refused.body]
        except httpx.HTTPError as other:  # the SDK cannot even send this one
            seen[f"refused.{name}"] = [type(other).__name__, None]


assistant, tool = assistants(), tools()
squad, number = squads(assistant), phone_numbers(assistant)
output, (file, base) = structured_outputs(assistant), knowledge()
refusals()
client.squads.delete(squad)
client.phone_numbers.delete(number)
client.structured_outputs.structured_output_controller_remove(output)
client.knowledge_bases_v_2.knowledge_base_v_2_controller_remove(base)
client.files.delete(file)
client.tools.delete(tool)
client.assistants.delete(assistant)
seen["left"] = [len(client.assistants.list()), len(client.tools.list()), len(client.files.list())]
print(json.dumps(seen, default=str))

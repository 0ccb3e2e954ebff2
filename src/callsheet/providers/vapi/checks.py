"""What Vapi would refuse, or take and never honour, found at plan time with its place and its reason.

Bounds, required and unknown keys come from Vapi's OpenAPI document (`facts`); the rules here are
what it does not say. `docs/providers/vapi.md` lists them with their sources.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from callsheet.model.diagnostics import Diagnostic, Severity, nearest
from callsheet.model.paths import covers, find, matches_any, pattern
from callsheet.model.resource import Resource
from callsheet.model.value import Content, Path, Ref, Value
from callsheet.providers.vapi import facts
from callsheet.providers.vapi.kinds import KINDS
from callsheet.providers.vapi.shapes import Problem, problems

_DICTIONARIES = {"11labs": "rules", "cartesia": "items"}
_PURPOSES = ("assistant", "composer-attachment", "knowledge-base-v2")
_NAME = 40  # characters of a file's name (OpenAPI document of 2026-08-19)
_METADATA = 4096  # characters of a file's metadata as JSON, likewise

Rule = Callable[[Resource], Iterator[Problem]]


def check(resource: Resource) -> list[Diagnostic]:
    """All findings about one resource, refusals as errors and doubts as warnings."""
    found: list[Problem] = []
    shape = facts.roots().get(resource.kind)
    payload = resource.payload
    if resource.kind == "KnowledgeBase":
        # Attached by calls of their own.
        payload = {key: value for key, value in payload.items() if key != "fileIds"}
    for rule in (_server_owned, *_RULES.get(resource.kind, ()), _schemas, _liquid):
        found += rule(resource)
    if shape:
        # A rule's own words say more than the document's bounds.
        taken = {problem.path for problem in found}
        found += [problem for problem in problems(payload, shape) if problem.path not in taken]
    return [_diagnostic(resource, problem) for problem in found]


def _diagnostic(resource: Resource, problem: Problem) -> Diagnostic:
    if _secret(resource, problem.path):
        problem = replace(problem, summary=_QUOTED.sub("the value", problem.summary))
    where = ".".join(str(step) for step in problem.path)
    return Diagnostic(
        Severity.ERROR if problem.refused else Severity.WARNING,
        problem.code,
        f"{where}: {problem.summary}" if where else problem.summary,
        detail=f"According to {facts.source()}." if problem.code in _FROM_DOCUMENT else "",
        hint=problem.hint,
        place=resource.place(problem.path),
        address=str(resource.address),
    )


# How `shapes` shows a value.
_QUOTED = re.compile(r"""'.*'|".*"|(?<=not )['"].*""", re.DOTALL)


def _secret(resource: Resource, path: Path) -> bool:
    """Whether a secret belongs there, or right beneath: what stands there instead may be one."""
    shapes = [field.at for field in KINDS[resource.kind].secrets]
    return covers(path, shapes) or matches_any(path, [shape[:-1] for shape in shapes])


_FROM_DOCUMENT = frozenset(
    {
        "vapi.limit",
        "vapi.pattern",
        "vapi.missing",
        "vapi.wrong-type",
        "vapi.unknown-key",
        "vapi.unknown-value",
        "vapi.deprecated",
    }
)


def _server_owned(resource: Resource) -> Iterator[Problem]:
    """Requests are whitelist-validated: what the server sets cannot be sent (gitops tool)."""
    owned = KINDS[resource.kind].server_owned
    for key in resource.payload:
        if not matches_any((key,), owned):
            continue
        if resource.kind == "StructuredOutput" and key == "assistantIds":
            hint = "name it on the assistant: spec.structuredOutputs: [{ref: NAME}]"
            yield Problem(
                (key,), "vapi.owned-elsewhere", "which assistants use it is theirs to say", hint=hint
            )
        elif resource.kind == "Scorecard" and key == "assistantIds":
            hint = "name it on the assistant: native.artifactPlan.scorecardIds: [{ref: NAME}]"
            yield Problem(
                (key,), "vapi.owned-elsewhere", "which assistants use it is theirs to say", hint=hint
            )
        else:
            yield Problem(
                (key,), "vapi.server-owned", f"{key} is set by Vapi and is never sent", False, "leave it out"
            )


def _squad(resource: Resource) -> Iterator[Problem]:
    members = resource.payload.get("members")
    if members == []:
        yield Problem(("members",), "vapi.squad-empty", "a squad needs at least one member")
    if not isinstance(members, list):
        return
    seen: dict[str, int] = {}
    for index, member in enumerate(members):
        if not isinstance(member, Mapping):
            continue
        at: Path = ("members", index)
        if not member.get("assistantId") and not member.get("assistant"):
            yield Problem(at, "vapi.squad-member", "a member needs assistantId or assistant")
        name = _member_name(member)
        if name in seen:
            # Seen by the gitops tool: such squads are saved and fail when somebody calls.
            summary = f"members {seen[name]} and {index} would have the same name ({name})"
            hint = "names of a squad's members must be unique: override one of them"
            yield Problem(at, "vapi.squad-names", summary, hint=hint)
        elif name:
            seen[name] = index


def _member_name(member: Mapping[str, Value]) -> str:
    for holder in ("assistantOverrides", "assistant"):
        fields = member.get(holder)
        if isinstance(fields, Mapping) and isinstance(fields.get("name"), str):
            return str(fields["name"])
    held = member.get("assistantId")
    return held.address if isinstance(held, Ref) else held if isinstance(held, str) else ""


def _file(resource: Resource) -> Iterator[Problem]:
    payload = resource.payload
    name, purpose = payload.get("name"), payload.get("purpose")
    if isinstance(name, str) and len(name) > _NAME:
        summary = f"has {len(name)} characters, {_NAME} are allowed"
        yield Problem(("name",), "vapi.limit", summary, hint="give the document a shorter `name`")
    if isinstance(purpose, str) and purpose not in _PURPOSES:
        hint = nearest(purpose, _PURPOSES) or f"known are: {', '.join(_PURPOSES)}"
        yield Problem(("purpose",), "vapi.unknown-value", f"{purpose!r} is unknown here", False, hint)
    if isinstance(payload.get("content"), Content) and payload["content"].size == 0:
        yield Problem(("content",), "vapi.empty-file", "the file is empty: there is nothing to search")
    metadata = payload.get("metadata")
    if metadata is not None and not isinstance(metadata, Mapping):
        yield Problem(("metadata",), "vapi.wrong-type", "must be an object")
    elif metadata and len(str(metadata)) > _METADATA:
        yield Problem(("metadata",), "vapi.limit", f"is longer than {_METADATA} characters")


def _dictionary(resource: Resource) -> Iterator[Problem]:
    payload = resource.payload
    provider = payload.get("provider")
    if provider not in _DICTIONARIES:
        yield Problem(
            ("provider",) if "provider" in payload else (),
            "vapi.missing",
            "provider must be 11labs or cartesia",
            hint="set native.provider; it decides whose voices can use the dictionary",
        )
        return
    wanted = _DICTIONARIES[provider]
    if not isinstance(payload.get(wanted), list):
        yield Problem((), "vapi.missing", f"a dictionary of {provider} needs {wanted}, a list")
    for other in set(_DICTIONARIES.values()) - {wanted}:
        if other in payload:
            yield Problem((other,), "vapi.unknown-key", f"a dictionary of {provider} has no {other}")


def _assistant(resource: Resource) -> Iterator[Problem]:
    tools, refs = (
        {_target(value) for _, value in find(resource.payload, pattern(at))}
        for at in ("model.toolIds[*]", "model.toolRefs[*].toolId")
    )
    for name in sorted(tools & refs - {""}):
        # Documented: the server drops the entry of toolIds, which would look like drift.
        summary = f"{name} is in toolIds and in toolRefs; Vapi keeps the latter only"
        yield Problem(("model", "toolIds"), "vapi.tool-twice", summary, hint="name it once")


def _target(value: Value) -> str:
    return value.address if isinstance(value, Ref) else value if isinstance(value, str) else ""


def _phone_number(resource: Resource) -> Iterator[Problem]:
    number = resource.payload.get("number")
    if isinstance(number, int) and not isinstance(number, bool):
        hint = f'write it as a string: "+{number}"'
        yield Problem(("number",), "vapi.number-type", "a phone number is no number", hint=hint)
    assistant, squad = (resource.payload.get(key) for key in ("assistantId", "squadId"))
    if assistant is not None and squad is not None:
        summary = "a number is answered by an assistant or by a squad"
        yield Problem(("squadId",), "vapi.two-answers", summary, hint="leave out one of them")


_LIQUID = re.compile(r"\{\{|\}\}|\{%|%\}")
_CLOSES = {"{{": "}}", "{%": "%}"}


def _liquid(resource: Resource) -> Iterator[Problem]:
    """Liquid tags that are opened and not closed are spoken to the caller as they stand."""
    for path, text in _strings(resource.payload):
        opened = ""
        for found in _LIQUID.finditer(text):
            tag = found.group()
            if not opened and tag in _CLOSES:
                opened = tag
            elif opened and tag == _CLOSES[opened]:
                opened = ""
        if opened:
            summary = f"{opened} is opened and never closed"
            yield Problem(path, "vapi.liquid", summary, False, f"close it with {_CLOSES[opened]}")


def _strings(value: Value, path: Path = ()) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            if path or key not in ("code",):
                yield from _strings(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _strings(item, (*path, index))
    elif isinstance(value, str) and ("{{" in value or "{%" in value):
        yield path, value


# Where a payload holds JSON Schemas. A list of types there crashes Vapi's dashboard (gitops tool, 2026).
_SCHEMAS: Mapping[str, tuple[str, ...]] = {
    "Tool": ("body", "headers", "function.parameters", "variableExtractionPlan.schema"),
    "StructuredOutput": ("schema",),
    "Assistant": ("model.tools[*].function.parameters", "model.tools[*].body", "analysisPlan.**.schema"),
}


def _schemas(resource: Resource) -> Iterator[Problem]:
    for place in _SCHEMAS.get(resource.kind, ()):
        for path, schema in find(resource.payload, pattern(place)):
            yield from _schema(schema, path)


def _schema(schema: Value, path: Path) -> Iterator[Problem]:
    if not isinstance(schema, dict) or len(path) > 64:
        return
    if isinstance(schema.get("type"), list):
        summary = f"type is a list ({', '.join(map(str, schema['type']))})"
        hint = "Vapi takes one type; name the type that is not null"
        yield Problem((*path, "type"), "vapi.schema-types", summary, hint=hint)
    for key in ("$ref", "$defs", "definitions"):
        if key in schema:
            hint = "Vapi does not follow references inside a schema: write the part out"
            yield Problem((*path, key), "vapi.schema-reference", f"{key} in a schema", hint=hint)
    properties = schema.get("properties")
    for key, item in properties.items() if isinstance(properties, dict) else ():
        yield from _schema(item, (*path, "properties", key))
    yield from _schema(schema.get("items"), (*path, "items"))


_RULES: Mapping[str, tuple[Rule, ...]] = {
    "Assistant": (_assistant,),
    "Squad": (_squad,),
    "File": (_file,),
    "PhoneNumber": (_phone_number,),
    "PronunciationDictionary": (_dictionary,),
}

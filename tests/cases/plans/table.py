"""Plans for tests of reports, put together by hand: every sort of change, and what goes with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from callsheet.diff.classes import Class
from callsheet.model.diagnostics import Place, note, warning
from callsheet.model.paths import ABSENT
from callsheet.model.value import After, Content, Digest, External, Ref, Secret, Text
from callsheet.plan.change import Action, Attribute, Call, Cause, Change, Step
from callsheet.plan.plan import Gate, Plan

DIGEST = "sha256:" + "0" * 64
PROMPT = "\n".join(
    [
        "You are the order agent.",
        "Greet the caller by name.",
        "Ask for the order number.",
        "Look the order up.",
        "Always answer in one sentence.",
        "Never guess.",
        "Say goodbye.",
        "Hang up.",
        "",
    ]
)
EDITED = PROMPT.replace("one sentence", "two short sentences").replace("Hang up.\n", "Hang up.\nNo, wait.\n")


def change(address: str, action: Action = Action.UPDATE, *attributes: Attribute, **more: Any) -> Change:
    calls = {Action.CREATE: Call.CREATE, Action.DELETE: Call.DELETE, Action.REFRESH: Call.RECORD}
    fields: dict[str, Any] = {
        "reason": "the files changed",
        "remote_id": None if action is Action.CREATE else "id-1",
        "at": f"specs/{address.lower()}.yaml:1:1",
        "steps": (Step(1, calls.get(action, Call.UPDATE), keys=("name",)),),
        "base_fingerprint": "",
        "change_digest": DIGEST,
        "idempotency_key": "k",
        **more,
    }
    return Change(address, address.partition("/")[0], action, Class.PENDING, attributes=attributes, **fields)


def plan(*changes: Change, seal: bool = True, **more: Any) -> Plan:
    fields: dict[str, Any] = {
        "environment": "dev",
        "instance": "i-1",
        "created_at": "2026-06-01T12:00:00Z",
        "callsheet": "0.1.0",
        "source": {
            "kind": "tree",
            "digest": DIGEST,
            "git": {"sha": "a" * 40, "dirty": True},
            "release": None,
        },
        "target": {"provider": "vapi", "baseUrl": "https://api.vapi.ai", "organisation": "org-1"},
        "lineage": "l-1",
        "serial": 7,
        "unchanged": 41,
        **more,
    }
    made = Plan(changes=changes, **fields)
    return made.sealed() if seal else made


GIT = {"sha": "b" * 40, "dirty": False}


def released(version: int, origin: dict[str, Any], *, new: bool = True, **more: Any) -> dict[str, Any]:
    release = {"version": version, "new": new, "origin": origin, **more}
    return {"kind": "release", "digest": DIGEST, "git": None, "release": release}


def changed(path: str, old: Any = ABSENT, new: Any = ABSENT, **more: Any) -> Attribute:
    op = "add" if old is ABSENT else "remove" if new is ABSENT else "change"
    steps = tuple(int(step) if step.isdecimal() else step for step in path.split("."))
    return Attribute(steps, **{"op": op, "old": old, "new": new, "at": "specs/a.yaml:9:17", **more})


def drifted(
    address: str, *movements: dict[str, Any], classification: str = "drifted", **more: Any
) -> dict[str, Any]:
    return {
        "address": address,
        "kind": address.partition("/")[0],
        "remoteId": "id-9",
        "class": classification,
        "attributes": list(movements),
        **more,
    }


def moved(path: list[str | int], seen: Any, live: Any, **more: Any) -> dict[str, Any]:
    return {
        "path": path,
        "op": "change",
        "managed": True,
        "seen": seen,
        "live": live,
        "sensitive": False,
        **more,
    }


CREATE = change(
    "Assistant/order-agent",
    Action.CREATE,
    changed("name", new="Order Agent"),
    changed("model.temperature", new=0.2),
    changed("model.toolIds", new=[After("Tool/jira[createIssue]"), After("KnowledgeBase/faq", "toolId")]),
    changed("server.headers.X-Key", new=Secret("secrets://env/KEY"), sensitive=True),
    changed("server.headers.Authorization", new=Text(("Bearer ", Secret("secrets://env/T"))), sensitive=True),
    changed("credentialIds", new=[External("Credential", "twilio")]),
    changed("model.messages", new=[{"role": "system", "content": PROMPT}]),
    reason="not there yet",
)
LINES = "\n".join(f"line {number}" for number in range(1, 41))

PLANS: dict[str, Plan] = {
    "empty": plan(),
    "first-plan-of-nothing": plan(unchanged=0, lineage=None, instance=None, serial=0),
    "create": plan(CREATE),
    "create-with-long-values": plan(
        change(
            "Assistant/a",
            Action.CREATE,
            changed("voicemailMessage", new=LINES),
            changed("list", new=[*range(60)]),
        ),
    ),
    "update-scalar": plan(change("Assistant/a", Action.UPDATE, changed("model.temperature", 0.4, 0.2))),
    "update-causes": plan(
        change(
            "Assistant/a",
            Action.UPDATE,
            *(
                changed(f"{cause}", 1, 2, cause=cause)
                for cause in (
                    Cause.SPEC,
                    Cause.SETTINGS,
                    Cause.DRIFT,
                    Cause.REFERENCE,
                    Cause.SECRET,
                    Cause.RENDERER,
                )
            ),
        )
    ),
    "prompt": plan(change("Assistant/a", Action.UPDATE, changed("model.messages.0.content", PROMPT, EDITED))),
    "prompt-all-new": plan(
        change("Assistant/a", Action.UPDATE, changed("model.messages.0.content", PROMPT, "One line only."))
    ),
    "one-long-line": plan(
        change(
            "Assistant/a",
            Action.UPDATE,
            changed("note", "x" * 900 + "old" + "y" * 900, "x" * 900 + "new" + "y" * 900),
        )
    ),
    "composite": plan(
        change(
            "Tool/t",
            Action.UPDATE,
            changed(
                "body",
                {
                    "type": "object",
                    "required": ["a"],
                    "properties": {"a": {"type": "string", "description": "The " * 20}},
                },
                {
                    "type": "object",
                    "required": ["a"],
                    "properties": {"a": {"type": "number", "description": "The " * 20}},
                },
            ),
        )
    ),
    "secrets": plan(
        change(
            "Assistant/a",
            Action.UPDATE,
            changed(
                "server.secret", Digest(""), Secret("secrets://env/NEW"), sensitive=True, cause=Cause.SECRET
            ),
            changed("server.plain", "canary-plain", "canary-other", sensitive=True),
            changed(
                "tools.0",
                new={"server": {"secret": "canary", "x": Secret("secrets://env/A")}},
                sensitive=True,
            ),
        )
    ),
    "references": plan(
        change(
            "Squad/s",
            Action.UPDATE,
            changed(
                "members.0.assistantId",
                Ref("Assistant/a", id="old"),
                After("Assistant/a"),
                cause=Cause.REFERENCE,
            ),
            changed("members.1.assistantId", "0000", Ref("Assistant/b", id="new")),
        )
    ),
    "reorder-and-release": plan(
        change(
            "Assistant/a",
            Action.UPDATE,
            changed("model.tools", ["a", "b"], ["b", "a"], op="reorder"),
            changed("voice.speed", 1.2, ABSENT, op="release"),
            changed("firstMessage", "Hello"),
        )
    ),
    "conflict": plan(
        change(
            "Assistant/a",
            Action.UPDATE,
            changed("model.temperature", 0.9, 0.2, op="conflict", applied=0.4, seen=0.4),
            conflict=True,
        )
    ),
    "delete": plan(
        change(
            "Assistant/gone", Action.DELETE, changed("name", "Gone"), name="Gone", reason="no longer declared"
        ),
        unchanged=0,
    ),
    "replace": plan(
        change(
            "Tool/t",
            Action.REPLACE,
            changed("type", "function", "endCall"),
            reason="type cannot be changed on an existing Tool",
            steps=(
                Step(1, Call.CREATE, keys=("type",)),
                Step(2, Call.DELETE, remote_id="id-1", after=(("Tool/t", 1),)),
            ),
        )
    ),
    "cycle-in-steps": plan(
        change(
            "Tool/hand-back",
            Action.CREATE,
            changed("destinations", new=[{"assistantId": After("Assistant/front")}]),
            reason="not there yet",
            steps=(
                Step(1, Call.CREATE, keys=("type",), omit=(("destinations", 0, "assistantId"),)),
                Step(
                    2,
                    Call.UPDATE,
                    keys=("destinations",),
                    clear=(("messages",),),
                    after=(("Tool/hand-back", 1), ("Assistant/front", 1)),
                ),
            ),
        )
    ),
    "import-move-forget-refresh": plan(
        change("Assistant/i", Action.IMPORT, reason="exists at the provider and is taken over as it is"),
        change("Assistant/new", Action.MOVE, moved_from="Assistant/old", reason="was Assistant/old"),
        change(
            "Assistant/f", Action.FORGET, reason="no longer declared; onRemove: forget leaves it", at=None
        ),
        change("Assistant/r", Action.REFRESH, reason="state takes over what is already so"),
    ),
    "drift": plan(
        drift=(
            drifted("Assistant/a", moved(["model", "temperature"], 0.2, 0.9), name="A"),
            drifted("Assistant/b", classification="missing"),
            drifted(
                "Assistant/c", moved(["voice", "speed"], 1, 2, managed=False), classification="unmanaged"
            ),
            drifted(
                "Assistant/d",
                moved(
                    ["firstMessage"],
                    "Hi",
                    "Ho",
                    acknowledged={"owner": "ana", "until": "2026-07-01", "reason": "campaign"},
                ),
            ),
            drifted(
                "Assistant/e", moved(["server", "secret"], {"$digest": ""}, {"$digest": ""}, sensitive=True)
            ),
        )
    ),
    "unmanaged-and-notices": plan(
        unmanaged=(
            {"kind": "Assistant", "remoteId": "u-1", "name": "By hand"},
            {"kind": "Assistant", "remoteId": "u-2", "name": None},
            {"kind": "Tool", "remoteId": "u-3", "name": "t"},
        ),
        notices=(
            {
                "kind": "Assistant",
                "path": "voice.cachingEnabled",
                "live": True,
                "addresses": [f"Assistant/{n}" for n in "abcde"],
            },
        ),
    ),
    "normalised": plan(
        normalised=({"address": "Assistant/a", "path": ["voice", "speed"], "verdict": "normalised"},)
    ),
    "diagnostics": plan(
        diagnostics=(
            warning(
                "plan.secret-not-compared",
                "secrets://env/X cannot be resolved here, so its value was not compared",
                detail="Apply needs it where the resource is created or updated.",
                place=Place("specs/a.yaml", 4, 2),
                address="Assistant/a",
            ),
            note("plan.from-tree", "uat is planned from the working tree"),
        )
    ),
    "refused": plan(
        change("Assistant/gone", Action.DELETE, reason="no longer declared"),
        gates=(
            Gate(
                "emptyDesired",
                "refused",
                "the files declare nothing, and state holds 12 resources",
                "check the folder",
            ),
            Gate(
                "massDelete",
                "passed",
                "4 of 12 Assistant resources would be deleted, allowed by --allow-mass-delete",
            ),
        ),
    ),
    "protected": plan(
        change("Assistant/a", Action.UPDATE, changed("firstMessage", "a", "b")),
        gates=(
            Gate("principals", "passed", "bert (unverified) may apply"),
            Gate("ticket", "passed", "for OPS-12", given={"ticket": "OPS-12"}),
            Gate(
                "signOffs",
                "pending",
                "0 of 1 sign-off given for these changes",
                "callsheet approve FILE, of this plan in a file by one of: ana, ben",
            ),
            Gate(
                "changeWindow",
                "pending",
                "changes are applied within mon-fri 09:00-17:00 UTC",
                "apply it then",
            ),
            Gate(
                "requireClean", "overridden", "Assistant/b changed at the provider; bert (unverified): 2 a.m."
            ),
        ),
        author={"name": "anna", "how": "USER", "verified": False},
    ),
    "destroy": plan(
        *(
            change(f"Assistant/a{number:02}", Action.DELETE, reason="no longer declared")
            for number in range(25)
        ),
        mode="destroy",
        unchanged=0,
    ),
    "uploads": plan(
        change(
            "KnowledgeBase/faq[returns.md]",
            Action.CREATE,
            changed("content", new=Content("ab" * 32, "returns.md", 12_345)),
            reason="not there yet",
        ),
        contents=("ab" * 32,),
    ),
    "without-git": plan(source={"kind": "tree", "digest": DIGEST, "git": None, "release": None}),
    "promote": plan(
        change("Assistant/a", Action.UPDATE, changed("model.temperature", 0.4, 0.2), at=None),
        environment="prod",
        mode="promote",
        source=released(4, {"environment": "uat", "version": 7, "git": None}, prompts={"order": "v3"}),
    ),
    "pinned": plan(
        environment="uat",
        source=released(7, {"environment": "dev", "version": None, "git": GIT}, new=False),
    ),
    "rollback-to-a-version": plan(
        change("Assistant/a", Action.UPDATE, changed("model.temperature", 0.2, 0.4, cause=Cause.ROLLBACK)),
        environment="prod",
        mode="rollback",
        source=released(5, {"environment": "uat", "version": 6, "git": None}, backTo=3),
    ),
    "rollback-to-an-export": plan(
        change("Assistant/new", Action.DELETE, reason="came after the export", at=None),
        change(
            "Assistant/a", Action.UPDATE, changed("name", "B", "A", cause=Cause.ROLLBACK, at=None), at=None
        ),
        mode="rollback",
        source={
            "kind": "export",
            "digest": "ab" * 32,
            "git": None,
            "release": None,
            "run": "r-1",
            "takenAt": "2026-05-31T09:00:00Z",
        },
    ),
    "sign-offs": plan(
        change("Assistant/a", Action.UPDATE, changed("model.temperature", 0.4, 0.2)),
        environment="prod",
        gates=(
            Gate("signOffs.legal", "passed", "bea@acme.example signed these changes on 2026-06-01"),
            Gate(
                "signOffs.product",
                "pending",
                "1 of 2 that the protection asks for",
                "callsheet approve FILE, by somebody of product",
            ),
            Gate("window", "pending", "the next window opens 2026-06-02T06:00Z", "wait, or --break-glass"),
            Gate("tests", "overridden", "2 of 40 conversations failed; overridden by ana: incident 12"),
            Gate("hold", "passed", "rolled back by run r-1, and --resume brings it back"),
        ),
        author={
            "name": "ana@acme.example",
            "how": "oidc",
            "verified": True,
            "issuer": "https://id.acme.example",
        },
    ),
    "refused-many-times": plan(
        *(change(f"PhoneNumber/line-{n}", Action.DELETE, reason="no longer declared") for n in range(4)),
        gates=tuple(
            Gate(
                "preventDestroy",
                "refused",
                f"PhoneNumber/line-{n} would be deleted, and it is protected by lifecycle.preventDestroy",
                "apply it once with `preventDestroy: false`, then remove it",
            )
            for n in range(4)
        ),
    ),
    "reaches": plan(
        change("Tool/jira[createIssue]", Action.UPDATE, changed("function.description", "Old", "New")),
        change("Assistant/lonely", Action.UPDATE, changed("name", "A", "B")),
        change("KnowledgeBase/faq[a.md]", Action.DELETE, changed("name", "a.md"), at=None),
        reaches={
            "Tool/jira[createIssue]": ("Assistant/a", "Assistant/b", "Assistant/c"),
            "Assistant/a": ("Squad/front",),
            "Squad/front": ("PhoneNumber/de", "PhoneNumber/at"),
            "KnowledgeBase/faq[a.md]": ("KnowledgeBase/faq",),
        },
    ),
    "from-elsewhere": plan(
        change("Assistant/here", Action.UPDATE, changed("name", "A", "B"), at="assistants/here.yaml:1:1"),
        change(
            "Assistant/set-back",
            Action.UPDATE,
            changed("name", "A", "B", cause=Cause.DRIFT),
            at="assistants/set-back.yaml:1:1",
            reason="changed behind Callsheet's back, and is set back",
        ),
        change(
            "Tool/rendered",
            Action.UPDATE,
            changed("timeout", 20, 30, cause=Cause.RENDERER),
            at="tools/rendered.yaml:1:1",
            reason="this version of Callsheet renders it differently",
        ),
        change("Tool/merged-by-others", Action.DELETE, reason="no longer declared", at=None),
    ),
    "deletes-with-text": plan(
        change(
            "Assistant/gone",
            Action.DELETE,
            changed("model.messages.0.content", PROMPT),
            changed("name", "Gone"),
            reason="no longer declared",
            at=None,
        )
    ),
    "conflict-of-texts": plan(
        change(
            "Assistant/a",
            Action.UPDATE,
            changed(
                "model.messages.0.content",
                PROMPT + "By hand.\n",
                EDITED,
                op="conflict",
                applied=PROMPT,
                seen=PROMPT,
            ),
            conflict=True,
        )
    ),
    "markdown-in-values": plan(
        change(
            "Assistant/a",
            Action.UPDATE,
            changed("pattern", "a|b", "a\\|b | `c`"),
            changed("model.messages.0.content", "```\ncode\n```\n", "````\ncode @all\n````\n"),
        )
    ),
}


def large(count: int) -> Plan:
    """Many creations and as many updates of prompts."""
    return plan(
        *(replace(CREATE, address=f"Assistant/new-{number}") for number in range(count)),
        *(
            change(
                f"Assistant/old-{number}", Action.UPDATE, changed("model.messages.0.content", PROMPT, EDITED)
            )
            for number in range(count)
        ),
    )

"""An estate with a canary in every place that may hold a secret, and what somebody does to it elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

from canaries.canary import secret
from support.world import World

# What the files refer to, by the variable that has it.
VARIABLES = {
    "VAPI_KEY": "provider key",
    "SRV": "secret of a server",
    "HDR": "header of a server",
    "CRD": "inline credential",
    "TLH": "header of a tool",
    "ENV": "environment of a tool",
    "TXT": "inside of a text",
    "VAR": "in a variable",
    "OVR": "in an override",
    "SHORT": "short",
    "AWKWARD": "awkward",
    "ORDERS_AUTH": "tool's auth",
    "PHN": "phone password",
}
ENVIRONMENT = """\
variables: {TOKEN: "secrets://env/VAR"}
overrides:
  Assistant/plain: {spec: {native: {server: {headers: {X-Override: "secrets://env/OVR"}}}}}
"""


def sow(world: World) -> Path:
    """Write the files; the path of the one that has a secret in it."""
    world.variables = {name: secret(canary) for name, canary in VARIABLES.items()}
    world.environment(ENVIRONMENT)
    file = world.root.parent / "secret.txt"
    file.write_text(secret("from a file") + "\n")
    world.assistant("desk", **desk())
    world.assistant("plain", native={"server": {"url": "https://plain.example"}})
    world.document("Tool", "orders", orders())
    code = {"type": "code", "function": {"name": "run"}, "code": "return 1"}
    world.document("Tool", "run", {"type": "code", "native": code | {"environmentVariables": variables()}})
    hook = {"function": {"name": "hook"}, "server": server(f"secrets://file/{file}")}
    world.document("Tool", "hook", {"type": "function", "native": hook})
    number = {"provider": "twilio", "number": "+14155550100", "twilioAccountSid": "AC1"}
    world.document(
        "PhoneNumber",
        "line",
        {"native": {**number, "name": "line", "twilioAuthToken": "secrets://env/PHN"}},
        lifecycle={"preventDestroy": False},
    )
    world.file("knowledge/faq.md", "# Returns\n\nThirty days.\n")
    world.document("KnowledgeBase", "faq", {"documents": ["knowledge/faq.md"]})
    return file


def desk(**more: Any) -> dict[str, Any]:
    native = {
        "server": {**server("secrets://env/HDR"), "secret": "secrets://env/SRV"},
        "credentials": [{"provider": "openai", "apiKey": "secrets://env/CRD"}],
        "voicemailMessage": "Say ${secrets://env/AWKWARD}, ${secrets://env/SHORT}, ${secrets://env/TXT}.",
    }
    return {"native": native, **more}


def orders(timeout: int = 10) -> dict[str, Any]:
    return {
        "type": "http",
        "endpoint": "https://orders.example",
        "headers": {"X-Key": "secrets://env/TLH", "X-Variable": "${variables.TOKEN}"},
        "authRef": "secrets/orders-auth",
        "timeoutSeconds": timeout,
        "operations": [{"name": "getOrder", "method": "GET", "path": "/orders"}],
    }


def server(header: str) -> dict[str, Any]:
    return {"url": "https://hook.example", "headers": {"X-Key": header}}


def variables() -> list[dict[str, str]]:
    return [{"name": name, "value": f"secrets://env/{name}"} for name in ("ENV", "SHORT", "AWKWARD")]


def unmanaged(world: World) -> None:
    """What others keep in the same organisation."""
    tool = {"type": "function", "function": {"name": "theirs"}}
    world.api("POST", "/tool", tool | {"server": server(secret("unmanaged header"))})
    # Somebody took a token for a name, and another for a greeting.
    name, greeting = secret("header of a server"), secret("inline credential")
    world.api("POST", "/assistant", {"name": name, "firstMessage": greeting})


def meddle(world: World) -> None:
    """What somebody does in the dashboard: headers of their own, and tokens where they do not belong."""
    live = world.live("/assistant", "desk")["server"]
    headers = {**live["headers"], "X-Theirs": secret("header in the dashboard")}
    world.edit(
        "/assistant",
        "desk",
        {
            "server": {**live, "headers": headers, "secret": secret("secret of a server")},
            "endCallMessage": f"The key is {secret('provider key')}.",
        },
    )
    world.edit(
        "/assistant",
        "plain",
        {
            "server": {
                **world.live("/assistant", "plain")["server"],
                "secret": secret("server secret in the dashboard"),
            },
            "firstMessage": f"Their file says {secret('from a file')}",
            "endCallMessage": f"And this is {secret('awkward')}",
            "voicemailMessage": f"In JSON {json.dumps(secret('awkward'))}, "
            f"in URLs {quote(secret('awkward'))}",
        },
    )
    line = world.live("/phone-number", "line")
    world.api("PATCH", f"/phone-number/{line['id']}", {"name": secret("phone password")})

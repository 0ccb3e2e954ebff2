"""The control endpoint: `/__sandbox__/faults`, `/__sandbox__/requests`. No part of Vapi's API."""

from __future__ import annotations

from typing import Any

import orjson
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request, Response

from callsheet.sandbox.call import answer
from callsheet.sandbox.faults import Fault, Faults
from callsheet.sandbox.problems import Problem
from callsheet.sandbox.recorder import Recorder

PREFIX = "/__sandbox__/"


def control(request: Request, faults: Faults, recorder: Recorder) -> Response:
    """Answer a request below PREFIX; Problem where it is none that is known."""
    # A page in somebody's browser must not be able to switch anything.
    if "Origin" in request.headers:
        raise Problem(403, "The control endpoint does not talk to web pages")
    match request.path.removeprefix(PREFIX), request.method:
        case "requests", "GET":
            return answer(orjson.dumps(recorder.to_json()))
        case "requests", "DELETE":
            recorder.reset()
        case "faults", "GET":
            pass
        case "faults", "POST":
            faults.add(*_switches(request))
        case "faults", "PUT":
            faults.replace(_switches(request))
        case "faults", "DELETE":
            faults.clear()
        case (("requests" | "faults"), _):
            raise Problem(405, f"{request.method} is not possible here")
        case _:
            raise Problem(404, f"Cannot {request.method} {request.path}")
    if request.path.endswith("requests"):
        return answer(orjson.dumps(recorder.to_json()))
    shown = [fault.to_json() for fault in faults.switches]
    return answer(orjson.dumps({"faults": shown}), 201 if request.method == "POST" else 200)


def _switches(request: Request) -> list[Fault]:
    """One switch, a list of them, or `{"faults": […]}`; texts are read as on the command line."""
    try:
        body: Any = orjson.loads(request.get_data(cache=False))
    except RequestEntityTooLarge:
        raise Problem(413, "request entity too large") from None
    except orjson.JSONDecodeError as wrong:
        raise Problem(400, f"The body is not valid JSON: {wrong}") from None
    if isinstance(body, dict) and "faults" in body:
        body = body["faults"]
    entries = body if isinstance(body, list) else [body]
    out, errors = [], []
    for index, entry in enumerate(entries):
        try:
            out.append(Fault.parse(entry) if isinstance(entry, str) else Fault.from_json(entry))
        except ValueError as wrong:
            errors.append(f"faults.{index}: {wrong}")
    if errors:
        raise Problem(400, errors)
    return out

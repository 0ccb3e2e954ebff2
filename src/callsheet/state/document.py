"""The whole state as one sealed document: how a snapshot is kept, and how state travels as a file."""

from __future__ import annotations

from callsheet.state.begun import Begun
from callsheet.state.record import Record
from callsheet.state.sealing import Broken, seal, unseal
from callsheet.state.snapshot import State

FORMAT = "callsheet.state/1"


def write_state(state: State) -> bytes:
    """A header, one line per record in the order of their addresses, the trailer."""
    header = {
        "format": FORMAT,
        "environment": state.environment,
        "lineage": state.lineage,
        "serial": state.serial,
        "key": state.key.hex(),
        "instance": state.instance,
        "organisation": state.organisation,
        "fence": state.fence,
        "born": state.born,
        "run": dict(state.run) if state.run else None,
        "hold": dict(state.hold) if state.hold else None,
        "audit": dict(state.audit) if state.audit else None,
        "releases": [dict(release) for release in state.releases],
        "protection": dict(state.protection) if state.protection else None,
        "route": dict(state.route) if state.route else None,
        "begun": [begun.to_json() for _, begun in sorted(state.begun.items())],
    }
    return seal(header, (record.to_json() for _, record in sorted(state.records.items())))


def read_state(data: bytes) -> State:
    """The state that a document holds. Broken where it is not whole, OtherFormat where it is another one."""
    header, lines = unseal(data, FORMAT)
    try:
        records = [Record.from_json(line) for line in lines]
        return State(
            environment=header["environment"],
            lineage=header["lineage"],
            serial=header["serial"],
            key=bytes.fromhex(header["key"]),
            instance=header.get("instance"),
            organisation=header.get("organisation"),
            fence=header.get("fence", 0),
            born=header.get("born"),
            run=header.get("run"),
            hold=header.get("hold"),
            audit=header.get("audit"),
            releases=tuple(header.get("releases", ())),
            protection=header.get("protection"),
            route=header.get("route"),
            begun={begun.name: begun for begun in map(Begun.from_json, header.get("begun", ()))},
            records={record.address: record for record in records},
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Broken("it holds something that is no record") from None

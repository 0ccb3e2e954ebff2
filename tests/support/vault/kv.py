"""The KV engines, version 1 and 2."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

from support.vault.answers import NOTHING, Answer, Body, Problem, data, envelope, keys


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


def below(paths: Any, start: str) -> set[str]:
    """The names right below a folder; folders end with a slash."""
    start = start.rstrip("/") + "/" if start else ""
    rest = [path.removeprefix(start) for path in paths if path.startswith(start)]
    return {each.partition("/")[0] + ("/" if "/" in each else "") for each in rest}


class KvOne:
    version = "1"

    def __init__(self) -> None:
        self.secrets: dict[str, Body] = {}

    def handle(self, method: str, path: str, _query: Body, body: Body) -> Answer:
        if method == "LIST":
            return keys(below(self.secrets, path))
        if method in ("POST", "PUT"):
            self.secrets[path] = body
            return NOTHING
        if method == "DELETE":
            self.secrets.pop(path, None)
            return NOTHING
        if path not in self.secrets:
            raise Problem(404)
        return Answer(200, envelope(self.secrets[path], lease_duration=2764800))


class KvTwo:
    version = "2"

    def __init__(self) -> None:
        self.config: Body = {"max_versions": 0, "cas_required": False, "delete_version_after": "0s"}
        self.secrets: dict[str, Body] = {}

    def handle(self, method: str, path: str, query: Body, body: Body) -> Answer:
        section, _, name = path.partition("/")
        versions = [str(each) for each in body.get("versions") or []]
        match section, method:
            case "config", "GET":
                return data(self.config)
            case "config", _:
                self.config.update(body)
                return NOTHING
            case "data", "GET":
                return self._read(name, query)
            case "data", "POST" | "PUT" | "PATCH":
                return self._write(name, body, merge=method == "PATCH")
            case "data", "DELETE":
                if name in self.secrets:
                    self._mark(name, [str(self.secrets[name]["current_version"])], deletion_time=now())
                return NOTHING
            case "delete", _:
                return self._mark(name, versions, deletion_time=now())
            case "undelete", _:
                return self._mark(name, versions, deletion_time="")
            case "destroy", _:
                return self._mark(name, versions, destroyed=True)
            case "metadata", "LIST":
                return keys(below(self.secrets, name))
            case "metadata", "GET":
                return data(self._public(self._entry(name)))
            case "metadata", "DELETE":
                self.secrets.pop(name, None)
                return NOTHING
            case "metadata", _:
                self.secrets.setdefault(name, self._fresh()).update(body)
                return NOTHING
        # Whoever forgets `data/` meets this.
        words = (
            "Invalid path for a versioned K/V secrets engine. "
            "See the API docs for the appropriate API endpoints to use."
        )
        raise Problem(404, body={"errors": [], "warnings": [words]})

    def _fresh(self) -> Body:
        return {
            "cas_required": False, "created_time": now(), "current_version": 0, "custom_metadata": None,
            "delete_version_after": "0s", "max_versions": 0, "oldest_version": 0, "updated_time": now(),
            "versions": {},
        }  # fmt: skip

    def _entry(self, name: str) -> Body:
        if name not in self.secrets:
            raise Problem(404)
        return self.secrets[name]

    @staticmethod
    def _public(entry: Body) -> Body:
        out = copy.deepcopy(entry)
        for each in out["versions"].values():
            each.pop("data")
        return out

    def _about(self, entry: Body, number: str) -> Body:
        one = {key: item for key, item in entry["versions"][number].items() if key != "data"}
        return {**one, "custom_metadata": entry["custom_metadata"], "version": int(number)}

    def _read(self, name: str, query: Body) -> Answer:
        entry = self._entry(name)
        number = str(int(query.get("version") or 0) or entry["current_version"])
        if number not in entry["versions"]:
            raise Problem(404)
        one, about = entry["versions"][number], self._about(entry, number)
        if one["destroyed"] or one["deletion_time"]:
            raise Problem(404, body=envelope({"data": None, "metadata": about}))
        return data({"data": one["data"], "metadata": about})

    def _write(self, name: str, body: Body, *, merge: bool) -> Answer:
        if "data" not in body:
            raise Problem(400, "no data provided")
        known = self.secrets.get(name)
        if merge and (known is None or not known["current_version"]):
            raise Problem(404)
        entry = self.secrets.setdefault(name, self._fresh())
        current = entry["current_version"]
        cas = (body.get("options") or {}).get("cas")
        if cas is None and (entry["cas_required"] or self.config["cas_required"]):
            raise Problem(400, "check-and-set parameter required for this call")
        if cas is not None and cas != current:
            raise Problem(400, "check-and-set parameter did not match the current version")
        value = body["data"]
        if merge:
            value = {**entry["versions"][str(current)]["data"], **value}
            value = {key: item for key, item in value.items() if item is not None}
        number = str(current + 1)
        entry["versions"][number] = {
            "created_time": now(), "deletion_time": "", "destroyed": False, "data": value,
        }  # fmt: skip
        entry.update(current_version=current + 1, updated_time=now())
        bound = entry["max_versions"] or self.config["max_versions"] or 10
        for old in sorted(entry["versions"], key=int)[:-bound]:
            del entry["versions"][old]
            entry["oldest_version"] = int(old) + 1
        return data(self._about(entry, number))

    def _mark(self, name: str, numbers: list[str], **what: Any) -> Answer:
        for number in numbers:
            if one := self.secrets.get(name, {}).get("versions", {}).get(number):
                one.update(what)
                if one["destroyed"]:
                    one["data"] = None
        return NOTHING

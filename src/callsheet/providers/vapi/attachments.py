"""The files of a knowledge base: attached and detached one by one, and of use once they are indexed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote

from callsheet.model.errors import CallsheetError, ProviderError
from callsheet.model.resource import RemoteObject
from callsheet.providers.base import NotFound, Unfinished
from callsheet.providers.clock import Clock
from callsheet.providers.transport import Transport
from callsheet.providers.vapi.decode import remote

_KIND = "KnowledgeBase"
_PATIENCE = 300.0  # seconds for which indexing is waited for
_FIRST, _LONGEST = 1.0, 10.0  # seconds between two looks


class Attachments:
    """Brings a knowledge base to the wanted files, step by step; Unfinished says how far it got."""

    def __init__(self, transport: Transport, clock: Clock, alive: Callable[[], None]) -> None:
        self._transport, self._clock = transport, clock
        self._write = partial(transport.request, alive=alive)

    def settle(self, base: RemoteObject, wanted: list[str], key: str) -> RemoteObject:
        """Attach what is missing, detach what is too much, wait until all of it is indexed."""
        reached = base
        try:
            if "files" in base.payload:
                live = _statuses(base)
            else:
                reached = self._read(base)
                live = _statuses(reached)
            moved = False
            for file in wanted:
                if file not in live:
                    self._attach(base, file, key)
                    moved = True
                elif live[file] == "failed":
                    self._write("POST", self._path(base, file, "retry"), key=key)
                    moved = True
            for file in live:
                if file not in wanted:
                    self._detach(base, file, key)
                    moved = True
            reached = self._read(reached) if moved else reached
            return self._indexed(reached, wanted)
        except Unfinished:
            raise
        except CallsheetError as cause:
            failure = cause
        raise Unfinished(self._as_far_as(reached), failure)

    def _attach(self, base: RemoteObject, file: str, key: str) -> None:
        self._write("POST", self._path(base), json={"fileId": file}, key=key)

    def _detach(self, base: RemoteObject, file: str, key: str) -> None:
        try:
            self._write("DELETE", self._path(base, file), key=key)
        except NotFound:
            return

    def _indexed(self, base: RemoteObject, wanted: list[str]) -> RemoteObject:
        """Wait for the files and, where there are any, for the search tool that they bring."""
        started, pause = self._clock.monotonic(), _FIRST
        while True:
            statuses = _statuses(base)
            failed = sorted(file for file in wanted if statuses.get(file) == "failed")
            if failed:
                raise Unfinished(base, _failed(base, failed))
            waiting = sorted(file for file in wanted if statuses.get(file) != "ready")
            if not waiting and (not wanted or base.payload.get("toolId")):
                return base
            if self._clock.monotonic() - started >= _PATIENCE:
                raise Unfinished(base, _slow(base, waiting))
            self._clock.sleep(pause)
            pause = min(_LONGEST, pause * 2)
            base = self._read(base)

    def _as_far_as(self, reached: RemoteObject) -> RemoteObject:
        """The object after a failure, if it can be read."""
        try:
            return self._read(reached)
        except ProviderError:
            return reached

    def _read(self, base: RemoteObject) -> RemoteObject:
        return remote(_KIND, self._transport.request("GET", f"/v2/knowledge-base/{quote(base.id, safe='')}"))

    def _path(self, base: RemoteObject, *more: str) -> str:
        parts = (base.id, "file", *more)
        return "/v2/knowledge-base/" + "/".join(quote(part, safe="") for part in parts)


def _statuses(base: RemoteObject) -> dict[str, str]:
    files: list[Any] = base.payload.get("files") or []
    return {file["fileId"]: str(file.get("status", "")) for file in files if isinstance(file, dict)}


def _names(base: RemoteObject, files: list[str]) -> str:
    held: list[Any] = base.payload.get("files") or []
    names = {file.get("fileId"): file.get("fileName") for file in held if isinstance(file, dict)}
    return ", ".join(str(names.get(file) or file) for file in files)


def _failed(base: RemoteObject, files: list[str]) -> ProviderError:
    return ProviderError(
        f"Vapi could not index {_names(base, files)} of knowledge base {base.name or base.id}",
        detail="The file is attached and will not be found by the search tool.",
        hint="check that it is text, Markdown, PDF or the like and not empty; applying again tries again",
        code="provider.indexing-failed",
    )


def _slow(base: RemoteObject, files: list[str]) -> ProviderError:
    what = f"indexing {_names(base, files)}" if files else "making its search tool"
    return ProviderError(
        f"Vapi is still {what} of knowledge base {base.name or base.id} after {_PATIENCE:.0f} s",
        detail="The files are attached; what uses the knowledge base waits for them.",
        hint="apply again later",
        code="provider.indexing-slow",
    )

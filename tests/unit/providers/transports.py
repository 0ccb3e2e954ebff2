"""Transports for tests, and the one error that a request of theirs must end in."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

from callsheet.model.errors import ProviderError
from callsheet.model.exchange import untapped
from callsheet.providers.redaction import Redactor
from callsheet.providers.settings import Limits
from callsheet.providers.transport import Transport
from support.clock import FakeClock

KEY = "key-0123456789-abcdef"


def transport(url: str, **more: Any) -> Transport:
    more.setdefault("clock", FakeClock())
    more.setdefault("on_event", lambda event: None)
    return Transport("Vapi", url, KEY, redactor=Redactor(), jitter=lambda: 1.0, **more)


def failure(url: str, method: str = "GET", **more: Any) -> ProviderError:
    limits = more.pop("limits", Limits(read=0.3))
    tap = more.pop("tap", untapped)
    made = transport(url, limits=limits, explanations=more.pop("explanations", None), tap=tap)
    try:
        with pytest.raises(ProviderError) as raised:
            made.request(method, "/assistant", **more)
    finally:
        made.close()
    shown = "".join(traceback.format_exception(raised.value))
    assert KEY not in shown
    assert KEY not in repr(made)
    return raised.value


def finding(error: ProviderError) -> tuple[str, str, str]:
    (only,) = error.diagnostics
    return only.code, only.summary, only.detail

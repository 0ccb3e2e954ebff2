from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest

from callsheet.model.errors import ProviderError
from callsheet.providers import registry
from support.clock import FakeClock


def test_the_catalogue_of_vapi() -> None:
    assert registry.catalogue("vapi").provider == "vapi"
    assert "vapi" in registry.names()


def test_a_catalogue_needs_no_http_library() -> None:
    code = (
        "import sys\n"
        "from callsheet.providers.registry import catalogue\n"
        "catalogue('vapi')\n"
        "heavy = {'httpx', 'tenacity', 'jsonschema_rs', 'pydantic'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_provider_names_the_nearest() -> None:
    with pytest.raises(ProviderError, match="unknown provider 'vappi'") as raised:
        registry.catalogue("vappi")
    assert "vapi" in raised.value.diagnostics[0].hint
    with pytest.raises(ProviderError) as raised:
        registry.connect("zzz", base_url=None, api_key="k")
    assert "known are: " in raised.value.diagnostics[0].hint


def test_connecting_sends_nothing_and_has_a_default_address() -> None:
    made = registry.connect("vapi", base_url=None, api_key="k", clock=FakeClock())
    assert made.target.base_url == "https://api.vapi.ai"
    assert made.target.provider == "vapi"
    made.close()


def test_a_key_that_cannot_be_used_is_told_when_connecting() -> None:
    with pytest.raises(ProviderError, match="API key"):
        registry.connect("vapi", base_url=None, api_key="a\nb")


def plug(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    point = EntryPoint(name="other", value=value, group=registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda group: [point])


def test_other_packages_bring_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    plug(monkeypatch, "unit.providers.test_registry:OTHER")
    assert registry.catalogue("other").provider == "vapi"
    assert registry.names() == ["other", "vapi"]


OTHER = registry.PROVIDERS["vapi"]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("unit.providers.missing:X", "cannot be loaded"),
        ("unit.providers.test_registry:plug", "no Registration"),
    ],
)
def test_a_provider_that_is_broken_is_one_error(
    monkeypatch: pytest.MonkeyPatch, value: str, why: str
) -> None:
    plug(monkeypatch, value)
    with pytest.raises(ProviderError, match=why):
        registry.catalogue("other")

"""Which providers there are: an explicit table, and what other packages bring as entry points.

An entry point of the group `callsheet.providers` leads to a `Registration`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callsheet.model.diagnostics import Diagnostic, nearest
from callsheet.model.errors import ProviderError
from callsheet.model.events import Listener, silent
from callsheet.model.exchange import Tap, untapped
from callsheet.model.kinds import Catalogue
from callsheet.model.resource import Resource
from callsheet.providers.base import Provider
from callsheet.providers.clock import Clock, SystemClock

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

GROUP = "callsheet.providers"


@dataclass(frozen=True, slots=True)
class Registration:
    """Where a provider's parts are, as `module:name`; nothing is imported before it is needed.

    `catalogue` is a class without arguments, `provider` one with the arguments of `connect`.
    """

    catalogue: str
    provider: str
    vendor_check: str  # takes a downloaded OpenAPI document's path; called with a resource, gives diagnostics
    base_url: str  # where the provider lives unless an environment says otherwise


PROVIDERS: Mapping[str, Registration] = {
    "vapi": Registration(
        "callsheet.providers.vapi.catalogue:VapiCatalogue",
        "callsheet.providers.vapi.provider:VapiProvider",
        "callsheet.providers.vapi.vendor:VapiVendorCheck",
        "https://api.vapi.ai",
    ),
}


def names() -> list[str]:
    """The providers that can be named in `provider.type`."""
    return sorted({*PROVIDERS, *(point.name for point in entry_points(group=GROUP))})


def registration(provider: str) -> Registration:
    """ProviderError, with the known names, when there is no such provider."""
    if provider in PROVIDERS:
        return PROVIDERS[provider]
    for point in entry_points(group=GROUP):
        if point.name == provider:
            found = _loaded(provider, point.load)
            if isinstance(found, Registration):
                return found
            raise ProviderError(
                f"provider {provider!r}: {point.value} is no Registration", code="provider.plugin"
            )
    raise ProviderError(
        f"unknown provider {provider!r}",
        hint=nearest(provider, names()) or f"known are: {', '.join(names())}",
        code="provider.unknown",
    )


def catalogue(provider: str) -> Catalogue:
    """What is known of a provider. No network; no HTTP library is imported."""
    made: Catalogue = _part(provider, registration(provider).catalogue)()
    return made


def vendor_check(provider: str, file: Path) -> Callable[[Resource], Sequence[Diagnostic]]:
    """Judges resources by a vendor's OpenAPI document. CallsheetError when the file cannot be used."""
    made: Callable[[Resource], Sequence[Diagnostic]]
    made = _part(provider, registration(provider).vendor_check)(file)
    return made


def connect(
    provider: str,
    *,
    base_url: str | None,
    api_key: str,
    wsgi_app: WSGIApplication | None = None,
    clock: Clock | None = None,
    on_event: Listener = silent,
    secrets: Callable[[], Iterable[str]] = tuple,
    tap: Tap = untapped,
) -> Provider:
    """A configured provider; nothing is sent yet. ProviderError when address or key cannot be used.

    `wsgi_app` answers in place of the network (`baseUrl: sandbox:NAME`). `secrets` gives every secret that
    is known so far: what the provider says back is shown without them. `tap` gets every attempt of a request.
    """
    found = registration(provider)
    made: Provider = _part(provider, found.provider)(
        base_url=base_url or found.base_url,
        api_key=api_key,
        wsgi_app=wsgi_app,
        clock=clock or SystemClock(),
        on_event=on_event,
        secrets=secrets,
        tap=tap,
    )
    return made


def _part(provider: str, path: str) -> Any:
    module, _, name = path.partition(":")
    return _loaded(provider, lambda: getattr(import_module(module), name))


def _loaded(provider: str, load: Callable[[], Any]) -> Any:
    try:
        return load()
    except (ImportError, AttributeError) as cause:
        raise ProviderError(
            f"provider {provider!r} cannot be loaded: {cause}",
            hint="reinstall the package that brings it",
            code="provider.plugin",
        ) from cause

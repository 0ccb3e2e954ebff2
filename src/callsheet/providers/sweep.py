"""Listing several kinds at once, each once, kinds in parallel."""

from __future__ import annotations

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor

from callsheet.model.errors import ProviderError
from callsheet.model.resource import RemoteObject
from callsheet.providers.base import Reader

# What an account that has not booked a feature, or a key that may not see it, is answered with.
_REFUSALS = {"provider.forbidden", "provider.not-found", "provider.payment-required"}


def sweep(
    reader: Reader,
    kinds: Collection[str],
    *,
    optional: Collection[str] = (),
    told: Callable[[str, int], None] = lambda _, __: None,
) -> tuple[dict[str, list[RemoteObject]], list[str]]:
    """Every object of every kind, and the optional kinds that this account or key may not list.

    ProviderError when a kind that is not optional cannot be listed, or any for another reason.
    """
    names = sorted(kinds)

    def listed(kind: str) -> list[RemoteObject] | None:
        try:
            return list(reader.list_all(kind))
        except ProviderError as cause:
            if kind in optional and {each.code for each in cause.diagnostics} <= _REFUSALS:
                return None
            raise

    out: dict[str, list[RemoteObject]] = {}
    refused = []
    with ThreadPoolExecutor(max(1, reader.capabilities.parallel_reads), thread_name_prefix="read") as pool:
        for kind, found in zip(names, pool.map(listed, names), strict=True):
            if found is None:
                refused.append(kind)
                continue
            out[kind] = found
            told(kind, len(found))
    return out, refused

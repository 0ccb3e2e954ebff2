"""The keeper: resolves references once per run, keeps values in memory, gives out digests."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path

from callsheet.model.diagnostics import Diagnostic, nearest
from callsheet.model.errors import SecretError
from callsheet.model.value import Secret, Text
from callsheet.secrets.base import Resolver
from callsheet.secrets.env import EnvResolver
from callsheet.secrets.file import FileResolver

SCHEME = "secrets://"


def keyed_digest(key: bytes, value: str) -> str:
    """The digest that stands for a secret in state: HMAC-SHA-256 under the estate's own key."""
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()


class Keeper:
    """Resolves `secrets://` references. Values are cached for the life of the object and never shown."""

    def __init__(self, resolvers: Mapping[str, Resolver]) -> None:
        self._resolvers = resolvers
        self._values: dict[str, str] = {}
        self._hidden: set[str] = set()
        self._lock = threading.Lock()

    @classmethod
    def standard(cls, root: Path, variables: Mapping[str, str]) -> Keeper:
        return cls({"env": EnvResolver(variables), "file": FileResolver(root)})

    def __repr__(self) -> str:
        return f"Keeper({len(self._values)} values)"

    def value(self, symbol: str | Secret | Text) -> str:
        """The final string. SecretError when a reference does not resolve."""
        if isinstance(symbol, str):
            return symbol
        if isinstance(symbol, Text):
            return "".join(self.value(part) for part in symbol.parts)
        with self._lock:
            if symbol.uri not in self._values:
                self._values[symbol.uri] = self._resolve(symbol.uri)
            return self._values[symbol.uri]

    def digest(self, symbol: Secret | Text, key: bytes) -> str | None:
        """The keyed digest of the value, or None where it cannot be resolved here."""
        try:
            return keyed_digest(key, self.value(symbol))
        except SecretError:
            return None

    def check(self, symbols: Iterable[Secret | Text]) -> list[Diagnostic]:
        """One diagnostic per reference that does not resolve."""
        found: dict[str, Diagnostic] = {}
        for symbol in symbols:
            for part in symbol.parts if isinstance(symbol, Text) else (symbol,):
                if isinstance(part, Secret) and part.uri not in found:
                    try:
                        self.value(part)
                    except SecretError as cause:
                        found[part.uri] = cause.diagnostics[0]
        return list(found.values())

    def known_values(self) -> frozenset[str]:
        """Every value resolved so far, for redaction."""
        with self._lock:
            return frozenset(self._values.values()) | self._hidden

    def hide(self, value: str) -> None:
        """Treat the value as a known one: it was read where no reference leads to."""
        with self._lock:
            self._hidden.add(value)

    def _resolve(self, uri: str) -> str:
        name, _, rest = uri.removeprefix(SCHEME).partition("/")
        resolver = self._resolvers.get(name)
        if resolver is None or not uri.startswith(SCHEME) or not rest:
            known = ", ".join(f"{SCHEME}{each}/…" for each in sorted(self._resolvers))
            raise SecretError(
                f"{uri}: no resolver for this reference",
                detail=f"References that can be resolved here: {known}.",
                hint=nearest(name, self._resolvers),
                code="secret.unknown-resolver",
            )
        return resolver.resolve(rest, uri)

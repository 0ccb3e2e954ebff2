"""The keeper: resolves references once per run, keeps values in memory, gives out digests."""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from callsheet.model.diagnostics import Diagnostic
from callsheet.model.errors import SecretError
from callsheet.model.value import Secret, Text
from callsheet.secrets.base import SCHEME, Closing, IdToken, Resolver, Surroundings, no_id_token
from callsheet.secrets.once import Once
from callsheet.secrets.registry import make
from callsheet.secrets.values import text


def keyed_digest(key: bytes, value: str) -> str:
    """The digest that stands for a secret in state: HMAC-SHA-256 under the estate's own key."""
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()


class Keeper:
    """Resolves `secrets://` references. Values are kept for the life of the object and never shown.

    A resolver is made when the first reference asks for it. `close()` when done.
    """

    def __init__(
        self,
        root: Path,
        variables: Mapping[str, str],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        id_token: IdToken = no_id_token,
    ) -> None:
        self._around = Surroundings(root, variables, self.hide, monotonic, id_token)
        self._resolvers: dict[str, Resolver] = {}
        self._values: Once[str, str] = Once()
        self._hidden: set[str] = set()
        # Re-entrant, because a resolver hides its own credentials while it is asked.
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return f"Keeper({len(self._values.values)} values)"

    def value(self, symbol: str | Secret | Text) -> str:
        """The final string. SecretError when a reference does not resolve."""
        if isinstance(symbol, str):
            return symbol
        if isinstance(symbol, Text):
            return "".join(self.value(part) for part in symbol.parts)
        uri = symbol.uri
        with self._lock:
            return self._values.get(uri, lambda: self._resolve(uri))

    def digest(self, symbol: Secret | Text, key: bytes) -> str | None:
        """The keyed digest of the value, or None where it cannot be resolved here."""
        try:
            return keyed_digest(key, self.value(symbol))
        except SecretError:
            return None

    def check(self, symbols: Iterable[Secret | Text]) -> list[Diagnostic]:
        """One diagnostic per reference that does not resolve; one in all where they fail for one reason."""
        asked: set[str] = set()
        found: dict[Diagnostic, None] = {}
        for symbol in symbols:
            for part in symbol.parts if isinstance(symbol, Text) else (symbol,):
                if isinstance(part, Secret) and part.uri not in asked:
                    asked.add(part.uri)
                    try:
                        self.value(part)
                    except SecretError as cause:
                        found[cause.diagnostics[0]] = None
        return list(found)

    def known_values(self) -> frozenset[str]:
        """Every value resolved so far, for redaction."""
        with self._lock:
            return frozenset(self._values.values.values()) | self._hidden

    def hide(self, value: str) -> None:
        """Treat the value as a known one: it was read where no reference leads to."""
        with self._lock:
            self._hidden.add(value)

    def close(self) -> None:
        """Give back what resolvers took for this run, such as tokens. Never fails."""
        with self._lock:
            for resolver in self._resolvers.values():
                if isinstance(resolver, Closing):
                    # The work is done by now; what cannot be given back lapses by itself.
                    with suppress(Exception):
                        resolver.close()
            self._resolvers.clear()

    def _resolve(self, uri: str) -> str:
        name, _, rest = uri.removeprefix(SCHEME).partition("/")
        if not uri.startswith(SCHEME) or not rest:
            raise SecretError(
                f"{uri}: no reference to a secret",
                hint="one looks like secrets://vault/kv/voice/jira#token or secrets://env/NAME",
                code="secret.reference",
            )
        if name not in self._resolvers:
            self._resolvers[name] = make(name, self._around, uri)
        try:
            value = self._resolvers[name].resolve(rest, uri)
        except SecretError:
            raise
        except Exception as cause:  # noqa: BLE001 - the words of an unforeseen error may hold a value
            raise SecretError(
                f"{uri}: the resolver {name!r} failed ({type(cause).__name__})",
                detail="Its words are not shown, because they may hold a value.",
                hint="this is a fault in the resolver; tell whoever maintains it",
                code="secret.resolver",
            ) from None
        return text(value, uri)

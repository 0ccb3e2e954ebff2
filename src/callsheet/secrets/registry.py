"""Which resolver a name means: those that Callsheet has, and those of other packages."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points

from callsheet.model.diagnostics import nearest
from callsheet.model.errors import SecretError
from callsheet.secrets.base import GROUP, SCHEME, Factory, Resolver, Surroundings


def _env(around: Surroundings) -> Resolver:
    from callsheet.secrets.env import EnvResolver

    return EnvResolver(around.variables)


def _file(around: Surroundings) -> Resolver:
    from callsheet.secrets.file import FileResolver

    return FileResolver(around.root)


def _vault(around: Surroundings) -> Resolver:
    from callsheet.secrets.vault import VaultResolver

    return VaultResolver(around)


def _aws(around: Surroundings) -> Resolver:
    from callsheet.secrets.aws import AwsResolver

    return AwsResolver(around)


def _gcp(around: Surroundings) -> Resolver:
    from callsheet.secrets.gcp import GcpResolver

    return GcpResolver(around)


BUILT_IN: Mapping[str, Factory] = {
    "env": _env, "file": _file, "vault": _vault, "aws": _aws, "gcp": _gcp,
}  # fmt: skip


def make(name: str, around: Surroundings, uri: str) -> Resolver:
    """The resolver of that name. SecretError, about `uri`, when there is none or it cannot be made.

    Nobody can take the place of one that is built in.
    """
    if built_in := BUILT_IN.get(name):
        return built_in(around)
    others = installed()
    if name not in others:
        known = sorted({*BUILT_IN, *others})
        listed = ", ".join(f"{SCHEME}{each}/…" for each in known)
        raise SecretError(
            f"{uri}: no resolver for this reference",
            detail=f"References that can be resolved here: {listed}.",
            hint=nearest(name, known),
            code="secret.unknown-resolver",
        )
    try:
        factory: Factory = others[name].load()
        return factory(around)
    except SecretError:
        raise
    except Exception as cause:  # noqa: BLE001 - somebody else's code; its words may hold a value
        raise SecretError(
            f"{uri}: the resolver {name!r} cannot be loaded ({type(cause).__name__})",
            detail=f"It is {others[name].value}, of the entry point group {GROUP}.",
            hint="install that package again, or ask whoever maintains it",
            code="secret.resolver",
        ) from None


def installed() -> Mapping[str, EntryPoint]:
    """The resolvers that other packages bring."""
    return {each.name: each for each in entry_points(group=GROUP)}

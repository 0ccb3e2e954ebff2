"""What the kinds of Vapi have in common, and how facts about an assistant repeat wherever one is embedded."""

from __future__ import annotations

from collections.abc import Iterable

from callsheet.model.kinds import Reference, SecretField
from callsheet.model.paths import Pattern, pattern, patterns
from callsheet.model.value import Path

SOURCE = "Vapi's OpenAPI document of 2026-08-19, documentation and gitops tool, read 2026-11-20"

# Seen in answers and refused or ignored in requests; `isDeleted` and its like come from third-party clients.
SERVER_OWNED = patterns(
    "id",
    "orgId",
    "createdAt",
    "updatedAt",
    "latestVersion",
    "modelDeprecations",
    "isServerUrlSecretSet",
    "analyticsMetadata",
    "isDeleted",
    "parentId",
)

Union = tuple[Pattern, str]
Identity = tuple[Pattern, tuple[Path, ...]]


def refers(at: str, *kinds: str, deferrable: bool = False, attribute: str = "id") -> Reference:
    """A reference held at `at` to one of `kinds`; a knowledge base among tools stands for its search tool."""
    targets = dict.fromkeys(kinds, attribute)
    if "Tool" in targets:
        targets["KnowledgeBase"] = "toolId"
    return Reference(pattern(at), targets, deferrable)


def identified(at: str, *paths: str) -> Identity:
    """How the elements of the list at `at` are told apart: the first of `paths` that fits."""
    return pattern(at), tuple(tuple(path.split(".")) for path in paths)


def below(prefix: str, items: Iterable[Reference]) -> tuple[Reference, ...]:
    return tuple(Reference(pattern(prefix) + item.at, item.targets, item.deferrable) for item in items)


def secrets_below(prefix: str, items: Iterable[SecretField]) -> tuple[SecretField, ...]:
    """The same secret fields further down, where no indicator tells whether one is set."""
    return tuple(SecretField(pattern(prefix) + item.at, item.echo) for item in items)


def patterns_below(prefix: str, items: Iterable[Pattern]) -> tuple[Pattern, ...]:
    return tuple(pattern(prefix) + item for item in items)


def identities_below(prefix: str, items: Iterable[Identity]) -> tuple[Identity, ...]:
    return tuple((pattern(prefix) + at, paths) for at, paths in items)


def unions_below(prefix: str, items: Iterable[Union]) -> tuple[Union, ...]:
    return tuple((pattern(prefix) + at, key) for at, key in items)


def server_secrets(*servers: str) -> tuple[SecretField, ...]:
    """The headers of webhook servers, and the legacy secret that older objects still carry."""
    return tuple(
        SecretField(pattern(f"{server}.{leaf}")) for server in servers for leaf in ("headers.*", "secret")
    )

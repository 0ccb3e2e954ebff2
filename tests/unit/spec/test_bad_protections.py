"""Protections that make no sense, and the one form in which those that do are judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from callsheet.spec.project import load
from unit.spec.project import Case, write

HEAD = "environments:\n  dev:\n    protection:\n      "
BAD = (
    ("principalls: [x]", "spec.unknown-key | environments.yaml:4:7 | unknown key | Did you mean principals?"),
    ("principals: anna", "spec.type | environments.yaml:4:19 | principals must be a list |"),
    ("principals: []", "spec.protection | environments.yaml:4:19 | principals is empty | means everybody"),
    ("principals: ['']", "spec.protection | environments.yaml:4:20 | an entry is empty | a name, a glob"),
    (
        "oidc: [{issuer: github}]",
        "spec.value | environments.yaml:4:23 | must be an http or https address |",
    ),
    ("oidc: []", "spec.protection | environments.yaml:4:13 | oidc names no issuer | GitHub and GitLab"),
    ("oidc: [{audience: x}]", "spec.missing-key | environments.yaml:4:14 | oidc[0].issuer is missing |"),
    ("signOffs: -1", "spec.value | environments.yaml:4:17 | must be at least 0 |"),
    ("signOffs: {requird: 1}", "spec.unknown-key | environments.yaml:4:18 | 'requird' | mean required?"),
    ("signOffs: {from: []}", "spec.protection | environments.yaml:4:24 | signOffs.from is empty |"),
    ("changeWindow: {days: [funday]}", "spec.value | environments.yaml:4:29 | must be one of mon, tue |"),
    ("changeWindow: {from: '9:00'}", "spec.value | environments.yaml:4:28 | must be a time such as 09:00 |"),
    (
        "changeWindow: [{from: '10:00', to: '09:00'}]",
        ("spec.protection | environments.yaml:4:42 | ends before it begins | over midnight is two"),
    ),
    (
        "changeWindow: {timezone: Mars/X}",
        "spec.protection | environments.yaml:4:32 | no time zone 'Mars/X' |",
    ),
    (
        "changeWindow: {timezone: ../etc}",
        "spec.protection | environments.yaml:4:32 | no time zone '../etc' |",
    ),
    ("ticket: '('", "spec.protection | environments.yaml:4:15 | is no regular expression |"),
    ("maxDeletes: -1", "spec.value | environments.yaml:4:19 | must be at least 0 |"),
    ("maxDeleteRatio: 2", "spec.value | environments.yaml:4:23 | must be at most 1 |"),
    ("requireClean: yes", "spec.type | environments.yaml:4:21 | must be true or false |"),
    ("gates: [{name: A b}]", "spec.value | environments.yaml:4:22 | must be a slug |"),
    ("gates: [{name: a}, {name: a}]", "spec.protection | environments.yaml:4:33 | a gate a already |"),
    ("denyVariables: ['=x']", "spec.protection | environments.yaml:4:23 | names no variable | NAME=value"),
    ("override: {}", "spec.missing-key | environments.yaml:4:17 | override.allowed is missing |"),
    (
        "override: {allowed: true, by: []}",
        "spec.protection | environments.yaml:4:37 | override.by is empty |",
    ),
    ("ticket: secrets://env/X", "spec.type | environments.yaml:4:15 | must be text, not a secret |"),
)


@pytest.mark.parametrize(("text", "expected"), BAD, ids=[text for text, _ in BAD])
def test_every_mistake_is_told_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    Case(text, {"environments.yaml": HEAD + text + "\n"}, expected).check(tmp_path)


def protection(root: Path, text: str) -> Any:
    return (
        load(write(root, {"environments.yaml": HEAD + text + "\n"}))
        .environments.environments["dev"]
        .protection
    )


def test_shorthands_are_written_out_and_defaults_filled_in(tmp_path: Path) -> None:
    assert protection(
        tmp_path,
        "{sign_offs: 2, change_window: {days: [fri, mon], to: '17:00'}, gates: [{name: unit}]}",
    ) == {
        "signOffs": {"required": 2, "fourEyes": True},
        "changeWindow": [{"days": ["mon", "fri"], "from": "00:00", "to": "17:00", "timezone": "UTC"}],
        "gates": [{"name": "unit", "minPassed": 1, "maxFailed": 0}],
    }
    assert protection(tmp_path, "{signOffs: {from: [ops]}, override: {allowed: false}}") == {
        "signOffs": {"required": 1, "fourEyes": False, "from": ["ops"]}
    }


def test_what_is_not_protected_has_nothing(tmp_path: Path) -> None:
    assert protection(tmp_path, "{}") == {}

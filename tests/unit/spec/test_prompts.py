"""Prompts: which text an environment uses, and that it is used byte for byte."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callsheet.model.errors import SpecError
from callsheet.spec.effective import effective
from callsheet.spec.findings import Malformed
from callsheet.spec.markdown import split
from callsheet.spec.project import load
from callsheet.spec.semver import Version
from unit.spec.project import assistant, rendered, write


def version(text: str, status: str = "active") -> str:
    return f"---\nstatus: {status}\n---\n{text}"


LIBRARY = {
    "prompts/p.md": "local",
    "prompts/p/1.9.0.md": version("1.9.0"),
    "prompts/p/1.10.0.md": version("1.10.0"),
    "prompts/p/2.0.0-rc.1.md": version("2.0.0-rc.1", "draft"),
    "prompts/p/2.0.0.md": version("2.0.0", "draft"),
    "prompts/p/3.0.0.md": version("3.0.0", "retired"),
    "prompts/only/1.0.0.md": version("only", "draft"),
    "prompts/team/q.md": "nested",
    "a.yaml": assistant("systemPromptRef: prompts/p.md"),
}


def prompt(root: Path, source: str, pin: str | None, reference: str = "prompts/p.md") -> str:
    pins = f"prompts: {{p: {{dev: {pin}}}}}\n" if pin else ""
    write(
        root,
        {
            **LIBRARY,
            "environments.yaml": f"environments: {{dev: {{promptSource: '{source}'}}}}\n{pins}",
            "a.yaml": assistant(f"systemPromptRef: {reference}"),
        },
    )
    _, estate = rendered(root)
    text = next(iter(estate.resources.values())).document.spec["systemPrompt"]
    assert isinstance(text, str)
    return text


@pytest.mark.parametrize(
    ("source", "pin", "reference", "expected"),
    [
        ("local", None, "prompts/p.md", "local"),
        ("local", "latest", "p", "local"),
        ("local", "1.9.0", "prompts/p.md", "1.9.0"),
        ("local", None, "prompts/only.md", "only"),
        ("local", None, "prompts/team/q.md", "nested"),
        ("local", None, "./prompts/p.md", "local"),
        ("library:draft", None, "prompts/p.md", "2.0.0"),
        ("library:draft", "latest", "prompts/p.md", "2.0.0"),
        ("library:draft", "2.0.0-rc.1", "prompts/p.md", "2.0.0-rc.1"),
        ("library:active", None, "prompts/p.md", "1.10.0"),
        ("library:active", "latest", "p", "1.10.0"),
        ("library:active", "1.9.0", "prompts/p.md", "1.9.0"),
        ("library:active", "1.9.0", "prompts/p/1.10.0.md", "1.10.0"),
    ],
)
def test_which_version_is_used(
    tmp_path: Path, source: str, pin: str | None, reference: str, expected: str
) -> None:
    assert prompt(tmp_path, source, pin, reference) == expected


@pytest.mark.parametrize(
    ("source", "pin", "reference", "message"),
    [
        ("library:active", "2.0.0", "prompts/p.md", r"environments\.yaml:2:20: version 2\.0\.0 .* is draft"),
        ("library:draft", "3.0.0", "prompts/p.md", "is retired"),
        ("local", "3.0.0", "prompts/p.md", "is retired"),
        ("library:active", None, "prompts/only.md", "no version of prompt only may be used"),
        ("library:active", None, "prompts/team/q.md", "has no versions"),
        ("library:active", None, "prompts/p/2.0.0.md", "is draft"),
        ("local", "9.9.9", "prompts/p.md", "no version 9"),
    ],
)
def test_which_version_is_refused(
    tmp_path: Path, source: str, pin: str | None, reference: str, message: str
) -> None:
    with pytest.raises(SpecError, match=message):
        prompt(tmp_path, source, pin, reference)


def test_versions_have_the_order_of_semver() -> None:
    texts = ["0.9.9", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11",
             "1.0.0-rc.1", "1.0.0", "1.2.0", "1.10.0", "2.0.0"]  # fmt: skip
    versions = [Version.parse(text) for text in texts]
    for first, second in itertools.pairwise(versions):
        assert first < second
        assert not second < first
    assert [str(item) for item in versions] == texts
    for bad in ("1.0", "v1.0.0", "01.0.0", "1.0.0+x", "1.0.0-", "\u0661.0.0", "latest"):
        with pytest.raises(ValueError, match="is no version"):
            Version.parse(bad)


BODIES = [
    "\n leading",
    "trailing  \n\n",
    "crlf\r\nline\r\n",
    "{{ x }} {%- if y -%}",
    "tab\there",
    "---\nrule",
    "",
    "é\u2028",
]


@pytest.mark.parametrize("body", BODIES)
def test_bodies_are_kept_byte_for_byte(tmp_path: Path, body: str) -> None:
    write(
        tmp_path,
        {
            "assistants/md.md": f"---\nmetadata: {{name: md}}\n---\n{body}",
            "a.yaml": assistant("systemPromptRef: prompts/p.md"),
            "b.yaml": assistant("systemPromptRef: prompts/v.md", "b"),
            "prompts/p.md": f"---\ndescription: x\n---\r\n{body}",
            "prompts/v/1.0.0.md": version(body),
        },
    )
    _, estate = rendered(tmp_path)
    assert {item.document.spec["systemPrompt"] for item in estate.resources.values()} == {body}


@given(st.text(), st.text(st.characters(exclude_categories=["Cs"])))
def test_front_matter_and_body_are_told_apart(header: str, body: str) -> None:
    lines = [line for line in header.replace("\r", "\n").split("\n") if line.rstrip() != "---"]
    text = "---\n" + "".join(f"{line}\n" for line in lines) + "---\n" + body
    parts = split(text)
    assert parts.header == "".join(f"{line}\n" for line in lines)
    assert parts.body == body
    assert parts.body_line == len(lines) + 3


def test_front_matter_must_end() -> None:
    with pytest.raises(Malformed):
        split("---\nno end\n")
    assert split("---").body == "---"
    assert split("--- x\n").header is None


def test_an_application_gets_its_prompts_and_settings(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            **LIBRARY,
            "environments.yaml": (
                "environments:\n  dev: {temperature: 0.5, variables: {X: 1}}\n"
                "  prod: {promptSource: 'library:active', params: {who: you}}\n"
                "prompts: {p: {prod: 1.9.0}}\n"
            ),
            "prompts/p/1.9.0.md": version("Hello ${params.who} in ${env.name} {{x}}"),
        },
    )
    project = load(tmp_path)
    start, prod = project.environments.environments.values()
    found = effective(project, prod)
    assert {name: (item.version, item.text) for name, item in found.prompts.items()} == {
        "p": ("1.9.0", "Hello you in prod {{x}}")
    }
    assert found.prompts["p"].path == "prompts/p/1.9.0.md"
    everything = effective(project, start)
    assert sorted(everything.prompts) == ["only", "p", "team/q"]
    assert (everything.settings, everything.variables) == ({"temperature": 0.5}, {"X": 1})
    assert list(effective(project, start, "team/q").prompts) == ["team/q"]
    with pytest.raises(SpecError, match="there is no prompt prompts/pp"):
        effective(project, start, "pp")
    with pytest.raises(SpecError, match="takes library:active"):
        effective(project, prod, "only")

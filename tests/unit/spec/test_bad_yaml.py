"""Text that is no YAML, or no YAML for a project."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.spec.project import Case, assistant

CASES = (
    Case(
        "unclosed flow",
        {"a.yaml": "kind: [Assistant\nmetadata: {}\n"},
        (
            "spec.yaml-syntax | a.yaml:2:9 | this is not YAML: did not find expected "
            "',' or | Check the indentation and the"
        ),
    ),
    Case(
        "tab",
        {"a.yaml": "kind: Assistant\nspec:\n\tmodel: x\n"},
        "spec.yaml-syntax | a.yaml:3:1 | a tab indents this line | YAML wants spaces there.",
    ),
    Case(
        "unquoted placeholder in flow",
        {"a.yaml": assistant("model: {model: x, temperature: ${params.t}}")},
        (
            "spec.yaml-syntax | a.yaml:4:35 | this is not YAML: did not find "
            "expected ',' or | Inside { } and [ ], a"
        ),
    ),
    Case(
        "colon in value",
        {"a.yaml": assistant("firstMessage: Hello: you")},
        (
            "spec.yaml-syntax | a.yaml:4:22 | this is not YAML: mapping values are "
            "not | Put the value in quotes if it"
        ),
    ),
    Case(
        "at sign",
        {"a.yaml": assistant("firstMessage: @home")},
        (
            "spec.yaml-syntax | a.yaml:4:17 | this is not YAML: found character that "
            "cannot | A text that starts with @, `"
        ),
    ),
    Case(
        "duplicate key",
        {"a.yaml": assistant("model: x\nvoice: y\nmodel: z")},
        (
            "spec.duplicate-key | a.yaml:6:3 | the key 'model' stands here for the "
            "second | Keep one of them: YAML"
        ),
    ),
    Case(
        "alias undefined",
        {"a.yaml": assistant("firstMessage: *hello")},
        (
            "spec.yaml-syntax | a.yaml:4:17 | this is not YAML: found undefined "
            "alias | A text that starts with *"
        ),
    ),
    Case(
        "merge key",
        {"a.yaml": assistant("native:\n  <<: {a: 1}")},
        (
            "spec.yaml-key | a.yaml:5:5 | merge keys (<<) are not part of YAML 1.2 | "
            "Write the values out, or use"
        ),
    ),
    Case(
        "tag python",
        {"a.yaml": assistant("firstMessage: !!python/object:os.system ls")},
        (
            "spec.yaml-scalar | a.yaml:4:17 | the tag !!python/object:os.system is "
            "not one of | Write plain values; only"
        ),
    ),
    Case(
        "tag binary",
        {"a.yaml": assistant("firstMessage: !!binary aGk=")},
        (
            "spec.yaml-scalar | a.yaml:4:17 | the tag !!binary is not one of YAML's "
            "core | Write plain values; only"
        ),
    ),
    Case(
        "tag local",
        {"a.yaml": assistant("native: !secret {a: b}")},
        (
            "spec.yaml-scalar | a.yaml:4:11 | the tag !secret is not one of YAML's "
            "core schema | Write plain values; only"
        ),
    ),
    Case(
        "nan",
        {"a.yaml": assistant("model: {temperature: .nan}")},
        "spec.yaml-scalar | a.yaml:4:24 | .nan is no number that JSON can carry | Put it in quotes if it is",
    ),
    Case(
        "inf",
        {"a.yaml": assistant("native: {x: -.inf}")},
        "spec.yaml-scalar | a.yaml:4:15 | -.inf is no number that JSON can carry | Put it in quotes if it is",
    ),
    Case(
        "huge float",
        {"a.yaml": assistant("native: {x: 1e999}")},
        "spec.yaml-scalar | a.yaml:4:15 | 1e999 is too large for a number | Put it in quotes if it is",
    ),
    Case(
        "big int",
        {"a.yaml": assistant("native: {x: 99999999999999999999}")},
        (
            "spec.yaml-scalar | a.yaml:4:15 | the integer 99999999999999999999 does "
            "not fit | Put it in quotes: identifiers"
        ),
    ),
    Case(
        "int key",
        {"a.yaml": assistant("native: {200: ok}")},
        "spec.yaml-key | a.yaml:4:12 | the key 200 is no text | Put it in quotes: keys are",
    ),
    Case(
        "list key",
        {"a.yaml": assistant("native: {[a]: ok}")},
        (
            "spec.yaml-key | a.yaml:4:12 | a mapping or list stands in the place of "
            "a key | Put it in quotes: keys are"
        ),
    ),
    Case(
        "null key",
        {"a.yaml": assistant("native: {~: ok}")},
        "spec.yaml-key | a.yaml:4:12 | the key ~ is no text | Put it in quotes: keys are",
    ),
    Case(
        "marker ref",
        {"a.yaml": assistant("native: {x: {$ref: Tool/jira}}")},
        (
            "spec.marker | a.yaml:4:15 | $ref with this value is Callsheet's own "
            "mark in | Write {ref: NAME} for another"
        ),
    ),
    Case(
        "marker secret",
        {"a.yaml": assistant("native: {x: {$secret: 'secrets://env/X'}}")},
        "spec.marker | a.yaml:4:15 | $secret with this value is Callsheet's own mark | Write the plain text",
    ),
    Case(
        "nul escape",
        {"a.yaml": assistant('firstMessage: "a\\0b"')},
        "spec.yaml-scalar | a.yaml:4:17 | the text holds a character that JSON cannot | Remove it.",
    ),
    Case(
        "control char",
        {"a.yaml": assistant("firstMessage: a\x07b")},
        "spec.encoding | a.yaml:4:18 | U+0007 may not stand in YAML | Remove it.",
    ),
    Case(
        "binary",
        {"a.yaml": b"\x89PNG\r\n\0\0"},
        (
            "spec.encoding | a.yaml:2:1 | the file holds a NUL byte: it is no text | "
            "Save the file as UTF-8 text."
        ),
    ),
    Case(
        "bom",
        {"a.yaml": b"\xef\xbb\xbfkind: Assistant\n"},
        "spec.encoding | a.yaml:1:1 | the file starts with a byte order mark | Save it as UTF-8 without one.",
    ),
    Case(
        "utf16",
        {"a.yaml": "kind: A".encode("utf-16")},
        "spec.encoding | a.yaml:1:1 | the file starts with a byte order mark | Save it as UTF-8 without one.",
    ),
    Case(
        "latin1",
        {
            "a.yaml": "kind: Assistant\nmetadata: {name: a}\nspec: {firstMessage: gr\xfc\xdf}\n".encode(
                "latin-1"
            )
        },
        "spec.encoding | a.yaml:3:24 | byte 0xfc is not UTF-8 | Save the file as UTF-8 text.",
    ),
    Case(
        "deep",
        {"a.yaml": assistant("native: " + "{a: " * 80 + "1" + "}" * 80)},
        "spec.yaml-limit | a.yaml:4:255 | values are nested more than 64 deep | Split the file, or flatten",
    ),
    Case(
        "deep brackets",
        {"a.yaml": "[" * 100000},
        "spec.yaml-limit | a.yaml:1:64 | values are nested more than 64 deep | Split the file, or flatten",
    ),
    Case(
        "bomb",
        {
            "a.yaml": "a: &a [x,x,x,x,x,x,x,x,x]\n"
            + "".join(
                f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(8)
            )
        },
        (
            "spec.yaml-limit | a.yaml:2:4 | aliases (*name) nest without end, or "
            "stand for | Write the values out; a"
        ),
    ),
    Case(
        "recursive alias",
        {"a.yaml": assistant("native: &x {a: *x}")},
        (
            "spec.yaml-limit | a.yaml:4:11 | aliases (*name) nest without end, or "
            "stand for | Write the values out; a"
        ),
    ),
    Case(
        "list document",
        {"a.yaml": "- kind: Assistant\n"},
        "spec.document | a.yaml:1:1 | a document is a mapping | It needs kind, metadata and",
    ),
    Case(
        "scalar document",
        {"a.yaml": "hello\n"},
        "spec.document | a.yaml:1:1 | a document is a mapping | It needs kind, metadata and",
    ),
    Case(
        "second document bad",
        {"a.yaml": assistant("model: x") + "---\nkind: Tool\nmetadata: {name: T!}\nspec: {type: endCall}\n"},
        "spec.value | a.yaml:7:18 | metadata.name must be a slug: a-z, 0-9 and |",
    ),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_yaml(case: Case, tmp_path: Path) -> None:
    case.check(tmp_path)

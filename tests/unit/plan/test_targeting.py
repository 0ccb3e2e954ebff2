"""`--target` and `--exclude` with what they pull in."""

from __future__ import annotations

import pytest

from callsheet.model.errors import CallsheetError
from callsheet.model.value import Ref
from support.estate import Estate, actions, resource


def estate() -> Estate:
    return Estate(lineage=None).declare(
        resource("Tool/t", {"type": "x"}),
        resource("Tool/http[one]", {"type": "x"}),
        resource("Tool/http[two]", {"type": "x"}),
        resource("Assistant/a", {"model": {"toolIds": [Ref("Tool/t")]}}),
        resource("Assistant/b", {"model": {"toolIds": [Ref("Assistant/a")]}}),
        resource("Assistant/c", {}),
    )


def test_a_target_brings_what_it_depends_on() -> None:
    assert set(actions(estate().plan(targets=("Assistant/b",)))) == {"Assistant/b", "Assistant/a", "Tool/t"}


def test_a_document_stands_for_its_parts() -> None:
    assert set(actions(estate().plan(targets=("Tool/http",)))) == {"Tool/http[one]", "Tool/http[two]"}
    assert set(actions(estate().plan(targets=("Tool/http[one]",)))) == {"Tool/http[one]"}


def test_an_exclusion_takes_what_depends_on_it_along() -> None:
    assert set(actions(estate().plan(excludes=("Tool/t",)))) == {
        "Tool/http[one]", "Tool/http[two]", "Assistant/c",
    }  # fmt: skip


def test_a_deletion_brings_the_holders_that_let_go() -> None:
    managed = Estate().managed(resource("Tool/t", {"type": "x"}), "t1")
    managed.managed(resource("Assistant/a", {"model": {"toolIds": [Ref("Tool/t")]}}), "a1")
    managed.managed(resource("Assistant/c", {"first": "hi"}), "c1")
    managed.drop("Tool/t").declare(
        resource("Assistant/a", {"model": {"toolIds": []}}), resource("Assistant/c", {"first": "ho"})
    )
    assert actions(managed.plan(targets=("Tool/t",))) == {"Tool/t": "delete", "Assistant/a": "update"}


@pytest.mark.parametrize(("text", "words"), [("Tool/tt", "Did you mean Tool/t"), ("tool", "is no address")])
def test_an_unknown_target_is_an_error(text: str, words: str) -> None:
    with pytest.raises(CallsheetError) as caught:
        estate().plan(targets=(text,))
    told = caught.value.diagnostics[0]
    assert words in f"{told.summary} {told.hint}"

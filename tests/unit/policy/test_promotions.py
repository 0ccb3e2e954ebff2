"""Protections over promotions: evidence goes with the source, sign-offs with the changes."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from callsheet.apply.outcome import Outcome
from callsheet.cli.main import run
from callsheet.cli.screen import Screen
from callsheet.model.errors import DONE, Refused
from callsheet.operations.apply import apply
from callsheet.operations.approve import prepared, sign
from callsheet.operations.identification import Identification
from callsheet.operations.plan import Planned
from callsheet.operations.promote import promote
from callsheet.plan.inputs import Options
from callsheet.policy.case import Given
from callsheet.policy.evidence import FORMAT, read_evidence
from support.chain import Chain
from support.protected import codes, person


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    made = Chain(tmp_path)
    yield made
    made.close()


def promotion(chain: Chain, start: str, target: str, given: Given) -> Planned:
    with chain.session(target, given=given) as session:
        return promote(session, start, Options())


def evidence(chain: Chain, source: str) -> Given:
    body = {"format": FORMAT, "name": "unit", "source": source, "passed": 1, "failed": 0, "skipped": 0}
    return Given(evidence={"unit": read_evidence("unit", json.dumps(body).encode())})


def done(chain: Chain, target: str, planned: Planned, given: Given | None = None) -> Outcome:
    with chain.session(target, **({"given": given} if given else {})) as session:
        return apply(session, planned.archive)


def refused(chain: Chain, target: str, planned: Planned) -> list[str]:
    before = chain.writes(target)
    with pytest.raises(Refused) as caught:
        done(chain, target, planned)
    assert chain.writes(target) == before
    return codes(caught.value)


def test_evidence_of_the_tree_is_evidence_of_the_release_made_of_it(chain: Chain) -> None:
    protection = "protection: {gates: [{name: unit}], signOffs: 1}"
    chain.environments(uat=protection, prod=protection)
    given = evidence(chain, chain.plan("dev").plan.source["digest"])
    assert refused(chain, "uat", promotion(chain, "dev", "uat", Given())) == [
        "refused.signOffs",
        "refused.gates.unit",
    ]
    for start, target in (("dev", "uat"), ("uat", "prod")):
        planned = promotion(chain, start, target, given)
        assert refused(chain, target, planned) == ["refused.signOffs"]
        with chain.session(target, files=False) as session:
            session.__dict__["identification"] = Identification(person("carl"))
            sign(session, prepared(session, planned.plan))
        assert done(chain, target, planned).exit_code == DONE
        assert [pin.version for pin in chain.pins(target)] == [1]


def test_a_release_that_changes_no_object_is_still_of_files_that_were_tested(chain: Chain) -> None:
    assert chain.promote("dev", "uat").exit_code == DONE
    chain.environments(uat="protection: {gates: [{name: unit}], signOffs: 2, ticket: X}")
    chain.file("transcripts/x.yaml", "later: true")
    chain.commit()
    planned = promotion(chain, "dev", "uat", Given())
    assert planned.plan.empty
    assert refused(chain, "uat", planned) == ["refused.gates.unit"]
    given = evidence(chain, planned.plan.source["digest"])
    assert done(chain, "uat", promotion(chain, "dev", "uat", given)).exit_code == DONE
    assert [pin.version for pin in chain.pins("uat")] == [1, 2]


def test_the_way_back_to_a_version_asks_for_sign_offs_and_for_no_evidence(chain: Chain) -> None:
    assert chain.promote("dev", "uat").exit_code == DONE
    chain.assistant("desk", "Be short.")
    chain.commit()
    assert chain.promote("dev", "uat").exit_code == DONE
    chain.environments(uat="protection: {gates: [{name: unit}]}")
    assert chain.back("uat", "v1").exit_code == DONE
    chain.environments(uat="protection: {gates: [{name: unit}], signOffs: 1}")
    with pytest.raises(Refused) as caught:
        chain.back("uat", "v2")
    assert "refused.signOffs" in codes(caught.value)
    assert "refused.gates.unit" not in codes(caught.value)


def test_the_command_line_of_promote_and_clone_takes_what_a_protection_asks_for(chain: Chain) -> None:
    chain.environments(uat="protection: {ticket: X, override: {allowed: true}}")
    promotes = ("promote", "--from", "dev", "--to", "uat")
    aside = ("--override", "ticket", "--reason", "2 a.m.")
    assert call(chain, *promotes, "--yes") == 3
    assert call(chain, *promotes, "--out", "x", *aside) == 1
    assert call(chain, *promotes, "--yes", "--ticket", "X") == 0
    chain.assistant("other", "Be kind.")
    chain.commit()
    clone = ("clone", "Assistant/other", "--from", "dev", "--to", "uat", "--yes")
    assert call(chain, *clone) == 3
    assert call(chain, *clone, *aside) == 0


def call(chain: Chain, *arguments: str) -> Any:
    screen = Screen(io.StringIO(), io.StringIO(), io.StringIO(), chain.variables)
    return run([*arguments, "-C", str(chain.root)], screen)

"""What is refused: who, what, where. Each with exit 3 or 1, nothing written, and the way to go on.

Typed as commands, over real HTTP: dev, uat and prod with an organisation each. Before each, uat and prod
run the first release, and dev has moved on.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from e2e.command import Called
from e2e.command import call as called
from support.chain import NAMES, Chain

TO_UAT = ("promote", "--from", "dev", "--to", "uat")
TO_PROD = ("promote", "--from", "uat", "--to", "prod", "--yes")


@dataclass(frozen=True)
class Case:
    """`what` is typed after `sections` were written and `first` was done; `says` must be in what is told."""

    name: str
    what: tuple[str, ...]
    code: str
    says: str
    sections: dict[str, str] = field(default_factory=dict)
    first: Callable[[Chain], object] = lambda chain: None
    exit: int = 3
    top: str = ""


def typed(chain: Chain, *arguments: str) -> Called:
    words = [word.replace("{folder}", str(chain.folder)) for word in arguments]
    where = () if words[0] == "show" else ("-C", str(chain.root))
    return called(*words, *where, variables=chain.variables)


def planned(chain: Chain) -> None:
    """A plan of what dev has for uat, in a file."""
    chain.commit()
    assert typed(chain, *TO_UAT, "--out", f"{chain.folder}/uat.plan").code in (0, 3)


def rolled_back(chain: Chain) -> None:
    """uat ran dev's second release, and went back."""
    chain.commit()
    assert typed(chain, *TO_UAT, "--yes").code == 0
    assert typed(chain, "rollback", "--env", "uat", "--to", "v1", "--yes").code == 0


def evidence(
    passed: int, failed: int = 0, source: str | None = None, at: str = ""
) -> Callable[[Chain], None]:
    """Results of tests in a file, for the source that would be promoted, or for another one."""

    def write(chain: Chain) -> None:
        chain.commit()
        told = json.loads(typed(chain, "plan", "--env", "dev", "-o", "json").out)
        body = {
            "format": "callsheet.evidence/1",
            "name": "calls",
            "source": source or told["source"]["digest"],
            "passed": passed,
            "failed": failed,
            "skipped": 0,
            "at": at or "2999-01-01T00:00:00Z",
            "tool": "a test",
        }
        (chain.folder / "calls.json").write_text(json.dumps(body))

    return write


def guarded(chain: Chain) -> None:
    """uat runs its release under a protection that state has recorded."""
    wanted = dict(chain.sections)
    chain.environments(uat="protection: {signOffs: 0, maxDeletes: 0}")
    assert typed(chain, "apply", "--env", "uat", "--yes").code == 0
    chain.environments(**wanted)
    chain.commit()


def from_dev(chain: Chain) -> None:
    """prod runs its release under a recorded protection, and is to be promoted from dev."""
    assert typed(chain, "apply", "--env", "prod", "--yes").code == 0
    path = chain.root / "environments.yaml"
    path.write_text(path.read_text().replace("promotesFrom: uat", "promotesFrom: dev"))
    chain.commit()


def smuggled(chain: Chain) -> None:
    """A plan file that says less than was planned, and is not sealed anew."""
    planned(chain)
    path = chain.folder / "uat.plan"
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    [name] = [name for name in parts if name.endswith("plan.json")]
    parts[name] = parts[name].replace(b"Be short.", b"Be cruel.")
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def signed_before(chain: Chain) -> None:
    """The very changes were signed off, for an instance of uat that is destroyed by now."""
    chain.commit()
    typed(chain, *TO_UAT, "--out", f"{chain.folder}/uat.plan")
    chain.variables["USER"] = "carl"
    assert typed(chain, "approve", "{folder}/uat.plan", "--yes").code == 0
    chain.variables["USER"] = "robin"
    chain.environments(uat="")
    assert typed(chain, "destroy", "-e", "uat", "--confirm", "uat").code == 0
    chain.environments(**protected("{signOffs: 1}"))
    chain.commit()


def edited_live(chain: Chain) -> None:
    chain.commit()
    [desk] = [each for each in chain.live("uat") if each["name"] == "desk"]
    chain.call("uat", "PATCH", f"/assistant/{desk['id']}", {"firstMessage": "Yeah?"})


def without_desk(chain: Chain) -> None:
    (chain.root / "assistants/desk.yaml").unlink()
    chain.commit()


def without_stays(chain: Chain) -> None:
    (chain.root / "assistants/stays.yaml").unlink()
    chain.commit()


def protected(text: str) -> dict[str, str]:
    return {"uat": f"protection: {text}"}


def commit(chain: Chain) -> None:
    chain.commit()


GATE = protected("{gates: [{name: calls, minPassed: 5, maxAge: 24}]}")
WITH = ("--evidence", "calls={folder}/calls.json")

CASES = (
    # where releases may go
    Case("promote to the default environment", ("promote", "--from", "uat", "--to", "dev", "--yes"),
         "refused.promotion-to-default", "check out the commit"),
    Case("promote to itself", ("promote", "--from", "uat", "--to", "uat", "--yes"),
         "refused.promotion-to-itself", "rollback --env uat --to vN"),
    Case("promote past an environment", ("promote", "--from", "dev", "--to", "prod", "--yes"),
         "refused.promotion-route", "promote dev to uat first"),
    Case("promote to a branch", (*TO_UAT, "--yes"), "refused.promotion-to-unpinned", "merge into the branch",
         {"uat": "pinned: false"}, commit),
    Case("promote from a branch", TO_PROD, "refused.promotion-from-unpinned", "take `pinned: false` out",
         {"uat": "pinned: false"}),
    Case("promote what no commit holds", (*TO_UAT, "--yes"), "refused.promotion-dirty", "--allow-dirty"),
    Case("promote past the wanted release", (*TO_UAT, "--yes"), "refused.promotion-line", "--write",
         {"uat": f"release: dev@sha256:{'0' * 64}"}, commit),
    Case("promote a file with a secret in it", (*TO_UAT, "--yes"), "refused.promotion-secret", "secrets://",
         {"uat": "variables: {T: 'secrets://env/UAT_TOKEN'}"},
         lambda chain: (chain.file("prompts/p.md", "token-of-uat"), chain.commit())),
    Case("promote from nobody", ("promote", "--from", "qa", "--to", "uat", "--yes"), "environment.unknown",
         "environments.yaml has", exit=1),
    Case("promote from where nothing runs", ("promote", "--from", "uat", "--to", "prod", "--yes"),
         "release.none", "promote --from dev --to uat", exit=1,
         first=lambda chain: typed(chain, "destroy", "-e", "uat", "--confirm", "uat")),
    Case("plan where nothing runs", ("plan", "--env", "uat"), "release.none", "promote --from dev --to uat",
         exit=1, first=lambda chain: typed(chain, "destroy", "-e", "uat", "--confirm", "uat")),
    Case("clone to the default environment",
         ("clone", "Assistant/desk", "--from", "uat", "--to", "dev", "--yes"), "refused.clone",
         "pinned environment"),
    Case("clone to itself", ("clone", "Assistant/desk", "--from", "uat", "--to", "uat", "--yes"),
         "refused.clone", "another one with --from"),
    Case("clone what is not there", ("clone", "Assistant/desc", "--from", "dev", "--to", "uat", "--yes"),
         "clone.address", "Assistant/desk", exit=1, first=commit),
    Case("a wanted release that nobody has", ("apply", "--env", "uat", "--yes"), "release.unknown",
         "promote --from dev --to uat --write", {"uat": f"release: dev@sha256:{'0' * 64}"}, exit=1),
    Case("a wanted version with other bytes", ("apply", "--env", "prod", "--yes"), "release.unknown",
         "other bytes", {"prod": f"release: uat@1@sha256:{'0' * 64}"}, exit=1),
    Case("a wanted release from past an environment", ("apply", "--env", "prod", "--yes"),
         "refused.promotion-route", "promote dev to uat first", {"prod": f"release: dev@sha256:{'0' * 64}"}),
    Case("a line that is no release", ("apply", "--env", "prod", "--yes"), "spec.release", "uat@3@sha256:",
         {"prod": "release: newest"}, exit=1),
    Case("the latest prompt outside of dev", ("plan", "--env", "uat"), "spec.latest", "Pin a version",
         exit=1, top="prompts: {p: {uat: latest}}\n", first=lambda chain: chain.file("prompts/p.md", "x")),
    Case("bring back what was rolled back", (*TO_UAT, "--yes"), "refused.hold", "change the files",
         first=rolled_back),
    Case("go back to what runs", ("rollback", "--env", "uat", "--to", "v1", "--yes"), "release.current",
         "callsheet plan", exit=1),
    Case("go back to a version that is none", ("rollback", "--env", "uat", "--to", "v9", "--yes"),
         "release.unknown", "releases --env uat", exit=1),
    Case("go back to a version of the tree", ("rollback", "--env", "dev", "--to", "v1", "--yes"),
         "release.none", "runs list", exit=1),
    # whose things these are
    Case("the key of another environment", ("apply", "--env", "uat", "--yes"), "refused.other-environment",
         "key of its own organisation",
         first=lambda chain: (chain.servers.__setitem__("uat", chain.servers["dev"]), chain.environments())),
    Case("an id of another environment", (*TO_UAT, "--yes"), "plan.foreign-id", "{ref:", exit=1,
         first=lambda chain: (
             chain.assistant("pasted", "x", native={"hooks": [{"on": "call.ending", "do": [
                 {"type": "tool", "toolId": chain.live("dev")[0]["id"]}]}]}), chain.commit())),
    Case("a parameter that uat has not", (*TO_UAT, "--yes"), "spec.unset", "greting", exit=1,
         first=lambda chain: (chain.assistant("other", "${params.greting}"), chain.commit())),
    Case("a variable that only dev has", (*TO_UAT, "--yes"), "spec.unset", "ONLY_DEV",
         {"dev": "variables: {ONLY_DEV: x}"}, exit=1,
         first=lambda chain: (chain.assistant("other", "${variables.ONLY_DEV}"), chain.commit())),
    Case("a secret that only dev has", (*TO_UAT, "--yes"), "secret.missing", "export ", exit=1,
         first=lambda chain: (chain.assistant("other", "x", native={"server": {
             "url": "https://x.example", "headers": {"a": "secrets://env/ONLY_DEV"}}}), chain.commit())),
    # who may apply what, and when
    Case("not one of the principals", (*TO_UAT, "--yes"), "refused.principals", "release-bot",
         protected("{principals: [release-bot]}"), commit),
    Case("nobody vouches for the name", (*TO_UAT, "--yes"), "identity.unverified", "ID token",
         protected("{verified: true}"), commit),
    Case("no sign-off", (*TO_UAT, "--yes"), "refused.signOffs", "callsheet approve",
         protected("{signOffs: 1}"), commit),
    Case("no sign-off for a plan in a file", ("apply", "{folder}/uat.plan"), "refused.signOffs",
         "callsheet approve", protected("{signOffs: 1}"), planned),
    Case("outside of the window", (*TO_UAT, "--yes"), "refused.changeWindow", "Pacific/Kiritimati",
         protected('{changeWindow: {days: [], from: "00:00", to: "00:01", timezone: Pacific/Kiritimati}}'
                   .replace("days: [], ", "")), commit),
    Case("no ticket", (*TO_UAT, "--yes"), "refused.ticket", "--ticket", protected('{ticket: "OPS-[0-9]+"}'),
         commit),
    Case("another ticket", (*TO_UAT, "--yes", "--ticket", "HR-1"), "refused.ticket", "OPS-[0-9]+",
         protected('{ticket: "OPS-[0-9]+"}'), commit),
    Case("too many deletions", (*TO_UAT, "--yes"), "refused.maxDeletes", "plan fewer at a time",
         protected("{maxDeletes: 0}"), without_desk),
    Case("too large a share deleted", (*TO_UAT, "--yes"), "refused.maxDeleteRatio", "plan fewer at a time",
         protected("{maxDeleteRatio: 0.1}"), without_desk),
    Case("drift in the way", (*TO_UAT, "--yes"), "refused.requireClean", "acknowledge",
         protected("{requireClean: true}"), edited_live),
    Case("no evidence", (*TO_UAT, "--yes"), "refused.gates.calls", "--evidence calls=", GATE, commit),
    Case("too few tests", (*TO_UAT, "--yes", *WITH), "refused.gates.calls", "5", GATE, evidence(4)),
    Case("a failed test", (*TO_UAT, "--yes", *WITH), "refused.gates.calls", "failed", GATE, evidence(9, 1)),
    Case("evidence of other files", (*TO_UAT, "--yes", *WITH), "refused.gates.calls", "sha256:", GATE,
         evidence(9, source=f"sha256:{'1' * 64}")),
    Case("evidence of long ago", (*TO_UAT, "--yes", *WITH), "refused.gates.calls", "24", GATE,
         evidence(9, at="2020-01-01T00:00:00Z")),
    Case("a variable that is denied", (*TO_UAT, "--yes"), "refused.denyVariables", "DEBUG",
         {"uat": "variables: {DEBUG: yes}\nprotection: {denyVariables: [DEBUG]}"}, commit),
    Case("an override that is not allowed",
         (*TO_UAT, "--yes", "--override", "ticket", "--reason", "it burns"), "refused.override",
         "protection.override",
         protected('{ticket: "OPS-[0-9]+"}'), commit),
    Case("an override without a reason", (*TO_UAT, "--yes", "--override", "ticket"), "usage", "--reason",
         protected('{ticket: "OPS-[0-9]+", override: {allowed: true}}'), commit, exit=1),
    Case("an override by somebody else",
         (*TO_UAT, "--yes", "--override", "ticket", "--reason", "it burns"), "refused.override", "oncall",
         protected('{ticket: "OPS-[0-9]+", override: {allowed: true, by: [oncall]}}'), commit),
    Case("a route that is loosened: no longer pinned", ("apply", "--env", "uat", "--yes"), "refused.route",
         "pinned: true → false", {"uat": "pinned: false\nprotection: {signOffs: 0, maxDeletes: 0}"}, guarded),
    Case("a route that is loosened: from elsewhere", ("promote", "--from", "dev", "--to", "prod", "--yes"),
         "refused.route", "promotesFrom: uat → dev", {"prod": "protection: {maxDeletes: 0}"}, from_dev),
    Case("a loosening that nobody has signed", (*TO_UAT, "--yes"), "refused.maxDeletes", "(as recorded)",
         protected("{maxDeletes: 9}"), lambda chain: (guarded(chain), without_stays(chain))),
    Case("a plan that was edited", ("apply", "{folder}/uat.plan"), "plan.", "plan again", exit=4,
         first=smuggled),
    Case("a sign-off of another instance", (*TO_UAT, "--yes"), "refused.signOffs", "another life",
         protected("{signOffs: 1}"), signed_before),
    Case("a protection that makes no sense", (*TO_UAT, "--yes"), "spec.", "protection", exit=1,
         sections=protected("{signOffs: many}"), first=commit),
)  # fmt: skip


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    made = Chain(tmp_path)
    made.assistant("stays", "Stay.")
    made.commit()
    made.variables["USER"] = "robin"
    made.apply("dev")
    made.promote("dev", "uat")
    made.promote("uat", "prod")
    made.assistant("desk", "Be short.")
    yield made
    made.close()


def standing(chain: Chain) -> list[object]:
    """What must be as it was: what is live, and which release runs."""
    live = [[each for path in ("/assistant", "/tool") for each in chain.live(name, path)] for name in NAMES]
    return [live, [len(chain.pins(name)) for name in ("uat", "prod")]]


def test_there_are_enough_of_them() -> None:
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_refused(chain: Chain, case: Case) -> None:
    chain.top = case.top
    chain.environments(**case.sections)
    case.first(chain)
    before, writes = None, [chain.writes(name) for name in NAMES]
    if not case.sections and not case.top:
        before = standing(chain)
    done = typed(chain, *case.what)
    said = done.out + done.err
    assert done.code == case.exit, said
    assert [chain.writes(name) for name in NAMES] == writes, said
    told = typed(chain, *case.what, "-o", "json").out
    codes = [each["code"] for text in (told, *told.splitlines()) for each in _diagnostics(text)]
    assert any(code == case.code or code.startswith(case.code) for code in codes), (codes, said)
    assert case.says in said
    assert "→" in done.err or "to go on:" in said, said
    assert "Traceback" not in said
    if before is not None:
        assert standing(chain) == before


def _diagnostics(line: str) -> list[dict[str, str]]:
    try:
        told = json.loads(line)
    except ValueError:
        return []
    return list(told.get("diagnostics") or told.get("error", {}).get("diagnostics") or [])

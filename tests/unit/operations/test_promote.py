"""Promotion: what runs in an environment is, byte for byte, what ran in the one before it."""

from __future__ import annotations

import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from callsheet.model.errors import CallsheetError, Refused, Stale, StateError
from callsheet.operations.clone import clone
from callsheet.operations.promote import promote
from callsheet.operations.resolve import resolve
from callsheet.operations.validate import validate
from callsheet.plan.change import Cause
from callsheet.plan.inputs import Options
from callsheet.resolved import Resolved
from callsheet.state.file import FileStore
from e2e.command import Called, call
from support.chain import Chain


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    made = Chain(tmp_path)
    yield made
    made.close()


def codes(cause: CallsheetError) -> list[str]:
    return [each.code for each in cause.diagnostics]


def typed(chain: Chain, *arguments: str) -> Called:
    return call(*arguments, "-C", str(chain.root), variables=chain.variables)


def well(outcome: Any) -> None:
    assert outcome.exit_code == 0, outcome.to_json()


def test_an_edit_of_the_tree_after_a_promotion_is_nothing_to_a_pinned_environment(chain: Chain) -> None:
    well(chain.promote("dev", "uat"))
    chain.assistant("desk", "Be short.")
    chain.assistant("another", "New.")
    assert chain.plan("uat").plan.empty
    chain.file("assistants/broken.yaml", "kind: [")
    assert chain.plan("uat").plan.empty
    assert chain.prompt("uat") == "Be kind."


def test_what_is_promoted_on_is_what_was_validated_and_not_what_dev_is_by_now(chain: Chain) -> None:
    well(chain.promote("dev", "uat"))
    chain.assistant("desk", "Be short.")
    chain.commit()
    well(chain.promote("uat", "prod"))
    assert chain.prompt("prod") == "Be kind."
    [uat], [prod] = chain.pins("uat"), chain.pins("prod")
    assert uat.digest == prod.digest
    assert (prod.origin.environment, prod.origin.version) == ("uat", 1)


def test_each_environment_has_its_own_settings_and_a_change_of_them_says_so(chain: Chain) -> None:
    well(chain.promote("dev", "uat"))
    well(chain.promote("uat", "prod"))
    assert [each["firstMessage"] for each in chain.live("prod")] == ["hello from prod"]
    text = (chain.root / "environments.yaml").read_text()
    (chain.root / "environments.yaml").write_text(text.replace("hello from prod", "welcome"))
    [change] = chain.plan("prod").plan.changes
    [attribute] = change.attributes
    assert (attribute.path, attribute.new, attribute.cause) == (("firstMessage",), "welcome", Cause.SETTINGS)
    assert chain.plan("uat").plan.empty


def test_nothing_changes_when_the_source_and_its_history_are_gone(chain: Chain) -> None:
    chain.assistant("other", "Stay.")
    chain.commit()
    well(chain.promote("dev", "uat"))
    well(chain.promote("uat", "prod"))
    chain.forget_sources()
    assert chain.plan("uat").plan.empty
    assert chain.plan("prod").plan.empty
    # And what was deleted behind its back is made again, from the release alone.
    desk = next(each for each in chain.live("prod") if each["name"] == "desk")
    chain.call("prod", "DELETE", f"/assistant/{desk['id']}")
    well(chain.apply("prod"))
    assert chain.prompt("prod") == "Be kind."


def test_a_tree_that_no_commit_holds_is_refused_unless_told(chain: Chain) -> None:
    chain.assistant("desk", "Be short.")
    with pytest.raises(Refused) as refused:
        chain.promotion("dev", "uat")
    assert codes(refused.value) == ["refused.promotion-dirty"]
    assert chain.writes("uat") == 0
    well(chain.promote("dev", "uat", dirty=True))
    assert chain.prompt("uat") == "Be short."
    [pin] = chain.pins("uat")
    assert pin.origin.git is not None
    assert pin.origin.git["dirty"] is True


def test_the_section_of_an_environment_may_be_edited_while_one_promotes(chain: Chain) -> None:
    chain.environments(uat="temperature: 0.3")
    well(chain.promote("dev", "uat"))


@pytest.mark.parametrize(
    ("start", "target", "sections", "code"),
    [
        ("uat", "dev", {}, "refused.promotion-to-default"),
        ("dev", "dev", {}, "refused.promotion-to-default"),
        ("uat", "uat", {}, "refused.promotion-to-itself"),
        ("dev", "prod", {}, "refused.promotion-route"),
        ("dev", "uat", {"uat": "pinned: false"}, "refused.promotion-to-unpinned"),
        ("uat", "prod", {"uat": "pinned: false"}, "refused.promotion-from-unpinned"),
    ],
)
def test_ways_that_no_promotion_takes(
    chain: Chain, start: str, target: str, sections: dict[str, str], code: str
) -> None:
    chain.environments(**sections)
    chain.commit()
    with pytest.raises(Refused) as refused:
        chain.promotion(start, target)
    assert codes(refused.value) == [code]
    assert refused.value.diagnostics[0].hint
    assert [chain.writes(name) for name in ("dev", "uat", "prod")] == [0, 0, 0]


def test_from_an_environment_that_runs_nothing_there_is_nothing_to_promote(chain: Chain) -> None:
    with pytest.raises(CallsheetError) as caught:
        chain.promotion("uat", "prod")
    assert codes(caught.value) == ["release.none"]


def test_a_pinned_environment_without_a_release_has_no_plan(chain: Chain) -> None:
    with pytest.raises(CallsheetError) as caught:
        chain.plan("uat")
    assert codes(caught.value) == ["release.none"]
    assert "promote --from dev --to uat" in caught.value.diagnostics[0].hint


def test_the_version_moves_when_everything_is_applied_and_not_before(chain: Chain) -> None:
    chain.assistant("bad", "x", native={"backgroundSound": "office"})
    chain.commit()
    chain.bad_day("uat", "error POST /assistant status=400 count=9")
    planned = chain.promotion("dev", "uat")
    assert planned.plan.source["release"]["version"] == 1
    assert chain.apply("uat", planned.archive).exit_code in (1, 5)
    assert chain.pins("uat") == ()
    chain.bad_day("uat")
    well(chain.promote("dev", "uat"))
    [pin] = chain.pins("uat")
    assert pin.version == 1


def test_the_same_bytes_again_are_no_new_version(chain: Chain) -> None:
    well(chain.promote("dev", "uat"))
    well(chain.promote("dev", "uat"))
    assert [pin.version for pin in chain.pins("uat")] == [1]
    chain.assistant("desk", "Be short.")
    chain.commit()
    well(chain.promote("dev", "uat"))
    assert [pin.version for pin in chain.pins("uat")] == [1, 2]


def test_a_promotion_that_changes_no_object_moves_the_version_all_the_same(chain: Chain) -> None:
    well(chain.promote("dev", "uat"))
    chain.file("transcripts/new.yaml", "kind: Transcript\n")
    chain.commit()
    before = chain.writes("uat")
    well(chain.promote("dev", "uat"))
    assert chain.writes("uat") == before
    assert [pin.version for pin in chain.pins("uat")] == [1, 2]


def test_a_plan_that_somebody_overtook_is_stale(chain: Chain) -> None:
    well(chain.promote("dev", "uat"))
    chain.assistant("desk", "Be short.")
    chain.commit()
    overtaken = chain.promotion("dev", "uat").archive
    chain.assistant("desk", "Be quick.")
    chain.commit()
    well(chain.promote("dev", "uat"))
    before = chain.writes("uat")
    with pytest.raises(Stale) as caught:
        chain.apply("uat", overtaken)
    assert codes(caught.value) == ["stale.release"]
    assert chain.writes("uat") == before


def test_the_same_plan_again_is_the_same_operation(chain: Chain) -> None:
    archive = chain.promotion("dev", "uat").archive
    well(chain.apply("uat", archive))
    before = chain.writes("uat")
    well(chain.apply("uat", archive))
    assert chain.writes("uat") == before
    assert [pin.version for pin in chain.pins("uat")] == [1]


def test_a_store_that_fails_before_the_pin_is_written_leaves_the_version_for_the_next_apply(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = chain.promotion("dev", "uat").archive
    append = FileStore.append

    def failing(self: FileStore, log: str, entries: Any, *, expected: int) -> int:
        if any(b'"release":{"at"' in each for each in entries):
            raise StateError("the disk is full")
        return append(self, log, entries, expected=expected)

    with monkeypatch.context() as patched:
        patched.setattr(FileStore, "append", failing)
        chain.apply("uat", archive)
    assert chain.pins("uat") == ()
    chain.clock.sleep(120)
    well(chain.apply("uat", archive))
    assert [pin.version for pin in chain.pins("uat")] == [1]
    assert len(chain.live("uat")) == 1


def test_back_to_a_version_makes_the_next_one_with_its_bytes_and_holds_what_was_left(chain: Chain) -> None:
    for prompt in ("one", "two", "three"):
        chain.assistant("desk", prompt)
        chain.commit()
        well(chain.promote("dev", "uat"))
    well(chain.back("uat", "v1"))
    first, _, third, fourth = chain.pins("uat")
    assert (fourth.version, fourth.digest, fourth.back_to) == (4, first.digest, 1)
    assert chain.prompt("uat") == "one"
    assert chain.plan("uat").plan.empty
    again = chain.promotion("dev", "uat").plan
    assert [gate.rule for gate in again.refusals] == ["hold"]
    assert third.digest == again.source["digest"]
    # A fix is another release, and goes through.
    chain.assistant("desk", "four")
    chain.commit()
    well(chain.promote("dev", "uat"))
    assert chain.pins("uat")[-1].version == 5


def test_back_to_before_a_run_takes_the_pin_along(chain: Chain) -> None:
    well(chain.promote("dev", "uat"))
    chain.assistant("desk", "Be short.")
    chain.commit()
    promoted = chain.promote("dev", "uat")
    well(promoted)
    well(chain.back("uat", str(promoted.run)))
    first, _, third = chain.pins("uat")
    assert (third.version, third.digest, third.back_to) == (3, first.digest, 1)
    assert chain.plan("uat").plan.empty


def test_versions_that_there_are_not(chain: Chain) -> None:
    well(chain.promote("dev", "uat"))
    for name, to, code in (
        ("uat", "v7", "release.unknown"),
        ("uat", "v1", "release.current"),
        ("dev", "v1", "release.none"),
    ):
        with pytest.raises(CallsheetError) as caught:
            chain.back(name, to)
        assert codes(caught.value) == [code]


def test_the_wanted_release_is_a_line_and_taking_it_back_is_a_rollback(chain: Chain) -> None:
    file = chain.root / "environments.yaml"
    assert chain.write("dev", "uat").startswith("dev@sha256:")
    assert chain.writes("uat") == 0
    chain.commit()
    assert chain.plan("uat").plan.mode == "promote"
    well(chain.apply("uat"))
    assert chain.plan("uat").plan.empty
    good = file.read_text()

    chain.assistant("desk", "Be short.")
    chain.commit()
    chain.write("dev", "uat")
    chain.assistant("desk", "Something else by the time of the merge.")
    well(chain.apply("uat"))
    assert chain.prompt("uat") == "Be short."

    file.write_text(good)
    well(chain.apply("uat"))
    assert chain.prompt("uat") == "Be kind."
    assert [pin.version for pin in chain.pins("uat")] == [1, 2, 3]


def test_a_wanted_version_is_bound_to_its_bytes(chain: Chain) -> None:
    well(chain.promote("dev", "uat"))
    line = chain.write("uat", "prod")
    assert line == f"uat@1@{chain.pins('uat')[0].digest}"
    well(chain.apply("prod"))
    assert chain.plan("prod").plan.empty
    chain.environments(prod=f"release: uat@1@sha256:{'0' * 64}")
    with pytest.raises(CallsheetError) as caught:
        chain.plan("prod")
    assert codes(caught.value) == ["release.unknown"]
    assert "other bytes" in str(caught.value)


def test_where_a_line_says_what_is_wanted_nobody_promotes_past_it(chain: Chain) -> None:
    chain.write("dev", "uat")
    with pytest.raises(Refused) as refused:
        chain.promotion("dev", "uat", dirty=True)
    assert codes(refused.value) == ["refused.promotion-line"]


@pytest.mark.parametrize("line", ["uat", "uat@x", "uat@0", "3", "[uat]", "uat@1", "uat@1@sha256:12"])
def test_a_line_that_is_no_release(chain: Chain, line: str) -> None:
    chain.environments(prod=f"release: {line}")
    with pytest.raises(CallsheetError) as caught:
        chain.plan("prod")
    assert codes(caught.value) in (["spec.release"], ["spec.type"])


def test_the_environment_that_releases_come_from_can_be_neither_renamed_nor_removed(chain: Chain) -> None:
    well(chain.promote("dev", "uat"))
    file = chain.root / "environments.yaml"
    file.write_text(file.read_text().replace("  dev:\n", "  trunk:\n").replace("From: dev", "From: trunk"))
    with pytest.raises(Refused) as refused:
        chain.plan("uat")
    assert codes(refused.value) == ["refused.default-gone"]


def test_an_environment_that_was_destroyed_begins_anew_as_another_instance(chain: Chain) -> None:
    well(chain.promote("dev", "uat"))
    before = chain.plan("uat").plan.instance
    well(chain.apply("uat", chain.plan("uat", destroy=True).archive))
    assert chain.pins("uat") == ()
    well(chain.promote("dev", "uat"))
    assert [pin.version for pin in chain.pins("uat")] == [1]
    assert chain.plan("uat").plan.instance not in (None, before)


def test_a_pinned_environment_can_be_destroyed_before_it_ever_ran_a_release(chain: Chain) -> None:
    assert chain.plan("uat", destroy=True).plan.empty


def test_prompts_are_resolved_into_the_release(chain: Chain) -> None:
    def version(name: str, status: str) -> None:
        chain.file(f"prompts/hello/{name}.md", f"---\nstatus: {status}\n---\nText of {name}.")

    version("1.0.0", "active")
    version("1.1.0", "draft")
    chain.assistant("desk", "", systemPrompt=None, systemPromptRef="hello")
    chain.sections = {"uat": "promptSource: library:draft", "prod": "promptSource: library:active"}
    chain.top = "prompts:\n  hello: {dev: latest}\n"
    chain.environments()
    chain.commit()
    planned = chain.promotion("dev", "uat")
    assert planned.plan.source["release"]["prompts"] == {"hello": "1.1.0"}
    well(chain.apply("uat", planned.archive))
    assert chain.prompt("uat") == "Text of 1.1.0."
    version("1.2.0", "active")
    assert chain.plan("uat").plan.empty
    well(chain.promote("uat", "prod"))
    assert chain.prompt("prod") == "Text of 1.0.0."
    assert chain.pins("prod")[0].prompts == {"hello": "1.0.0"}


def test_latest_is_for_the_default_environment_alone(chain: Chain) -> None:
    chain.file("prompts/hello/1.0.0.md", "---\nstatus: active\n---\nHi.")
    chain.top = "prompts:\n  hello: {dev: latest, uat: latest}\n"
    chain.environments()
    with pytest.raises(CallsheetError) as caught:
        chain.plan("dev")
    assert codes(caught.value) == ["spec.latest"]


def test_a_release_that_was_damaged_is_an_error_and_never_run(chain: Chain) -> None:
    well(chain.promote("dev", "uat"))
    space = chain.root / ".callsheet/state/blobs/releases/uat"
    for blob in [path for path in space.rglob("*") if path.is_file()]:
        blob.write_bytes(blob.read_bytes()[:-1] + b"x")
    with pytest.raises(CallsheetError) as caught:
        chain.plan("uat")
    assert codes(caught.value)[0].startswith(("state.", "release."))


def test_what_is_named_by_a_url_is_promoted_with_its_bytes(chain: Chain) -> None:
    text = [b"Open at nine."]

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(text[0])))
            self.end_headers()
            self.wfile.write(text[0])

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/hours.txt"
        chain.file(
            "knowledge/faq.yaml",
            f"kind: KnowledgeBase\nmetadata: {{name: faq}}\nspec: {{documents: [{{url: '{url}'}}]}}\n",
        )
        chain.commit()
        try:
            well(chain.promote("dev", "uat"))
            text[0] = b"Open at ten."
            assert chain.plan("uat").plan.empty
            well(chain.promote("uat", "prod"))
        finally:
            server.shutdown()
    # The page is gone, and what was promoted is still there.
    assert chain.plan("prod").plan.empty
    assert chain.pins("uat")[0].fetched == chain.pins("prod")[0].fetched != {}


def test_one_resource_is_cloned_with_what_it_needs_and_nothing_else(chain: Chain) -> None:
    well(chain.promote("dev", "uat"))
    chain.file("prompts/late.md", "You are late.")
    chain.file(
        "tools/t.yaml",
        "kind: Tool\nmetadata: {name: t}\nspec: {type: function, native: {function: {name: t}}}\n",
    )
    chain.assistant("late", "", systemPrompt=None, systemPromptRef="prompts/late.md", tools=[{"ref": "t"}])
    chain.assistant("unrelated", "Not this one.")
    chain.assistant("desk", "Not this change.")
    chain.commit()
    with chain.session("uat") as session:
        archive = clone(session, "dev", "Assistant/late", Options()).archive
    assert sorted(change.address for change in archive.plan.changes) == ["Assistant/late", "Tool/t"]
    well(chain.apply("uat", archive))
    assert chain.prompt("uat") == "Be kind."
    assert chain.prompt("uat", "late") == "You are late."
    [_, pin] = chain.pins("uat")
    assert pin.cloned == "Assistant/late"
    assert chain.plan("uat").plan.empty


@pytest.mark.parametrize(
    ("address", "start", "target", "code"),
    [
        ("Assistant/none", "dev", "uat", "clone.address"),
        ("nonsense", "dev", "uat", "clone.address"),
        ("Assistant/desk", "dev", "prod", "refused.promotion-route"),
        ("Assistant/desk", "uat", "dev", "refused.clone"),
        ("Assistant/desk", "uat", "uat", "refused.clone"),
    ],
)
def test_what_cannot_be_cloned(chain: Chain, address: str, start: str, target: str, code: str) -> None:
    with chain.session(target) as session, pytest.raises(CallsheetError) as caught:
        clone(session, start, address, Options())
    assert codes(caught.value) == [code]


def test_a_promotion_takes_the_whole_release(chain: Chain) -> None:
    with chain.session("uat") as session:
        planned = promote(session, "dev", Options())
    assert planned.plan.source["digest"].removeprefix("sha256:") in planned.plan.contents


def test_files_that_hold_secrets_are_no_part_of_a_release(chain: Chain) -> None:
    chain.file("keys/desk.txt", "canary-in-a-file")
    chain.file("keys/by-name/orders.txt", "canary-by-name")
    chain.environments(uat='secrets: "secrets://file/keys/by-name/{name}.txt"')
    server = {"url": "https://acme.example", "headers": {"a": "${secrets://file/keys/desk.txt}"}}
    chain.assistant("desk", "Be kind.", native={"server": server})
    chain.commit()
    well(chain.promote("dev", "uat"))
    with chain.session("uat") as session:
        assert list(session.source.manifest.files) == ["assistants/desk.yaml"]
    well(chain.apply("uat"))


def test_a_file_with_the_value_of_a_secret_is_not_kept(chain: Chain) -> None:
    server = {"url": "https://acme.example", "headers": {"a": "${secrets://env/UAT_TOKEN}"}}
    chain.assistant("desk", "Be kind.", native={"server": server})
    chain.file("prompts/pasted.md", "Use token-of-uat for it.")
    chain.commit()
    with pytest.raises(Refused) as refused:
        chain.promotion("dev", "uat")
    assert codes(refused.value) == ["refused.promotion-secret"]
    assert "prompts/pasted.md" in str(refused.value)
    assert "token-of-uat" not in str(refused.value)
    assert not (chain.root / ".callsheet/state/blobs/releases").exists()


def test_the_application_is_told_what_its_environment_runs(chain: Chain) -> None:
    chain.file("prompts/hello.md", "Hello.")
    chain.commit()
    with chain.session("uat") as session:
        assert resolve(session)["release"] is None  # before the first release, what the tree says
    well(chain.promote("dev", "uat"))
    chain.file("prompts/hello.md", "Something else.")
    with chain.session("uat") as session:
        told = Resolved.of(resolve(session))
    assert (told.prompt("hello").text, told.release) == ("Hello.", "uat@1")
    with chain.session("dev") as session:
        assert Resolved.of(resolve(session)).prompt("hello").text == "Something else."


def test_validate_tells_a_line_that_is_no_release(chain: Chain) -> None:
    chain.environments(prod="release: newest")
    found = [each.code for each in validate(chain.root).diagnostics]
    assert found == ["spec.release"]


def test_a_release_that_the_store_lost_is_kept_anew_by_the_same_promotion(chain: Chain) -> None:
    well(chain.promote("dev", "uat"))
    shutil.rmtree(chain.root / ".callsheet/state/blobs/releases/uat")
    with pytest.raises(CallsheetError) as caught:
        chain.plan("uat")
    assert codes(caught.value) == ["release.damaged"]
    assert "promote again" in caught.value.diagnostics[0].hint
    well(chain.promote("dev", "uat"))
    assert chain.plan("uat").plan.empty


def test_a_state_that_is_put_back_without_its_release_says_so(chain: Chain, tmp_path: Path) -> None:
    well(chain.promote("dev", "uat"))
    file = str(tmp_path / "uat.state")
    assert typed(chain, "state", "pull", "--env", "uat", "--out", file).code == 0
    shutil.rmtree(chain.root / ".callsheet/state")
    done = typed(chain, "state", "push", file, "--yes")
    assert done.code == 0
    assert "does not have that release" in done.err
    well(chain.promote("dev", "uat"))
    assert chain.plan("uat").plan.empty


def test_an_older_state_that_is_forced_takes_no_version_back(chain: Chain, tmp_path: Path) -> None:
    well(chain.promote("dev", "uat"))
    file = str(tmp_path / "uat.state")
    assert typed(chain, "state", "pull", "--env", "uat", "--out", file).code == 0
    chain.assistant("desk", "Be short.")
    chain.commit()
    well(chain.promote("dev", "uat"))
    assert typed(chain, "state", "push", file, "--yes", "--force").code == 0
    assert [pin.version for pin in chain.pins("uat")] == [1, 2]


def unwritable(monkeypatch: pytest.MonkeyPatch, mark: bytes) -> None:
    """A store that writes everything but entries with this in them."""
    append = FileStore.append

    def failing(self: FileStore, log: str, entries: Any, *, expected: int) -> int:
        if any(mark in each for each in entries):
            raise StateError("the disk is full")
        return append(self, log, entries, expected=expected)

    monkeypatch.setattr(FileStore, "append", failing)


def test_a_destroy_that_was_cut_off_ends_the_instance_when_it_is_run_again(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    well(chain.promote("dev", "uat"))
    before = chain.plan("uat").plan.instance
    with monkeypatch.context() as patched:
        unwritable(patched, b'{"instance":"')
        chain.apply("uat", chain.plan("uat", destroy=True).archive)
    chain.clock.sleep(120)
    assert [pin.version for pin in chain.pins("uat")] == [1]
    well(chain.apply("uat", chain.plan("uat", destroy=True).archive))
    assert chain.pins("uat") == ()
    after = chain.plan("uat", destroy=True).plan.instance
    assert after not in (None, before)
    # And once more does nothing at all.
    well(chain.apply("uat", chain.plan("uat", destroy=True).archive))
    assert chain.plan("uat", destroy=True).plan.instance == after


def test_back_to_before_a_destroy_brings_the_release_back_too(chain: Chain) -> None:
    well(chain.promote("dev", "uat"))
    gone = chain.apply("uat", chain.plan("uat", destroy=True).archive)
    well(gone)
    well(chain.back("uat", str(gone.run)))
    [pin] = chain.pins("uat")
    assert (pin.version, pin.back_to) == (1, 1)
    assert chain.plan("uat").plan.empty
    assert chain.prompt("uat") == "Be kind."


def test_a_promotion_that_did_not_end_says_what_runs_and_what_a_plan_leads_to(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    well(chain.promote("dev", "uat"))
    chain.assistant("desk", "Be short.")
    chain.commit()
    archive = chain.promotion("dev", "uat").archive
    with monkeypatch.context() as patched:
        unwritable(patched, b'"release":{"at"')
        outcome = chain.apply("uat", archive)
    assert "release.not-pinned" in [each.code for each in outcome.diagnostics]
    chain.clock.sleep(120)
    back = chain.plan("uat").plan
    assert "release.cut-off" in [each.code for each in back.diagnostics]
    well(chain.apply("uat", archive))
    assert [pin.version for pin in chain.pins("uat")] == [1, 2]
    assert "release.cut-off" not in [each.code for each in chain.plan("uat").plan.diagnostics]


@pytest.mark.parametrize("narrow", [{"targets": ("Assistant/desk",)}, {"excludes": ("Assistant/other",)}])
def test_a_wanted_release_is_taken_whole(chain: Chain, narrow: dict[str, tuple[str, ...]]) -> None:
    chain.assistant("other", "Stay.")
    chain.commit()
    chain.write("dev", "uat")
    with pytest.raises(CallsheetError) as caught:
        chain.apply("uat", **narrow)
    assert codes(caught.value) == ["usage.narrowed-release"]
    assert chain.writes("uat") == 0
    well(chain.apply("uat"))
    # Of what runs already a part may be planned.
    assert chain.plan("uat", **narrow).plan.empty


def cloning(chain: Chain, *, dirty: bool = False) -> Any:
    with chain.session("uat") as session:
        return clone(session, "dev", "Assistant/desk", Options(), dirty=dirty)


def test_a_clone_takes_no_other_way_than_a_promotion(chain: Chain) -> None:
    well(chain.promote("dev", "uat"))
    chain.assistant("desk", "Be short.")
    with pytest.raises(Refused) as refused:
        cloning(chain)
    assert codes(refused.value) == ["refused.promotion-dirty"]
    assert cloning(chain, dirty=True).plan.changes
    chain.commit()
    chain.write("dev", "uat")
    chain.commit()
    with pytest.raises(Refused) as refused:
        cloning(chain)
    assert codes(refused.value) == ["refused.promotion-line"]


def test_no_value_of_a_secret_of_either_environment_gets_into_a_release(chain: Chain) -> None:
    well(chain.promote("dev", "uat"))
    server = {"url": "https://acme.example", "headers": {"a": "${secrets://env/DEV_TOKEN}"}}
    chain.assistant("other", "Stay.", native={"server": server})
    chain.assistant("desk", "Say token-of-dev.")
    chain.commit()
    for act in (lambda: chain.promotion("dev", "uat"), lambda: cloning(chain)):
        with pytest.raises(Refused) as refused:
            act()
        assert codes(refused.value) == ["refused.promotion-secret"]
    digest = chain.plan("dev").plan.source["digest"]
    chain.environments(uat=f"release: dev@{digest}")
    with pytest.raises(Refused) as refused:
        chain.plan("uat")
    assert codes(refused.value) == ["refused.promotion-secret"]

"""What holds of the Git store alone."""

from __future__ import annotations

import os
import shutil
import stat
import traceback
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from callsheet.model.errors import StateError
from callsheet.state.branch import Branch
from callsheet.state.git import BRANCH, GitStore
from callsheet.state.store import Moved
from support.stores import GIT, bare, clone, commit, git


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    return bare(tmp_path)


@pytest.fixture
def work(remote: Path, tmp_path: Path) -> Path:
    return clone(remote, tmp_path / "work")


def opened(folder: Path, remote: str | None = None, variables: Mapping[str, str] = GIT) -> GitStore:
    return GitStore(Branch(folder, BRANCH, remote=remote, variables=variables))


def failure(store: GitStore) -> StateError:
    with pytest.raises(StateError) as caught:
        store.write("a", b"x", expected=None)
    return caught.value


def script(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_nothing_of_the_checkout_changes(work: Path) -> None:
    def look() -> tuple[str, str, str, bytes, bytes]:
        kept = work / ".git"
        branches = git(work, "branch")
        return (
            git(work, "status", "--porcelain", "--ignored"),
            git(work, "rev-parse", "HEAD"),
            branches,
            (kept / "index").read_bytes() if (kept / "index").exists() else b"",
            (kept / "config").read_bytes(),
        )

    before = look()
    store = opened(work)
    store.write("a", b"x", expected=None)
    store.append("l", [b"x"], expected=0)
    store.read("a")
    assert look() == before


def test_each_write_is_a_commit_by_callsheet_that_starts_no_pipeline(work: Path, remote: Path) -> None:
    store = opened(work)
    version = store.write("state/dev/head", b"1", expected=None)
    store.write("state/dev/head", b"2", expected=version)
    told = git(remote, "log", "--format=%an %cn %s", "callsheet-state")
    line = "Callsheet Callsheet callsheet: write state/dev/head [skip ci]"
    assert told.splitlines() == [line, line]
    assert git(remote, "ls-tree", "-r", "--name-only", "callsheet-state") == "documents/state/dev/head@"


def test_a_shallow_clone_of_one_branch_is_enough_and_stays_one(remote: Path, tmp_path: Path) -> None:
    first = opened(clone(remote, tmp_path / "one"))
    version = first.write("a", b"1", expected=None)
    for number in range(5):
        version = first.write("a", b"%d" % number, expected=version)
    runner = clone(remote, tmp_path / "runner", "--depth=1", "--single-branch")
    store = opened(runner)
    found = store.read("a")
    assert found is not None
    assert found.data == b"4"
    store.write("a", b"runner", expected=found.version)
    store.append("l", [b"x"], expected=0)
    assert git(runner, "rev-list", "--count", "refs/callsheet/seen/callsheet-state", "--") == "3"
    again = first.read("a")
    assert again is not None
    assert again.data == b"runner"
    assert git(runner, "rev-parse", "--is-shallow-repository") == "true"
    assert git(tmp_path / "one", "rev-parse", "--is-shallow-repository") == "false"


def test_a_project_in_a_subfolder_is_in_the_repository(work: Path) -> None:
    (work / "voice").mkdir()
    opened(work / "voice").write("a", b"x", expected=None)
    assert opened(work).read("a") is not None


def test_hooks_of_the_project_and_the_repository_of_a_running_hook_are_not_followed(
    work: Path, remote: Path, tmp_path: Path
) -> None:
    script(work / ".git" / "hooks" / "pre-push", "exit 1")
    other = bare(tmp_path / "other")
    store = opened(work, variables={**GIT, "GIT_DIR": str(other), "GIT_INDEX_FILE": str(tmp_path / "index")})
    store.write("a", b"x", expected=None)
    assert "callsheet-state" in git(remote, "branch")
    assert "callsheet-state" not in git(other, "branch")


def test_without_a_remote_state_stays_here_only_if_that_is_said(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch=main", "alone")
    folder = tmp_path / "alone"
    commit(folder)
    told = failure(opened(folder)).diagnostics[0]
    assert told.code == "state.no-remote"
    assert "remote: none" in told.hint
    store = opened(folder, "none")
    version = store.write("a", b"1", expected=None)
    assert git(folder, "branch", "--list", "callsheet-state") == "callsheet-state"

    def attempt(number: int) -> bool:
        try:
            opened(folder, "none").write("a", b"%d" % number, expected=version)
        except Moved:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(attempt, range(10, 18))) == 1


def test_which_remote_is_meant(work: Path, remote: Path) -> None:
    git(work, "remote", "rename", "origin", "upstream")
    opened(work).write("a", b"x", expected=None)
    git(work, "remote", "add", "fork", str(remote))
    assert failure(opened(work)).diagnostics[0].hint == "set `remote:` to one of fork, upstream"
    opened(work, "upstream").write("b", b"x", expected=None)
    told = failure(opened(work, "upstrem")).diagnostics[0]
    assert (told.summary, told.hint) == ("the repository has no remote 'upstrem'", "Did you mean upstream?")


def test_a_refused_push_says_whose_words_they_are_and_that_nothing_was_written(
    work: Path, remote: Path
) -> None:
    script(remote / "hooks" / "pre-receive", "echo GH006: Protected branch update failed >&2; exit 1")
    told = failure(opened(work)).diagnostics[0]
    assert told.code == "state.refused"
    assert "pre-receive hook declined" in told.summary
    assert "GH006: Protected branch update failed" in told.detail
    assert "It was not written." in told.detail
    assert "contents: write" in told.hint
    assert "callsheet-state" not in git(remote, "branch")


def test_a_remote_out_of_reach_is_an_error_and_no_empty_estate(work: Path, remote: Path) -> None:
    store = opened(work)
    store.write("a", b"x", expected=None)
    remote.rename(remote.with_name("moved"))
    with pytest.raises(StateError) as caught:
        store.read("a")
    assert caught.value.diagnostics[0].code == "state.unreachable"


def test_credentials_in_a_remote_are_in_no_error(work: Path) -> None:
    git(work, "remote", "set-url", "origin", "http://robot:canary-7@127.0.0.1:1/x.git")
    store = opened(work)
    with pytest.raises(StateError) as caught:
        store.read("a")
    told = caught.value.diagnostics[0]
    assert told.code == "state.unreachable"
    assert "canary-7" not in f"{told.to_json()} {store.describe()}"
    assert "canary-7" not in "".join(traceback.format_exception(caught.value))


def test_no_git_and_no_repository_are_clear(work: Path, tmp_path: Path) -> None:
    told = failure(opened(work, variables={"PATH": str(tmp_path / "nothing")})).diagnostics[0]
    assert told.code == "state.no-git"
    (tmp_path / "plain").mkdir()
    ceiling = {**GIT, "GIT_CEILING_DIRECTORIES": str(tmp_path)}
    for remote in (None, "none"):
        assert (
            failure(opened(tmp_path / "plain", remote, ceiling)).diagnostics[0].code == "state.no-repository"
        )


@pytest.fixture
def losing(tmp_path: Path) -> tuple[Path, Mapping[str, str]]:
    """A git whose next push loses its answer once the file is there; that runs first, as a script."""
    then = tmp_path / "then.sh"
    real = shutil.which("git")
    script(
        tmp_path / "bin" / "git",
        f'{real} "$@"; code=$?\n'
        f'case " $* " in *" push "*) if [ -e {then} ]; then sh {then}; rm {then}; exit 128; fi;; esac\n'
        "exit $code",
    )
    return then, {**GIT, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}


def test_a_push_whose_answer_was_lost_counts_if_it_arrived(
    work: Path, losing: tuple[Path, Mapping[str, str]]
) -> None:
    then, variables = losing
    store = opened(work, variables=variables)
    version = store.write("a", b"1", expected=None)
    then.touch()
    store.write("a", b"2", expected=version)
    assert not then.exists()
    length = store.append("l", [b"x"], expected=0)
    then.touch()
    store.append("l", [b"y"], expected=length)
    assert store.read_log("l")[0] == [b"x", b"y"]


def test_it_counts_also_if_somebody_went_on_from_it(
    work: Path, remote: Path, losing: tuple[Path, Mapping[str, str]]
) -> None:
    then, variables = losing
    store = opened(work, variables=variables)
    length = store.append("l", [b"x"], expected=0)
    branch = "refs/heads/callsheet-state"
    then.write_text(
        f"cd {remote}; export GIT_AUTHOR_NAME=o GIT_AUTHOR_EMAIL=o\n"
        "export GIT_COMMITTER_NAME=o GIT_COMMITTER_EMAIL=o\n"
        f"git update-ref {branch} $(git commit-tree -p {branch} -m other {branch}^{{tree}})\n"
    )
    store.append("l", [b"y"], expected=length)
    assert store.read_log("l")[0] == [b"x", b"y"]
    assert git(remote, "log", "-1", "--format=%s", branch) == "other"


def loose(work: Path, path: str) -> Path:
    object_id = git(work, "rev-parse", f"refs/callsheet/seen/callsheet-state:{path}")
    found = work / ".git" / "objects" / object_id[:2] / object_id[2:]
    found.chmod(stat.S_IRUSR | stat.S_IWUSR)
    return found


@pytest.mark.parametrize("how", ["lost", "emptied", "exchanged"])
@pytest.mark.parametrize("path", ["documents/a@", "logs/l/@/00000000", "documents"])
def test_a_damaged_object_is_an_error_and_no_missing_document(work: Path, path: str, how: str) -> None:
    store = opened(work)
    store.write("a", b"1", expected=None)
    store.write("b", b"2", expected=None)
    store.append("l", [b"x"], expected=0)
    found = loose(work, path)
    if how == "lost":
        found.unlink()
    elif how == "emptied":
        found.write_bytes(b"")
    else:
        found.write_bytes(loose(work, "documents/b@").read_bytes())
    with pytest.raises(StateError):
        store.read_log("l") if path.startswith("logs") else store.read("a")


def test_a_log_without_one_of_its_blocks_is_damaged(work: Path, remote: Path) -> None:
    store = opened(work)
    length = 0
    for _ in range(3):
        length = store.append("l", [b"x" * 40_000], expected=length)
    names = git(remote, "ls-tree", "-r", "--name-only", "callsheet-state").split()
    assert names == [f"logs/l/@/{number:08}" for number in range(3)]
    tip = git(remote, "rev-parse", "callsheet-state")
    # The same tree without its middle block, as an unwise edit of the branch makes it.
    other = clone(remote, remote.with_name("edited"), "--branch", "callsheet-state")
    git(other, "rm", "--quiet", names[1])
    commit(other)
    git(other, "push", "--quiet", "origin", "callsheet-state")
    assert git(remote, "rev-parse", "callsheet-state^") == tip
    with pytest.raises(StateError, match="lacks a part"):
        store.read_log("l")


def test_a_batch_of_blobs_is_one_push_and_so_is_their_removal(work: Path, remote: Path) -> None:
    store = opened(work)
    names = store.put_blobs([b"%d" % number for number in range(30)], space="exports/dev")
    store.put_blobs([b"%d" % number for number in range(30)], space="exports/dev")
    store.remove_blobs(names[:20], space="exports/dev")
    store.remove_blobs(names[:20], space="exports/dev")
    told = git(remote, "log", "--format=%s", "callsheet-state").splitlines()
    assert told == [
        "callsheet: remove 20 of exports/dev [skip ci]",
        "callsheet: keep 30 of exports/dev [skip ci]",
    ]
    assert len(list(store.contents("exports"))) == 10


def test_a_blob_that_somebody_changed_on_the_branch_is_found(work: Path, remote: Path) -> None:
    [name] = opened(work).put_blobs([b"bytes"], space="exports/dev")
    other = clone(remote, remote.with_name("edited"), "--branch", "callsheet-state")
    (other / "blobs" / "exports" / "dev" / name[:2] / name).write_bytes(b"bytez")
    git(other, "add", "--all")
    commit(other)
    git(other, "push", "--quiet", "origin", "callsheet-state")
    fresh = opened(clone(remote, remote.with_name("fresh")))
    with pytest.raises(StateError, match="does not hold what its name says"):
        fresh.get_blob(name, space="exports/dev")

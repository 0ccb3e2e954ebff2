"""A Git repository through the git program: objects, one branch and its remote; no work tree, no index."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from callsheet.model.diagnostics import nearest
from callsheet.model.errors import StateError
from callsheet.model.forms import bare

_SECONDS = 180.0
# What points git at another repository than the one that the project lies in, as it does inside a hook.
_LEADING = frozenset(
    {
        "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE",
        "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_SHALLOW_FILE",
    }
)  # fmt: skip
# Hooks are the project's and know nothing of state; objects and refs are on disk before a write counts.
_CONFIG = ("core.hooksPath=/dev/null", "gc.auto=0", "maintenance.auto=false", "core.fsync=committed")
_WHO = "Callsheet <callsheet@localhost>"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a git command said. `said` is its error output, without credentials in addresses."""

    code: int
    out: bytes
    said: str


@dataclass(frozen=True, slots=True)
class Leaf:
    """An entry of a tree."""

    path: str
    object_id: str
    size: int


class Repository:
    """Every method may raise StateError: no git, no repository, an object that is damaged or missing."""

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self.folder = folder
        self._variables = {
            **{key: value for key, value in variables.items() if key not in _LEADING},
            # Messages are read below; a prompt would wait for ever where nobody is.
            "LC_ALL": "C",
            "GIT_TERMINAL_PROMPT": "0",
        }

    def run(self, *arguments: str, data: bytes | None = None, check: bool = True) -> Answer:
        command = ["git"]
        for setting in _CONFIG:
            command += ["-c", setting]
        try:
            done = subprocess.run(
                [*command, *arguments],
                cwd=self.folder,
                env=self._variables,
                input=data,
                stdin=subprocess.DEVNULL if data is None else None,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except FileNotFoundError:
            raise StateError(
                "git is not installed, or not in PATH",
                detail="The state backend `git` works through the git program.",
                hint="install git where this command runs, or choose another `state: {backend: …}`",
                code="state.no-git",
            ) from None
        except subprocess.TimeoutExpired:
            raise StateError(
                f"git {arguments[0]} has not answered within {_SECONDS:.0f} s",
                detail="If it was writing state, it is not known whether that was written.",
                hint="check the network and the remote, then plan again",
                code="state.unreachable",
            ) from None
        said = bare(done.stderr.decode(errors="replace")).strip()
        if check and done.returncode != 0:
            raise self.failed(arguments[0], said)
        return Answer(done.returncode, done.stdout, said)

    def failed(self, verb: str, said: str) -> StateError:
        if "not a git repository" in said:
            return StateError(
                f"{self.folder} lies in no Git repository",
                detail="The state backend `git` keeps state on a branch of the project's own repository.",
                hint="run `git init`, or choose another `state: {backend: …}`",
                code="state.no-repository",
            )
        return StateError(
            f"git {verb} failed in {self.folder}",
            detail=_last(said),
            hint="`git fsck` tells whether the repository is damaged; a fresh clone has what was pushed",
            code="state.git",
        )

    # objects

    def entries(self, commit: str, *paths: str) -> list[Leaf]:
        """The files at or under paths, in order; none where a path is not there."""
        # Not `cat-file COMMIT:PATH`: that calls an object that was lost and a path that never was the same.
        out = self.run("ls-tree", "-r", "-l", "-z", "--full-tree", commit, "--", *paths).out
        found = []
        for line in filter(None, out.decode().split("\0")):
            about, _, name = line.partition("\t")
            _, _, object_id, size = about.split()
            if not size.isdigit():
                raise self.failed("ls-tree", f"the object {object_id} of {name} cannot be read")
            found.append(Leaf(name, object_id, int(size)))
        return found

    def contents(self, leaves: Sequence[Leaf]) -> list[bytes]:
        """The bytes of files, each verified against its object id."""
        asked = "".join(f"{leaf.object_id}\n" for leaf in leaves).encode()
        answer = self.run("cat-file", "--batch", data=asked)
        out, at, found = answer.out, 0, []
        for leaf in leaves:
            end = out.find(b"\n", at)
            start, stop = end + 1, end + 1 + leaf.size
            data = out[start:stop]
            if out[at:end].decode() != f"{leaf.object_id} blob {leaf.size}" or not _is(leaf.object_id, data):
                raise self.failed(
                    "cat-file", f"the object {leaf.object_id} of {leaf.path} is missing or damaged"
                )
            found.append(data)
            at = stop + 1
        return found

    def commit(
        self, ref: str, parent: str | None, message: str, put: Mapping[str, bytes], remove: Sequence[str] = ()
    ) -> str:
        """A commit on `parent` with files written and paths removed; its id. `ref` holds it till the next."""
        said = message.encode()
        lines = [
            b"feature done\n",
            f"commit {ref}\nmark :1\ncommitter {_WHO} now\ndata {len(said)}\n".encode() + said + b"\n",
            f"from {parent}\n".encode() if parent else b"",
            *(f"D {path}\n".encode() for path in remove),
            *(
                f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n"
                for path, data in put.items()
            ),
            b"\nget-mark :1\ndone\n",
        ]
        # One process for blobs, trees and the commit; of the parent's trees it reads only those on the way.
        answer = self.run("fast-import", "--quiet", "--force", "--date-format=now", data=b"".join(lines))
        return answer.out.decode().strip()

    # refs

    def resolve(self, ref: str) -> str | None:
        """The commit of a ref, or None where there is no such ref."""
        answer = self.run("for-each-ref", "--format=%(objectname)", ref)
        return answer.out.decode().strip() or None

    def move(self, ref: str, to: str, expected: str | None) -> bool:
        """Point a ref elsewhere; False unless it pointed at `expected` (None: was not there)."""
        answer = self.run("update-ref", ref, to, expected or "0" * len(to), check=False)
        if answer.code != 0 and self.resolve(ref) == expected and "lock" not in answer.said:
            raise self.failed("update-ref", answer.said)
        return answer.code == 0

    def forget(self, ref: str) -> None:
        self.run("update-ref", "-d", ref)

    def contains(self, commit: str, ancestor: str) -> bool:
        return self.run("merge-base", "--is-ancestor", ancestor, commit, check=False).code == 0

    # the remote

    def remote(self, name: str | None) -> str:
        """The remote that is meant: the one named, else `origin`, else the only one."""
        known = self.run("remote").out.decode().split()
        if name is None and known:
            if "origin" in known or len(known) == 1:
                return "origin" if "origin" in known else known[0]
            summary, hint = (
                "it is not said which remote keeps state",
                f"set `remote:` to one of {', '.join(known)}",
            )
        elif name in known and name is not None:
            return name
        elif known:
            summary = f"the repository has no remote {name!r}"
            hint = nearest(name or "", known) or f"set `remote:` to one of {', '.join(known)}"
        else:
            summary = "the repository has no remote, so that state could not leave this machine"
            hint = (
                "add one (`git remote add origin …`), or say `remote: none` if this machine is all there is"
            )
        raise StateError(summary, detail=f"It lies in {self.folder}.", hint=hint, code="state.no-remote")

    def address(self, remote: str) -> str:
        """Where pushes to a remote go, without user, password and query."""
        addresses = self.run("remote", "get-url", "--push", "--all", remote).out.decode().splitlines()
        return " and ".join(_bare(address) for address in addresses)

    def fetch(self, remote: str, branch: str, into: str) -> str | None:
        """Bring the branch's commit here; None where the remote has no such branch."""
        # In a shallow clone only the tip: its history is of no use here. A whole clone stays a whole one.
        shallow = self.run("rev-parse", "--is-shallow-repository").out.strip() == b"true"
        answer = self.run(
            "fetch", "--quiet", "--no-tags", "--no-prune", "--no-recurse-submodules", "--no-write-fetch-head",
            *(["--depth=1"] if shallow else []),
            remote, f"+refs/heads/{branch}:{into}", check=False,
        )  # fmt: skip
        if answer.code == 0:
            return self.resolve(into)
        if "couldn't find remote ref" in answer.said:
            self.forget(into)
            return None
        if "not a git repository" in answer.said and not self._is_one():
            raise self.failed("fetch", answer.said)
        raise StateError(
            f"state cannot be fetched: the branch {branch} of the remote {remote} is out of reach",
            detail=_last(answer.said),
            hint=f"check the network and the checkout's credentials: `git fetch {remote}` should work here",
            code="state.unreachable",
        )

    def push(self, remote: str, branch: str, commit: str, expected: str | None) -> Answer:
        """Point the remote's branch at the commit if it points at `expected` (None: if it is not there)."""
        ref = f"refs/heads/{branch}"
        return self.run(
            "push", "--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no",
            f"--force-with-lease={ref}:{expected or ''}", remote, f"{commit}:{ref}", check=False,
        )  # fmt: skip

    def common_folder(self) -> Path:
        """Where the repository keeps what all of its work trees share."""
        out = self.run("rev-parse", "--git-common-dir").out.decode().rstrip("\n")
        return (self.folder / out).resolve()

    def _is_one(self) -> bool:
        return self.run("rev-parse", "--git-dir", check=False).code == 0


def _is(object_id: str, data: bytes) -> bool:
    whole = b"blob %d\0" % len(data) + data
    # Git names objects by SHA-1 unless the repository was made for SHA-256.
    if len(object_id) == 64:
        return hashlib.sha256(whole).hexdigest() == object_id
    return hashlib.sha1(whole, usedforsecurity=False).hexdigest() == object_id


def _bare(address: str) -> str:
    scheme, mark, rest = address.partition("://")
    if not mark:  # `user@host:path`, or a folder
        return re.sub(r"^[^/:]*@(?=[^/]*:)", "", address)
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path.partition('?')[0].partition('#')[0]}"


def _last(said: str) -> str:
    """What git said, as one line; it has the reason at its end, after hints."""
    lines = [line.strip() for line in said.splitlines() if line.strip() and not line.startswith("hint:")]
    return "Git says: " + " ".join(lines[-4:]) if lines else ""

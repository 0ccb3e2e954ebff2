"""A repository with the example workflows, and what its jobs meet: a provider, Vault, an issuer, GitHub."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hvac
from cryptography.hazmat.primitives import serialization

import callsheet
from callsheet.sandbox.app import create_app
from callsheet.sandbox.server import serve
from callsheet.sandbox.store import Store
from e2e.command import Called, process
from support import act, emulator
from support.act import Ran
from support.front import AT, Front
from support.issuer import Issuer, issuer, rsa_key
from support.pulls import OURS, Pulls
from support.vault import Double
from support.vault.double import ROOT as ROOT_TOKEN
from support.voice_files import ENVIRONMENT, FILES, PROTECTION

EXAMPLES = Path(__file__).parents[2] / "examples/ci"
ENVIRONMENTS = ("dev", "uat", "prod")
_SECRET = "canary-orders-key-3Vn8"
_GH = Path(__file__).with_name("gh_stand_in.py")
_INSTALLED = f"callsheet[oidc,postgres,vault]=={callsheet.__version__} --hash=sha256:{'0' * 64}"
_WHO = ["-c", "user.name=Ben", "-c", "user.email=ben@acme.example"]


@dataclass
class Project:
    """`root` is the repository; `kept` holds the artifacts of runs, of pull requests by their head.

    `applied` has the artifacts of the last apply.yml.
    """

    root: Path
    folder: Path
    urls: Mapping[str, str]
    front: Front
    vault: Double
    issuer: Issuer
    trees: int = 0
    pulls: Pulls = field(default_factory=Pulls)
    applied: Path = Path()

    @property
    def kept(self) -> Path:
        return self.folder / "kept"

    # the repository

    def git(self, *arguments: str, at: Path | None = None) -> str:
        done = subprocess.run(
            ["git", *_WHO, *arguments], cwd=at or self.root, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def edit(self, file: str, old: str, new: str) -> None:
        path = self.root / file
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def commit(self, subject: str) -> str:
        self.git("commit", "--quiet", "--all", "--message", subject)
        return self.git("rev-parse", "HEAD")

    def tree(self, ref: str, onto: str = "") -> Path:
        """A checkout of its own, as each job has one; of a pull request the merge with its base."""
        self.trees += 1
        made = self.folder / f"tree-{self.trees}"
        commit = self.git("rev-parse", ref)
        self.git("clone", "--quiet", str(self.root), str(made))
        self.git("checkout", "--quiet", "--detach", onto or commit, at=made)
        if onto:
            self.git("merge", "--quiet", "--no-ff", "--message", "Merge", commit, at=made)
        return made

    # the host

    def api(self, method: str, path: str, body: Any = None) -> Any:
        """Somebody at GitHub."""
        return _asked(self.front.behind + AT + path, method, body, emulator.TOKEN)

    def comments(self, number: int) -> list[Any]:
        found: list[Any] = self.api("GET", f"/issues/{number}/comments")
        return found

    def issues(self, state: str = "all") -> list[Any]:
        return [each for each in self.api("GET", f"/issues?state={state}") if "pull_request" not in each]

    def opened(self, branch: str, title: str) -> int:
        """A pull request of that branch. Its files are in the repository of this machine, and not there."""
        tip = self.api("GET", "/git/ref/heads/main")["object"]["sha"]
        self.api("POST", "/git/refs", {"ref": f"refs/heads/{branch}", "sha": tip})
        self.api("PUT", f"/contents/{branch}.txt", {"message": title, "content": "eA==", "branch": branch})
        asked = {"title": title, "head": branch, "base": "main", "body": ""}
        number = int(self.api("POST", "/pulls", asked)["number"])
        self.pulls.open(number, branch)
        return number

    # the jobs

    def pull_request(self, number: int, head: str, *, fork: bool = False, **more: Any) -> Ran:
        base = self.git("rev-parse", "main")
        pull = self.pulls.push(number, head, "mallory/voice" if fork else OURS)
        payload = {
            "pull_request": {
                "number": number,
                "head": {"sha": head, "repo": pull["head"]["repo"]},
                "base": {"sha": base, "ref": "main", "repo": {"full_name": OURS}},
            }
        }
        kept = self.kept / head
        tree = self.tree(head, base)
        ran = self.job("pull_request", "pull-request.yml", tree, payload, STAGE_KEPT=str(kept), **more)
        self.pulls.end(pull, kept, "failure" if ran.code else "success")
        return ran

    def merged(self, number: int) -> None:
        """The commit that main is at is the merge of that pull request."""
        self.pulls.merge(number, self.git("rev-parse", "main"))

    def push(self, **more: Any) -> Ran:
        """What GitHub does after a merge, or a push to main."""
        sha = self.git("rev-parse", "main")
        return self.applying("push", {"ref": "refs/heads/main", "after": sha}, **more)

    def by_hand(self, *, ref: str = "refs/heads/main", promote: bool = False, **more: Any) -> Ran:
        inputs = {"promote": str(promote).lower()}
        return self.applying("workflow_dispatch", {"ref": ref, "inputs": inputs}, **more)

    def applying(self, event: str, payload: Mapping[str, Any], **more: Any) -> Ran:
        tree = self.tree("main")
        self.applied = self.kept / tree.name
        return self.job(event, "apply.yml", tree, payload, STAGE_KEPT=str(self.applied), **more)

    def checked(self) -> Ran:
        return self.job("schedule", "drift.yml", self.tree("main"), {})

    def job(
        self, event: str, workflow: str, tree: Path, payload: Mapping[str, Any], *, actor: str = "ben",
        keys: Mapping[str, str] | None = None, **more: str,
    ) -> Ran:  # fmt: skip
        """`keys` are secrets that this run has in place of its own; an empty one is not there."""
        given = {"GITHUB_TOKEN": emulator.TOKEN, **_keys(), **(keys or {})}
        (self.folder / "github.json").write_text(str(self.pulls), encoding="utf-8")
        may_prove = "id-token: write" in (tree / ".github/workflows" / workflow).read_text(encoding="utf-8")
        ran = act.act(
            event,
            {"repository": {"full_name": OURS, "default_branch": "main"}, **payload},
            tree=tree,
            workflow=workflow,
            home=tree.with_name(f"{tree.name}-home"),
            actor=actor,
            secrets={key: value for key, value in given.items() if value},
            settings={"VAULT_ADDR": self.vault.url},
            variables={
                "GITHUB_REPOSITORY": OURS,
                "GITHUB_RUN_ID": str(self.trees),
                "GITHUB_API_URL": self.front.url,
                "GITHUB_GRAPHQL_URL": f"{self.front.url}/graphql",
                "CALLSHEET_SUMMARY": str(self.folder / "summary.md"),
                "STAGE": str(self.folder),
                **(self.issuer.github if may_prove else {}),
                **more,
            },
            path=self.folder / "bin",
        )
        for secret in (_SECRET, emulator.TOKEN, *_keys().values()):
            assert secret not in ran.said
        return ran

    # people

    def person(self, name: str, *arguments: str) -> Called:
        """What somebody types on a machine of their own, with the files of main."""
        vault = {"VAULT_ADDR": self.vault.url, "VAULT_TOKEN": ROOT_TOKEN}
        keys = {f"VAPI_{each.upper()}_KEY": "canary-key" for each in ENVIRONMENTS}
        return process(*arguments, cwd=self.root, variables={"USER": name, **vault, **keys})

    def provider(self, environment: str, method: str, path: str, body: Any = None) -> Any:
        """Somebody at the provider's dashboard."""
        return _asked(self.urls[environment] + path, method, body, "somebody-else")

    def assistant(self, environment: str) -> Any:
        [found] = self.provider(environment, "GET", "/assistant")
        return found


def _keys() -> dict[str, str]:
    """act has no secrets of an environment, so one VAPI_KEY opens whichever server it is shown to."""
    reading = {f"VAPI_{each.upper()}_READ_KEY": "canary-key-that-reads" for each in ENVIRONMENTS}
    return {**reading, "VAPI_KEY": "canary-key"}


def _asked(url: str, method: str, body: Any, token: str) -> Any:
    request = urllib.request.Request(
        url,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read() or b"null")


@contextmanager
def project(folder: Path, behind: str) -> Iterator[Project]:
    """The estate is applied to dev and promoted to uat and prod; `behind` is the emulator's address."""
    front = Front(behind)
    with ExitStack() as stack:
        urls = {}
        for name in ENVIRONMENTS:
            store = Store(folder / f"{name}.sqlite")
            stack.callback(store.close)
            urls[name] = stack.enter_context(serve(create_app(store, organisation=name))).url
        front.url = front.api = stack.enter_context(serve(front.app)).url
        vault, said = stack.enter_context(Double()), stack.enter_context(issuer())
        said.now = time.time
        made = Project(folder / "voice", folder, urls, front, vault, said)
        _vault(made)
        _files(made)
        for words in (
            ["apply", "--env", "dev"], ["promote", "--from", "dev", "--to", "uat"],
            ["promote", "--from", "uat", "--to", "prod"],
        ):  # fmt: skip
            done = made.person("carol", *words, "--yes")
            assert done.code == 0, done.err
        # Not before: the first apply would have asked for a sign-off.
        environments = made.root / "specs/environments.yaml"
        text = environments.read_text(encoding="utf-8")
        protection = PROTECTION.format(issuer=said.url)
        environments.write_text(text.replace("  uat:\n", protection + "  uat:\n"), encoding="utf-8")
        made.commit("Ask for a sign-off")
        yield made
    assert front.faults == []


def _vault(made: Project) -> None:
    root = hvac.Client(url=made.vault.url, token=ROOT_TOKEN)
    root.sys.enable_secrets_engine("kv", path="kv", options={"version": "2"})
    root.secrets.kv.v2.create_or_update_secret("voice/orders", {"key": _SECRET}, mount_point="kv")
    root.sys.create_or_update_policy("voice", 'path "kv/data/voice/*" { capabilities = ["read"] }')
    root.sys.enable_auth_method("jwt", path="jwt")
    public = rsa_key().public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    root.auth.jwt.configure(
        jwt_validation_pubkeys=[public.decode()], bound_issuer=made.issuer.url, path="jwt"
    )
    for name in ENVIRONMENTS:
        root.auth.jwt.create_role(
            f"callsheet-{name}", user_claim="sub", allowed_redirect_uris=[], role_type="jwt",
            bound_audiences=[made.vault.url], bound_claims={"repository": "acme/voice"},
            token_policies=["voice"], path="jwt",
        )  # fmt: skip
    root.adapter.close()


def _files(made: Project) -> None:
    sections = [
        ENVIRONMENT.format(
            name=name,
            upper=name.upper(),
            url=made.urls[name],
            state=made.folder / "state",
            kind="default: true" if name == "dev" else "pinned: true",
        )
        for name in ENVIRONMENTS
    ]
    text = "apiVersion: v1\nkind: Environments\napp: acme\nenvironments:\n" + "".join(sections)
    for file, content in {**FILES, "specs/environments.yaml": text}.items():
        (made.root / file).parent.mkdir(parents=True, exist_ok=True)
        (made.root / file).write_text(content, encoding="utf-8")
    shutil.copytree(EXAMPLES / "github", made.root / ".github/workflows")
    shutil.copytree(EXAMPLES / "action", made.root / ".github/actions/callsheet")
    shutil.copytree(EXAMPLES / "gitlab", made.root / ".gitlab/callsheet")
    for folder in (".github/actions", ".gitlab"):
        # What the tests are run with is installed already, and pip trusts that.
        (made.root / folder / "callsheet/requirements.txt").write_text(f"{_INSTALLED}\n", encoding="utf-8")
    (made.folder / "bin").mkdir()
    tool = made.folder / "bin/gh"
    tool.write_text(f"#!{sys.executable}\n{_GH.read_text(encoding='utf-8')}", encoding="utf-8")
    tool.chmod(0o755)
    made.git("init", "--quiet", "--initial-branch=main")
    made.git("add", "--all")
    made.commit("Begin")

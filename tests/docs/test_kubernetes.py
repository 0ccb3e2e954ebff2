"""The manifest under examples/ci/kubernetes: its shape, and that it may do no more than a check needs."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import click
import pytest
import yaml

from callsheet.cli.main import callsheet
from callsheet.sandbox.app import create_app
from callsheet.sandbox.server import serve
from callsheet.sandbox.store import Store
from docs.pages import ROOT, blocks
from e2e.command import call
from support.hooks import hook

FILE = ROOT / "examples/ci/kubernetes/cronjob.yaml"
# Fields of the Kubernetes API (v1.31, batch/v1 and core/v1) that a manifest of this sort may have.
JOB = {
    "schedule", "timeZone", "concurrencyPolicy", "startingDeadlineSeconds", "suspend", "jobTemplate",
    "successfulJobsHistoryLimit", "failedJobsHistoryLimit",
}  # fmt: skip
TEMPLATE = {"backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished", "template", "completions"}
POD = {
    "restartPolicy", "serviceAccountName", "automountServiceAccountToken", "enableServiceLinks", "volumes",
    "securityContext", "containers", "nodeSelector", "tolerations", "imagePullSecrets",
}  # fmt: skip
CONTAINER = {
    "name", "image", "command", "args", "env", "resources", "securityContext", "volumeMounts", "workingDir",
}  # fmt: skip

_ASSISTANT = """\
apiVersion: v1
kind: Assistant
metadata: {name: front-desk}
spec:
  model: {provider: openai, model: gpt-4.1}
  systemPrompt: Be kind.
  firstMessage: Acme, good morning.
"""


@pytest.fixture(scope="module")
def manifests() -> dict[str, Any]:
    return {each["kind"]: each for each in yaml.safe_load_all(FILE.read_text(encoding="utf-8"))}


@pytest.fixture
def pod(manifests: dict[str, Any]) -> Any:
    return manifests["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def test_it_has_the_shape_of_its_kinds(manifests: dict[str, Any], pod: Any) -> None:
    job = manifests["CronJob"]
    assert (job["apiVersion"], manifests["ServiceAccount"]["apiVersion"]) == ("batch/v1", "v1")
    assert set(job) == {"apiVersion", "kind", "metadata", "spec"}
    assert set(job["spec"]) <= JOB
    assert set(job["spec"]["jobTemplate"]["spec"]) <= TEMPLATE
    assert set(pod) <= POD
    assert re.fullmatch(r"(\S+ ){4}\S+", job["spec"]["schedule"])
    [container] = pod["containers"]
    assert set(container) <= CONTAINER
    assert {each["name"] for each in container["volumeMounts"]} == {each["name"] for each in pod["volumes"]}
    for each in container["env"]:
        assert set(each) <= {"name", "value", "valueFrom"}
        assert all(isinstance(each[key], str) for key in ("name", "value") if key in each)
    for manifest in manifests.values():
        assert manifest["metadata"]["namespace"] == "callsheet"
        assert re.fullmatch(r"[a-z0-9-]{1,52}", manifest["metadata"]["name"])


def test_one_check_at_a_time(manifests: dict[str, Any], pod: Any) -> None:
    spec = manifests["CronJob"]["spec"]
    assert spec["concurrencyPolicy"] == "Forbid"
    assert spec["jobTemplate"]["spec"]["backoffLimit"] == 0
    assert pod["restartPolicy"] == "Never"


def test_it_may_do_no_more_than_a_check_needs(manifests: dict[str, Any], pod: Any) -> None:
    account = manifests["ServiceAccount"]
    assert account["automountServiceAccountToken"] is False
    assert pod["automountServiceAccountToken"] is False
    assert pod["serviceAccountName"] == account["metadata"]["name"]
    assert not set(manifests) & {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}
    around = pod["securityContext"]
    assert around["runAsNonRoot"] is True
    assert around["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not set(pod) & {"hostNetwork", "hostPID", "hostIPC"}
    for container in pod["containers"]:
        inside = container["securityContext"]
        assert inside["readOnlyRootFilesystem"] is True
        assert inside["allowPrivilegeEscalation"] is False
        assert inside["capabilities"] == {"drop": ["ALL"]}
        assert not re.search(r":latest$|/[^:@]+$", container["image"])


def test_every_secret_is_a_reference(pod: Any) -> None:
    [container] = pod["containers"]
    for each in container["env"]:
        if re.search("KEY|TOKEN|DSN|WEBHOOK|SECRET", each["name"]):
            assert set(each["valueFrom"]) == {"secretKeyRef"}


def test_its_command_parses(pod: Any) -> None:
    [container] = pod["containers"]
    assert container["command"] == ["callsheet"]
    verb, *arguments = container["args"]
    context = click.Context(callsheet, info_name="callsheet")
    command = callsheet.get_command(context, verb)
    assert command is not None
    command.make_parser(click.Context(command, info_name=verb)).parse_args(args=list(arguments))
    named = [each for each in _references(arguments) if not each.startswith("secrets://")]
    assert set(named) <= {each["name"] for each in container["env"]}


def test_its_variables_are_those_that_the_project_and_the_command_read(pod: Any) -> None:
    [container] = pod["containers"]
    read = set(re.findall(r"secrets://env/(\w+)", _environments()))
    assert len(read) == 4
    assert {each["name"] for each in container["env"] if "valueFrom" in each} == {
        *read,
        *_references(container["args"]),
    }


def test_its_command_checks_every_environment_of_the_project_with_its_variables(
    pod: Any, tmp_path: Path
) -> None:
    """The README's environments.yaml, but for the addresses and the place of state."""
    [container] = pod["containers"]
    root = tmp_path / "project"
    root.mkdir()
    with ExitStack() as stack:
        received = stack.enter_context(hook())
        text, urls = _environments(), {}
        for name in ("dev", "uat", "prod"):
            store = Store(tmp_path / f"{name}.sqlite")
            stack.callback(store.close)
            urls[name] = stack.enter_context(serve(create_app(store, organisation=name))).url
            text = text.replace("https://api.vapi.ai", urls[name], 1)
        text = re.sub(r"state: .*", f"state: {{backend: file, path: '{tmp_path / 'state'}'}}", text)
        (root / "environments.yaml").write_text(
            f"apiVersion: v1\nkind: Environments\napp: acme\n{text}", encoding="utf-8"
        )
        (root / "front-desk.yaml").write_text(_ASSISTANT, encoding="utf-8")
        values = {each["name"]: each.get("value", "canary-key") for each in container["env"]}
        values["SLACK_WEBHOOK"] = received.url
        for words in ("apply --env dev", "promote --from dev --to uat", "promote --from uat --to prod"):
            done = call(*words.split(), "--yes", "-C", str(root), variables=values)
            assert done.code == 0, done.err
        args = [str(root) if each == "/project" else each for each in container["args"]]
        done = call(*args, variables=values)
        assert (done.code, received.got) == (0, []), done.err

        edited = json.dumps({"firstMessage": "Yeah?"}).encode()
        headers = {"Authorization": "Bearer somebody-else", "Content-Type": "application/json"}
        for name in ("uat", "prod"):
            with urlopen(Request(f"{urls[name]}/assistant", headers=headers)) as answer:
                [found] = json.load(answer)
            at = f"{urls[name]}/assistant/{found['id']}"
            urlopen(Request(at, edited, headers, method="PATCH")).close()
        assert call(*args, variables=values).code == 2
        told = [str(each) for each in received.bodies]
        assert [("uat" in each, "prod" in each) for each in told] == [(True, False), (False, True)]


def _environments() -> str:
    """environments.yaml as examples/ci/README.md prescribes it."""
    [found] = [each.text for each in blocks(FILE.parents[1] / "README.md") if "environments:" in each.text]
    return found


def _references(arguments: list[str]) -> Iterator[str]:
    for option, value in itertools.pairwise(arguments):
        if option == "--notify":
            yield value.partition("=")[2]
        elif option == "--notify-key":
            yield value

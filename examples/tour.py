"""A tour of Callsheet on the embedded sandbox: plan, apply, an edit behind its back, drift, heal.

Runs the `callsheet` command that is installed beside this Python (else the one on PATH) on the estate in
`specs/`, and prints every command with what it says. Needs no account and no network. What it leaves is in
`specs/.callsheet/`, which Git ignores; it can be run again and again. Exits 0 only if everything that it
shows really happened.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parent.parent
PLAN = "specs/.callsheet/tour.plan"
ORGANISATION = "acme-dev"
NAME = "Acme front desk (dev)"
EDIT = "Yeah?"
# What the estate refers to as secrets:// (see specs/secrets.env.example). The sandbox takes any value.
SECRETS = {"ACME_DEV_ORDERS_API_TOKEN": "dev-token", "ACME_WEBHOOK_KEY": "webhook-key"}
# Long output is cut in the middle here; the commands themselves cut nothing.
HEAD, TAIL = 20, 7


def main() -> None:
    os.chdir(ROOT)
    (ROOT / PLAN).parent.mkdir(exist_ok=True)
    say("A first day: nothing in the sandbox's organisation, and no state. An earlier tour's is forgotten.")
    run("sandbox", "reset", "--org", ORGANISATION)
    forget_state()

    say("Are the files right? Nothing is asked of anybody for this.")
    expect(run("validate"), "Valid: dev, uat, prod")

    say("What would have to happen? The plan is written to a file, and nothing else is.")
    planned = run("plan", "--env", "dev", "--out", PLAN)
    expect(planned, "29 to create, 0 to update, 0 to delete")

    say("Carry out exactly that plan.")
    expect(run("apply", PLAN), "29 applied")

    say("Plan again: the estate is as the files say, so there is nothing to do.")
    expect(run("plan", "--env", "dev"), "nothing to do. 29 unchanged")

    say("Now somebody else edits an assistant, through the provider's API and with another client.")
    with served() as url:
        before = edited(url)

    say("The drift check finds it, attribute by attribute, and exits 2.")
    drifted = run("drift", "--env", "dev", expected=2)
    expect(drifted, "Assistant/front-desk", "firstMessage", EDIT, "model.temperature")

    say("Nothing is overwritten silently: plan says what apply would do about it.")
    expect(run("plan", "--env", "dev"), "0 to create, 1 to update, 0 to delete", EDIT)

    say("So apply it, and look again.")
    expect(run("apply", "--env", "dev", "--yes"), "1 applied")
    expect(run("drift", "--env", "dev"), "Drift: none")
    with served() as url:
        after = front_desk(url)
    if (after["firstMessage"], after["model"]) != (before["firstMessage"], before["model"]):
        fail("the assistant is not as it was")

    say("That is the tour. The files are in specs/, the words are in docs/concepts.md.")


def forget_state() -> None:
    """Remove the state of dev, and only if dev is in the sandbox: state of anything real is precious."""
    if f"sandbox:{ORGANISATION}" not in Path("specs/environments.yaml").read_text(encoding="utf-8"):
        fail(f"dev does not lead to sandbox:{ORGANISATION} any more, and the tour is for the sandbox")
    folders = [f"specs/.callsheet/state/{family}/state/dev" for family in ("documents", "logs")]
    show(f"$ rm -rf {shlex.join(folders)}")
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def run(*arguments: str, expected: int = 0) -> str:
    """Run one command, show it with what it says, and give that back. Any other exit code ends the tour."""
    show(f"$ {shlex.join(['callsheet', *arguments])}")
    done = subprocess.run(
        [callsheet(), *arguments],
        env={**os.environ, **SECRETS},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    lines = done.stdout.rstrip("\n").split("\n")
    if len(lines) > HEAD + TAIL + 1:
        left_out = f"    … {len(lines) - HEAD - TAIL} lines, left out by this tour …"
        lines = [*lines[:HEAD], left_out, *lines[-TAIL:]]
    show("\n".join(lines))
    if done.returncode:
        show(f"(exit code {done.returncode})")
    if done.returncode != expected:
        fail(f"it ended with exit code {done.returncode}, and {expected} was expected")
    return done.stdout


def callsheet() -> str:
    """The command of this Python's environment, else the one on PATH."""
    beside = Path(sys.executable).parent / "callsheet"
    found = str(beside) if beside.exists() else shutil.which("callsheet")
    return found or fail("callsheet is not installed; see README.md")


@contextmanager
def served() -> Iterator[str]:
    """The sandbox as a server, for a client that is not Callsheet; its address."""
    server = subprocess.Popen(
        [callsheet(), "sandbox", "serve", "--org", ORGANISATION, "--port", "0"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )
    try:
        assert server.stdout
        words = server.stdout.readline().split()
        url = next((word for word in words if word.startswith("http")), None)
        yield url or fail("the sandbox did not say where it listens")
    finally:
        server.terminate()
        server.wait()


def edited(url: str) -> dict[str, Any]:
    """Change two attributes of the front desk, as its own client would; the assistant as it was."""
    before = front_desk(url)
    body = {"firstMessage": EDIT, "model": {**before["model"], "temperature": 1.3}}
    shown = {"firstMessage": EDIT, "model": {"…": "…", "temperature": 1.3}}
    show(f"$ curl -X PATCH {url}/assistant/{before['id']} -d '{json.dumps(shown, ensure_ascii=False)}'")
    after = request(url, "PATCH", f"/assistant/{before['id']}", body)
    show(json.dumps({"firstMessage": after["firstMessage"], "updatedAt": after["updatedAt"]}))
    return before


def front_desk(url: str) -> dict[str, Any]:
    found = [each for each in request(url, "GET", "/assistant") if each["name"] == NAME]
    return dict(found[0]) if len(found) == 1 else fail(f"{len(found)} assistants are called {NAME}")


def request(url: str, method: str, path: str, body: Any = None) -> Any:
    asked = urllib.request.Request(
        url + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": "Bearer somebody-else", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(asked) as answer:
        return json.load(answer)


def expect(output: str, *texts: str) -> None:
    for text in texts:
        if text not in output:
            fail(f"{text!r} was expected and is not in the output above")


def say(text: str) -> None:
    show(f"\n# {text}\n")


def show(text: str) -> None:
    print(text, flush=True)


def fail(why: str) -> NoReturn:
    sys.exit(f"\nThe tour failed: {why}.")


if __name__ == "__main__":
    main()

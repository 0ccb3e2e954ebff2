"""What GitHub tells `gh` of pull requests and of the runs of pull-request.yml (support/gh_stand_in.py)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OURS = "acme-bot/voice"


@dataclass
class Pulls:
    """As its REST API has them, as far as anybody asks. Each run has the folder of its artifacts, `kept`."""

    pulls: list[dict[str, Any]] = field(default_factory=list)
    runs: list[dict[str, Any]] = field(default_factory=list)

    def __str__(self) -> str:
        return json.dumps({"pulls": self.pulls, "runs": self.runs})

    def open(self, number: int, branch: str) -> None:
        head = {"ref": branch, "sha": "", "repo": {"full_name": OURS}}
        base = {"ref": "main"}
        self.pulls.append(
            {"number": number, "merged_at": None, "merge_commit_sha": None, "base": base, "head": head}
        )

    def push(self, number: int, head: str, repository: str) -> Any:
        """The pull request, with another head."""
        pull = self._of(number)
        pull["head"].update(sha=head, repo={"full_name": repository})
        return pull

    def merge(self, number: int, commit: str) -> None:
        self._of(number).update(merged_at="2026-11-20T12:00:00Z", merge_commit_sha=commit)

    def end(self, pull: Any, kept: Path, conclusion: str) -> None:
        """A run of it; the same one, where it was started again."""
        again = [each for each in self.runs if each["kept"] == str(kept)]
        number = again[0]["id"] if again else 7000 + len(self.runs)
        run = {
            "id": number, "run_number": number, "event": "pull_request", "conclusion": conclusion,
            "head_sha": pull["head"]["sha"], "head_branch": pull["head"]["ref"],
            "head_repository": pull["head"]["repo"], "kept": str(kept),
        }  # fmt: skip
        self.runs = [*(each for each in self.runs if each not in again), run]

    def _of(self, number: int) -> dict[str, Any]:
        [found] = [each for each in self.pulls if each["number"] == number]
        return found

"""`gh` for the three commands of examples/ci/github/apply.yml: GitHub's own tool is in no package index.

What a pull request's head was is in STAGE/merged.json; the artifacts of the last run of a head, with a file
`success` where it succeeded, are in STAGE/kept.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

STAGE = Path(os.environ.get("STAGE", ""))


def number(head: str) -> str:
    """The number of a head's run."""
    return str(int(head[:12], 16))


def main(words: list[str]) -> int:
    if not os.environ.get("GH_TOKEN"):
        print("gh: To use GitHub CLI in a GitHub Actions workflow, set the GH_TOKEN", file=sys.stderr)
        return 4
    match words:
        case ["api", path, "--jq", ".[0].head.sha"]:
            *_, commits, sha, pulls = path.split("/")
            assert (commits, pulls) == ("commits", "pulls"), path
            print(json.loads((STAGE / "merged.json").read_text())[sha])
        case [
            "run", "list", "--workflow", "pull-request.yml", "--event", "pull_request", "--commit", head,
            "--status", "success", "--limit", "1", "--json", "databaseId", "--jq", ".[0].databaseId",
        ]:  # fmt: skip
            print(number(head) if (STAGE / "kept" / head / "success").exists() else "")
        case ["run", "download", run, "--name", name, "--dir", folder]:
            # As GitHub's: an empty number is none, and then any run will do.
            [kept, *_] = [each for each in (STAGE / "kept").iterdir() if run in ("", number(each.name))]
            shutil.copytree(kept / name, folder)
        case _:
            print(f"gh: not known here: {words}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

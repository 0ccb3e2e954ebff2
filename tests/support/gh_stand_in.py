"""`gh` for what examples/ci asks of it: GitHub's own tool is in no package index.

STAGE/github.json has what GitHub would answer: `pulls`, and the `runs` of pull-request.yml with the folder
of their artifacts, `kept`. The artifacts of the job's own run are in STAGE_KEPT.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

STAGE = Path(os.environ.get("STAGE", ""))


def main(words: list[str]) -> int:
    if not os.environ.get("GH_TOKEN"):
        print("gh: To use GitHub CLI in a GitHub Actions workflow, set the GH_TOKEN", file=sys.stderr)
        return 4
    known = json.loads((STAGE / "github.json").read_text(encoding="utf-8"))
    match words:
        case ["api", path]:
            print(json.dumps(_asked(known, urlsplit(path))))
        case ["run", "download", run, "--name", name, "--dir", folder]:
            if run == os.environ["GITHUB_RUN_ID"]:
                kept = os.environ["STAGE_KEPT"]
            else:
                [kept] = [each["kept"] for each in known["runs"] if str(each["id"]) == run]
            if not (Path(kept) / name).exists():
                print("no valid artifacts found to download", file=sys.stderr)
                return 1
            shutil.copytree(Path(kept) / name, folder)
        case _:
            print(f"gh: not known here: {words}", file=sys.stderr)
            return 1
    return 0


def _asked(known: Any, url: Any) -> Any:
    """Filtered as far as GitHub does, and no further."""
    query = {name: value for name, [value] in parse_qs(url.query).items()}
    assert query.pop("per_page") == "100"
    begin = 100 * (int(query.pop("page", "1")) - 1)
    path = url.path.removeprefix("repos/acme-bot/voice/")
    if found := re.fullmatch("commits/([0-9a-f]{40})/pulls", path):
        return [
            each for each in known["pulls"] if found[1] in (each["merge_commit_sha"], each["head"]["sha"])
        ][begin : begin + 100]
    if path == "pulls":
        assert query.pop("state") == "all"
        owner, _, branch = query.pop("head").partition(":")
        assert (query, owner) == ({}, "acme-bot")
        return [each for each in known["pulls"] if each["head"]["ref"] == branch][begin : begin + 100]
    assert path == "actions/workflows/pull-request.yml/runs", path
    wanted = {"conclusion" if name == "status" else name: value for name, value in query.items()}
    runs = [each for each in known["runs"] if all(each[name] == value for name, value in wanted.items())]
    return {"total_count": len(runs), "workflow_runs": runs}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The verbs: their modules, and what `--help` says of each without importing any."""

from __future__ import annotations

VERBS = {
    "init": "Write a small working project.",
    "validate": "Check the files, without asking anybody.",
    "plan": "Show what apply would change, and why.",
    "show": "Show a plan file again.",
    "approve": "Sign a plan off; list sign-offs, take one back.",
    "apply": "Carry out a plan.",
    "destroy": "Delete everything that one environment manages.",
    "rollback": "Go back to what was before a run.",
    "promote": "Bring what one environment runs to the next one.",
    "releases": "List the versions of an environment; show one, compare two.",
    "status": "Show all environments side by side.",
    "clone": "Take one resource, with all it needs, to another environment.",
    "drift": "Show what changed behind Callsheet's back.",
    "comment": "Show plans in a comment of the pull request.",
    "resolve": "Print what the running application loads: settings, flags, limits, prompts.",
    "export": "Keep the whole organisation as it is; list, show, verify, prune what is kept.",
    "state": "List, show, rename, forget, take out, put back; take a lock away, migrate.",
    "graph": "Draw who uses whom, as Mermaid or DOT.",
    "runs": "List what every run did, show one, verify their records.",
    "secrets": "Check that every secret an environment refers to can be read.",
    "schema": "Print a JSON Schema.",
    "sandbox": "Serve, reset or fill the built-in stand-in for a provider.",
    "doctor": "Check environment, credentials and reachability.",
    "completion": "Print a shell completion script.",
}

"""Recording: state takes over the protection that a run was judged by."""

from __future__ import annotations

from collections.abc import Sequence

from callsheet.apply.context import Context
from callsheet.apply.outcome import Outcome
from callsheet.model.diagnostics import Diagnostic, warning
from callsheet.model.errors import DONE, CallsheetError
from callsheet.policy.judging import Judgement
from callsheet.state.lock import Lease
from callsheet.state.snapshot import Entry


def record_protection(
    judgement: Judgement, outcome: Outcome, context: Context, lease: Lease
) -> Sequence[Diagnostic]:
    """Let state take over the proposed protection after a run that did everything; what is to be told."""
    if (judgement.record is None and judgement.route is None) or outcome.exit_code != DONE:
        return judgement.warnings
    try:
        lease.check()
        context.ledger.append([Entry(protection=judgement.record, route=judgement.route)])
    except CallsheetError as cause:
        return [
            *judgement.warnings,
            warning(
                "protection.unrecorded",
                f"the protection is not recorded: {cause.diagnostics[0].summary}",
                detail="What the run did stands. Until a run records it, the one of before holds as well.",
                hint="apply again",
            ),
        ]
    return judgement.warnings

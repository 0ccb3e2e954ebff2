"""Errors by what the person can do about them; each family has one exit code."""

from __future__ import annotations

from collections.abc import Iterable

from callsheet.model.diagnostics import Diagnostic, Place, Severity
from callsheet.model.exit_codes import CHANGES as CHANGES
from callsheet.model.exit_codes import DONE as DONE
from callsheet.model.exit_codes import ERROR as ERROR
from callsheet.model.exit_codes import PARTIAL as PARTIAL
from callsheet.model.exit_codes import REFUSED as REFUSED
from callsheet.model.exit_codes import STALE as STALE


class CallsheetError(Exception):
    """Anything that stops a verb. Holds one or more diagnostics; never a secret."""

    exit_code = ERROR
    code = "error"

    def __init__(
        self,
        summary: str = "",
        *,
        detail: str = "",
        hint: str = "",
        place: Place | None = None,
        address: str | None = None,
        code: str | None = None,
        diagnostics: Iterable[Diagnostic] = (),
    ) -> None:
        found = list(diagnostics)
        if summary:
            found.insert(
                0, Diagnostic(Severity.ERROR, code or self.code, summary, detail, hint, place, address)
            )
        self.diagnostics: tuple[Diagnostic, ...] = tuple(found)
        super().__init__("; ".join(str(item) for item in self.diagnostics))


class SpecError(CallsheetError):
    """The files are wrong."""

    code = "spec"


class ProviderError(CallsheetError):
    """The provider could not be asked, or did not answer as it should. See `providers/errors.py`."""

    code = "provider"


class SecretError(CallsheetError):
    """A secret reference does not resolve."""

    code = "secret"


class IdentityError(CallsheetError):
    """Who runs this cannot be established. See `identity/`."""

    code = "identity"


class StateError(CallsheetError):
    """State cannot be read or written as a whole. Never treated as an empty estate."""

    code = "state"


class Refused(CallsheetError):
    """A protection or a hold says no. Nothing was written."""

    exit_code = REFUSED
    code = "refused"


class Stale(CallsheetError):
    """What was planned is not what is there any more. Nothing was written."""

    exit_code = STALE
    code = "stale"


class Partial(CallsheetError):
    """Some changes were applied and some were not; state says which."""

    exit_code = PARTIAL
    code = "partial"


class Abandoned(KeyboardInterrupt):
    """A second interrupt: this process ends although calls are under way, whose outcome nobody waits for."""

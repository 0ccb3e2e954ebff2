"""`show`: a plan file, verified, as a plan again."""

from __future__ import annotations

from pathlib import Path

from callsheet.model.errors import CallsheetError
from callsheet.plan.archive import Archive, unpack


def read_archive(path: Path) -> Archive:
    """Read and verify a plan file. CallsheetError or Stale say what is wrong with it."""
    try:
        data = path.read_bytes()
    except OSError as cause:
        raise CallsheetError(
            f"{path} cannot be read ({cause.strerror})",
            hint="make one with `callsheet plan --out FILE`",
            code="plan.unreadable",
        ) from None
    return unpack(data, str(path))

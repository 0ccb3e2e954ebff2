"""`secrets://file/PATH`: the content of a file, without its final line break.

`secrets://file//run/secrets/x` is absolute; `secrets://file/x` starts at the project root.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from callsheet.model.errors import SecretError

_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True)
class FileResolver:
    root: Path

    def resolve(self, rest: str, uri: str) -> str:
        path = self.root / rest
        if ".." in path.parts:
            raise SecretError(
                f"{uri}: a path that climbs with `..` is not read",
                detail="A reference names a place in the project, or one from the root of the machine.",
                hint="write secrets://file/NAME, or secrets://file//run/secrets/NAME",
                code="secret.outside",
            )
        try:
            with path.open("rb") as handle:
                data = handle.read(_LIMIT + 1)
        except OSError as cause:
            raise SecretError(
                f"{uri}: {path} cannot be read ({cause.strerror})",
                hint="write the secret into that file, or correct the reference",
                code="secret.missing",
            ) from None
        try:
            value = data.decode()
        except UnicodeDecodeError:
            raise SecretError(f"{uri}: {path} is not UTF-8 text", code="secret.unusable") from None
        if len(data) > _LIMIT or not value.strip():
            what = "empty" if not value.strip() else f"larger than {_LIMIT // 1024} KiB"
            raise SecretError(f"{uri}: {path} is {what}", code="secret.unusable")
        return value.removesuffix("\n").removesuffix("\r")

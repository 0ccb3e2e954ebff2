"""`secrets://env/NAME`: an environment variable of the process that applies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from callsheet.model.errors import SecretError


@dataclass(frozen=True, slots=True)
class EnvResolver:
    variables: Mapping[str, str] = field(repr=False)

    def resolve(self, rest: str, uri: str) -> str:
        value = self.variables.get(rest)
        if not value:
            raise SecretError(
                f"{uri}: the environment variable {rest} is {'empty' if value == '' else 'not set'}",
                hint=f"export {rest}=… where this command runs (in CI: map the secret into the job)",
                code="secret.missing",
            )
        return value

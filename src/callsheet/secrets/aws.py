"""`secrets://aws/NAME#KEY`: a secret of AWS Secrets Manager by its name or ARN, or one key of its JSON.

One request per secret. Region and credentials are those that boto3 finds.
"""

from __future__ import annotations

import re
from typing import Any

from callsheet.model.errors import SecretError
from callsheet.secrets.base import Surroundings
from callsheet.secrets.once import Once
from callsheet.secrets.values import field

_ARN = re.compile(r"arn:[a-z-]+:secretsmanager:([a-z0-9-]+):\d+:secret:.+")
_SECONDS = 5
_FOR_ALL = frozenset({"secret.no-boto3", "secret.no-credentials", "secret.no-region", "secret.unreachable"})

_REJECTED = (
    "UnrecognizedClient",
    "InvalidSignature",
    "SignatureDoesNotMatch",
    "InvalidClientTokenId",
    "Expired",
)
_UNFOUND = ("Credential", "ProfileNotFound", "TokenRetrievalError", "SSOToken", "UnauthorizedSSO")


class AwsResolver:
    def __init__(self, around: Surroundings) -> None:
        self._variables = around.variables
        self._secrets: Once[str, str] = Once(_FOR_ALL)
        self._clients: dict[str | None, Any] = {}

    def __repr__(self) -> str:
        return "AwsResolver()"

    def resolve(self, rest: str, uri: str) -> str:
        name, _, key = rest.partition("#")
        return field(self._secrets.get(name, lambda: self._read(name)), key, uri)

    def close(self) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def _read(self, name: str) -> str:
        try:
            from botocore.exceptions import BotoCoreError, ClientError
        except ImportError:
            raise SecretError(
                "references to secrets://aws/… need boto3, which is not installed",
                hint="pip install 'callsheet[aws]'",
                code="secret.no-boto3",
            ) from None
        try:
            answer = self._client(name).get_secret_value(SecretId=name)
        except (BotoCoreError, ClientError) as cause:
            raise _failed(cause, name) from None
        # A binary secret has no text; what it holds is not guessed.
        value = answer.get("SecretString")
        return value if isinstance(value, str) else ""

    def _client(self, name: str) -> Any:
        import boto3
        from botocore.config import Config

        arn = _ARN.fullmatch(name)
        told = self._variables
        region = arn[1] if arn else told.get("AWS_REGION") or told.get("AWS_DEFAULT_REGION")
        if region not in self._clients:
            # A session of its own: the default one keeps credentials for the life of the process.
            self._clients[region] = boto3.Session().client(
                "secretsmanager",
                region_name=region or None,
                endpoint_url=told.get("AWS_ENDPOINT_URL_SECRETS_MANAGER") or told.get("AWS_ENDPOINT_URL"),
                config=Config(
                    connect_timeout=_SECONDS,
                    read_timeout=_SECONDS,
                    retries={"mode": "standard", "total_max_attempts": 2},
                ),
            )
        return self._clients[region]


def _failed(cause: Exception, name: str) -> SecretError:
    """The error to show: names of errors alone, since AWS's words may quote the request."""
    where = f"secrets://aws/{name}"
    kind = type(cause).__name__
    code = str(getattr(cause, "response", {}).get("Error", {}).get("Code", ""))
    if code == "ResourceNotFoundException":
        return SecretError(
            f"{where}: there is no such secret, or it has no current version",
            detail="It is looked for in one region and one account.",
            hint="compare with `aws secretsmanager list-secrets`; AWS_REGION says in which region",
            code="secret.missing",
        )
    if code == "InvalidRequestException":
        return SecretError(
            f"{where}: the secret is marked for deletion",
            detail="Somebody took it away on purpose.",
            hint="`aws secretsmanager restore-secret` brings it back",
            code="secret.deleted",
        )
    if code in ("AccessDeniedException", "AccessDenied", "DecryptionFailure"):
        return SecretError(
            f"{where}: permission denied",
            detail="The credentials are good, but no policy lets them read this secret, or use its key.",
            hint="needed: secretsmanager:GetSecretValue on the secret, and kms:Decrypt on a key of your own",
            code="secret.denied",
        )
    if code.startswith(_REJECTED) or any(part in kind for part in _UNFOUND):
        return SecretError(
            f"no credentials for AWS that work ({code or kind})",
            detail="References to secrets://aws/… cannot be resolved without them.",
            hint="set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; give a CI job a role",
            code="secret.no-credentials",
        )
    if kind == "NoRegionError":
        return SecretError(
            "no region says where AWS keeps the secrets", hint="set AWS_REGION", code="secret.no-region"
        )
    if not code and ("Connect" in kind or "Timeout" in kind or "SSL" in kind or "Endpoint" in kind):
        return SecretError(
            f"AWS Secrets Manager cannot be reached ({kind})",
            detail="No other reference into it was tried after that.",
            hint="check the network, AWS_REGION and AWS_ENDPOINT_URL",
            code="secret.unreachable",
        )
    return SecretError(
        f"{where}: AWS refuses to read it ({code or kind})",
        hint="`aws secretsmanager get-secret-value` says more",
        code="secret.aws",
    )

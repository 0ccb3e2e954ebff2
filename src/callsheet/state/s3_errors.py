"""What S3 refuses, in words that lead on. Works by the names of errors, so that it needs no boto3."""

from __future__ import annotations

from callsheet.model.errors import StateError
from callsheet.model.forms import bare

_ACTIONS = {
    "read": "s3:GetObject on the prefix and s3:ListBucket on the bucket (without it, S3 answers 403 for what "
    "is not there)",
    "write": "s3:PutObject on the prefix, and the bucket's KMS key, if it has one",
    "delete": "s3:DeleteObject on the prefix",
}

_REJECTED = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken")

_UNFOUND = (
    "NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "ProfileNotFound",
    "TokenRetrievalError", "SSOTokenLoadError", "UnauthorizedSSOTokenError",
)  # fmt: skip


def no_boto3() -> StateError:
    return StateError(
        "the state backend `s3` needs boto3, which is not installed",
        hint="pip install 'callsheet[s3]'",
        code="state.no-boto3",
    )


def failed(cause: Exception, store: str, where: tuple[str, str]) -> StateError:
    """The error to show. `where` is what was tried (`read`, `write`, `delete`) and on which object."""
    verb, key = where
    kind = type(cause).__name__
    # What never got an answer has the attribute as well, and None in it.
    response = getattr(cause, "response", None) or {}
    code = str(response.get("Error", {}).get("Code", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    said = bare(str(cause))
    if code == "NoSuchBucket":
        return StateError(
            f"{store}: there is no such bucket",
            detail="Callsheet makes no buckets: who may read one, and how it is encrypted, is yours to say.",
            hint="check `bucket`, `region` and the account, or make the bucket (private, with versioning)",
            code="state.no-bucket",
        )
    if code in _REJECTED:
        return _no_credentials(store, f"S3 does not take the credentials that were found ({code}).")
    if status in (401, 403):
        return StateError(
            f"{store}: not allowed to {verb} {key or 'anything'} ({code or status})",
            detail="What cannot be read is never taken for an empty estate.",
            hint=f"needed: {_ACTIONS[verb]}",
            code="state.denied",
        )
    if kind in _UNFOUND:
        return _no_credentials(store, f"No AWS credentials were found ({kind}).")
    if kind == "NoRegionError":
        return StateError(
            f"{store}: no region", hint="set `region:` beside `bucket:`, or AWS_REGION", code="state.settings"
        )
    if status is None:
        outcome = " It is not known whether it was written." if verb == "write" else ""
        return StateError(
            f"{store} cannot be reached",
            detail=f"{said}.{outcome}",
            hint="check the network, `region` and `endpointUrl`",
            code="state.unreachable",
        )
    return StateError(
        f"{store}: S3 refused to {verb} {key} ({code or status})",
        detail=said,
        hint="S3's words above say why; the bucket's policy and settings are the place to look",
        code="state.s3",
    )


def _no_credentials(store: str, detail: str) -> StateError:
    return StateError(
        f"{store}: no credentials that work",
        detail=detail,
        hint="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or give the CI job a role (OIDC)",
        code="state.no-credentials",
    )

"""Who may write to a bucket, from those of its settings that may be looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callsheet.state.bucket import Bucket
from callsheet.state.store import Writers

_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_EVERYBODY = ("/global/AllUsers", "/global/AuthenticatedUsers")
_WRITING = ("WRITE", "WRITE_ACP", "FULL_CONTROL")


def writers(bucket: Bucket) -> Writers:
    """A setting that may not be looked at is no fault: what state needs does not include that right."""
    alarms, advice, unseen = [], [], []

    def look(name: str, unset: str = "") -> Mapping[str, Any] | None:
        found, code = bucket.setting(name)
        if code and code != unset:
            unseen.append(f"{name.replace('_', ' ')} ({code})")
            return None
        return found

    versions = look("bucket_versioning")
    if versions is not None and versions.get("Status") != "Enabled":
        alarms.append("the bucket keeps no earlier versions, so that nothing shows what was there before")
        advice.append("turn versioning on")
    blocking = look("public_access_block", "NoSuchPublicAccessBlockConfiguration")
    blocks = (blocking or {}).get("PublicAccessBlockConfiguration", {})
    if blocking is not None and (off := [each for each in _BLOCKS if not blocks.get(each)]):
        alarms.append(f"the bucket does not block public access ({', '.join(off)})")
        advice.append("block public access, all four ways")
    if not blocks.get("RestrictPublicBuckets"):
        status = look("bucket_policy_status", "NoSuchBucketPolicy")
        if status and status.get("PolicyStatus", {}).get("IsPublic"):
            alarms.append("the bucket's policy lets everybody in")
            advice.append("narrow its policy to the job's role")
    if not blocks.get("IgnorePublicAcls"):
        grants = (look("bucket_acl") or {}).get("Grants", ())
        if any(_is_open(grant) for grant in grants):
            alarms.append("the bucket's access list lets everybody write")
            advice.append("turn access lists off (object ownership: bucket owner enforced)")
    return Writers(
        f"every principal that may s3:PutObject or s3:DeleteObject under s3://{bucket.name}/{bucket.prefix}, "
        "or may give itself that right",
        tuple(alarms),
        tuple(unseen),
        "; ".join(advice),
    )


def _is_open(grant: Mapping[str, Any]) -> bool:
    uri = str(grant.get("Grantee", {}).get("URI", ""))
    return uri.endswith(_EVERYBODY) and grant.get("Permission") in _WRITING

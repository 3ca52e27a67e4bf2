"""Old versions and delete markers of a versioned bucket, removed for good: what a purge ends with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monitor.errors import SlipwayError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BATCH = 500


def erase(client: S3Client, bucket: str, prefix: str) -> int:
    """Remove every version of everything below `prefix` (which ends in `/`); how many there were.

    Stopped at any moment, a second call goes on. Raises `SlipwayError` for versions the server would not remove.
    """
    if not prefix.endswith("/") or prefix.startswith("/"):
        raise ValueError(f"only a folder's versions are erased, and {prefix!r} is none")
    count = 0
    for page in client.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        found: list[Any] = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
        for start in range(0, len(found), BATCH):
            some = found[start : start + BATCH]
            listed: list[Any] = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in some]
            answer = client.delete_objects(Bucket=bucket, Delete={"Objects": listed, "Quiet": True})
            if errors := answer.get("Errors"):
                first = errors[0]
                raise SlipwayError(
                    f"{len(errors)} old versions below {prefix} were not removed: {first.get('Code')} "
                    f"for {first.get('Key')}.",
                    hint="is an object lock or a policy in the way?",
                )
            count += len(some)
    return count

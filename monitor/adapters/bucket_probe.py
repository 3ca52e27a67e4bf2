"""What an S3 server can really do, tried with objects of our own instead of believed."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from monitor.domain.keys import under

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FOLDER = "_probe"
# Text that looks like the framing of a checksum trailer: a server that stores the framing shows it here.
SAMPLE = b"4\r\nprobe\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n\x00\xff"


@dataclass(frozen=True, slots=True)
class Abilities:
    """What the server was seen to do; `missing` has a sentence for each lack, `dangers` for each threat.

    `exact`: bytes come back as they were sent. `versions`: a replaced object can still be read.
    `conditional`: `If-None-Match: *` lets one writer win. `checksums`: a wrong sha256 is turned away.
    """

    exact: bool
    versions: bool
    conditional: bool
    checksums: bool
    dangers: tuple[str, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        lacks = {
            "The S3 server changes bytes: nothing can be kept there.": not self.exact,
            "The S3 server keeps no versions: the mirror shows the newest state only; "
            "history has every revision all the same.": not self.versions,
            "The S3 server ignores conditional writes: two monitors on one prefix would not notice each "
            "other.": not self.conditional,
            "The S3 server does not verify checksums: a write damaged on the way is found when it is "
            "verified, not when it is sent.": not self.checksums,
        }
        return tuple(sentence for sentence, lacking in lacks.items() if lacking)

    @property
    def usable(self) -> bool:
        """Whether anything may be kept there at all."""
        return self.exact


def look(client: S3Client, bucket: str, prefix: str, dangers: tuple[str, ...] = ()) -> Abilities:
    """Try everything under a random name and clean up; raises `ClientError` where not even PUT and GET work."""
    folder = under(prefix, FOLDER, secrets.token_hex(8))
    trial = _Trial(client, bucket, folder)
    try:
        return Abilities(trial.exact(), trial.versions(), trial.conditional(), trial.checksums(), dangers)
    finally:
        trial.clean_up()


class _Trial:
    """The attempts, each on a key of its own: R2 takes one write a second for each key."""

    def __init__(self, client: S3Client, bucket: str, folder: str) -> None:
        self._client = client
        self._bucket = bucket
        self._folder = folder

    def exact(self) -> bool:
        self._put("exact", SAMPLE)
        return self._get("exact") == SAMPLE

    def versions(self) -> bool:
        first = self._put("versions", b"one").get("VersionId")
        if not first or first == "null":
            return False
        self._put("versions", b"two")
        return self._get("versions", VersionId=first) == b"one"

    def conditional(self) -> bool:
        try:
            self._put("conditional", b"one", IfNoneMatch="*")
        except ClientError:
            return False
        return self._refuses("conditional", b"two", IfNoneMatch="*")

    def checksums(self) -> bool:
        right, wrong = (base64.b64encode(hashlib.sha256(b).digest()).decode() for b in (SAMPLE, b"other"))
        try:
            self._put("checksums", SAMPLE, ChecksumSHA256=right)
        except ClientError:
            return False
        return self._get("checksums") == SAMPLE and self._refuses("wrong", SAMPLE, ChecksumSHA256=wrong)

    def clean_up(self) -> None:
        """Remove what was written; one that cannot be removed is left, and the lifecycle rules get it."""
        for name in ("exact", "versions", "conditional", "checksums", "wrong"):
            key = f"{self._folder}/{name}"
            for version in self._versions_of(key):
                self._delete(key, version)

    def _versions_of(self, key: str) -> Iterable[dict[str, str]]:
        try:
            answer = self._client.list_object_versions(Bucket=self._bucket, Prefix=key)
        except ClientError:
            return [{}]
        found: list[Any] = [*answer.get("Versions", []), *answer.get("DeleteMarkers", [])]
        return [{"VersionId": one["VersionId"]} for one in found if one["Key"] == key] or [{}]

    def _delete(self, key: str, version: dict[str, Any]) -> None:
        try:
            self._client.delete_object(Bucket=self._bucket, Key=key, **version)
        except ClientError:
            return

    def _put(self, name: str, data: bytes, **extra: Any) -> Any:
        return self._client.put_object(Bucket=self._bucket, Key=f"{self._folder}/{name}", Body=data, **extra)

    def _get(self, name: str, **extra: Any) -> bytes:
        answer = self._client.get_object(Bucket=self._bucket, Key=f"{self._folder}/{name}", **extra)
        return answer["Body"].read()

    def _refuses(self, name: str, data: bytes, **extra: Any) -> bool:
        try:
            self._put(name, data, **extra)
        except ClientError:
            return True
        return False

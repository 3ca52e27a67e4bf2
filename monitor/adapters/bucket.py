"""Administration of the bucket: that it exists, keeps versions, and cleans up after itself.

boto3 does what obstore cannot: bucket settings and versions. It blocks, so it has threads of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from monitor.adapters.bucket_lifecycle import endangering, merged
from monitor.adapters.bucket_probe import Abilities, look
from monitor.adapters.bucket_versions import erase
from monitor.adapters.s3_access import S3Access
from monitor.adapters.store_errors import failure

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

T = TypeVar("T")
_UNSUPPORTED = {"NotImplemented", "MethodNotAllowed", "InvalidRequest", "MalformedXML"}
_ALREADY_OURS = {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}


def s3_client(access: S3Access) -> S3Client:
    """A boto3 client without retries, and without the checksum trailers several servers reject or store."""
    client: S3Client = boto3.client(
        "s3",
        endpoint_url=access.endpoint or None,
        region_name=access.region,
        aws_access_key_id=access.access_key,
        aws_secret_access_key=access.secret_key,
        config=Config(
            connect_timeout=access.connect_timeout_s,
            read_timeout=access.timeout_s,
            retries={"total_max_attempts": 1},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path" if access.endpoint else "auto"},
            proxies={} if access.on_loopback else None,
        ),
    )
    return client


class Bucket:
    """One bucket's settings; close it when done. Calls raise the store port's exceptions."""

    def __init__(self, access: S3Access, prefix: str = "") -> None:
        self._access = access
        self._prefix = prefix
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="bucket")
        self._client: S3Client | None = None

    async def ensure(self) -> bool:
        """Make the bucket if it is not there; True when it was made now."""
        return await self._call("make sure of the bucket", self._ensure)

    async def keep_versions(self) -> bool:
        """Switch versioning on; False where the server has none (Cloudflare R2).

        AWS may take up to 15 minutes until every write is versioned.
        """
        return await self._call("switch versioning on", self._keep_versions)

    async def clean_up_old_versions(self) -> bool:
        """Merge our lifecycle rules into the bucket's; False where the server takes none."""
        return await self._call("set lifecycle rules", self._clean_up)

    async def probe(self) -> Abilities:
        """Try what the server can do with objects of our own, and remove them again."""
        return await self._call("try what the server can do", self._probe)

    async def clock_offset_s(self, now_ns: int) -> float | None:
        """Seconds by which the server's clock is ahead of `now_ns` (wall time); None where it does not tell.

        Whole seconds: that is what the `Date` of an HTTP answer has.
        """
        said = await self._call("ask the server for its time", self._date)
        return None if said is None else said.timestamp() - now_ns / 1e9

    async def erase(self, prefix: str) -> int:
        """Remove every version of everything below `prefix`, for good; how many there were."""
        return await self._call("erase old versions", lambda client: erase(client, self._access.bucket, prefix))

    def close(self) -> None:
        """Let go of the threads and connections; a call under way ends by itself."""
        self._threads.shutdown(wait=False)
        if self._client:
            self._client.close()

    async def _call(self, doing: str, work: Callable[[S3Client], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._translated, doing, work)

    def _translated(self, doing: str, work: Callable[[S3Client], T]) -> T:
        try:
            # Made here, not in the constructor: loading boto3's model of S3 takes a moment.
            self._client = self._client or s3_client(self._access)
            return work(self._client)
        except ClientError as error:
            raise failure(_status(error), f"{_code(error)}: {error}", doing, self._access.disk) from error
        except BotoCoreError as error:
            raise failure(None, str(error), doing) from error

    def _date(self, client: S3Client) -> datetime | None:
        headers = client.head_bucket(Bucket=self._access.bucket)["ResponseMetadata"]["HTTPHeaders"]
        try:
            return parsedate_to_datetime(headers["date"])
        except (KeyError, ValueError):
            return None

    def _ensure(self, client: S3Client) -> bool:
        try:
            client.head_bucket(Bucket=self._access.bucket)
        except ClientError as error:
            if _status(error) != 404:
                raise
            return self._create(client)
        return False

    def _create(self, client: S3Client) -> bool:
        wanted: Any = {"Bucket": self._access.bucket}
        # AWS itself wants to be told every region but this one; other servers do not care.
        if not self._access.endpoint and self._access.region != "us-east-1":
            wanted["CreateBucketConfiguration"] = {"LocationConstraint": self._access.region}
        try:
            client.create_bucket(**wanted)
        except ClientError as error:
            if _code(error) not in _ALREADY_OURS:
                raise
            return False
        return True

    def _keep_versions(self, client: S3Client) -> bool:
        try:
            if client.get_bucket_versioning(Bucket=self._access.bucket).get("Status") != "Enabled":
                client.put_bucket_versioning(
                    Bucket=self._access.bucket, VersioningConfiguration={"Status": "Enabled"}
                )
        except ClientError as error:
            return _unless_unsupported(error)
        return True

    def _clean_up(self, client: S3Client) -> bool:
        there = self._rules(client)
        wanted = merged(there, self._prefix)
        if wanted == there:
            return True
        try:
            client.put_bucket_lifecycle_configuration(
                Bucket=self._access.bucket, LifecycleConfiguration={"Rules": wanted}
            )
        except ClientError as error:
            return _unless_unsupported(error)
        return True

    def _probe(self, client: S3Client) -> Abilities:
        try:
            dangers = endangering(self._rules(client), self._prefix)
        except ClientError:
            dangers = ("The bucket's lifecycle rules cannot be read: whether one of them deletes is unknown.",)
        if self._access.plain_http and not self._access.on_loopback:
            dangers += ("The S3 endpoint is plain http: whoever is on that network can read what is kept.",)
        return look(client, self._access.bucket, self._prefix, dangers)

    def _rules(self, client: S3Client) -> list[Any]:
        try:
            return list(client.get_bucket_lifecycle_configuration(Bucket=self._access.bucket)["Rules"])
        except ClientError as error:
            if _code(error) in {"NoSuchLifecycleConfiguration", "NotImplemented"}:
                return []
            raise


def _unless_unsupported(error: ClientError) -> bool:
    if _code(error) in _UNSUPPORTED or _status(error) == 501:
        return False
    raise error


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))

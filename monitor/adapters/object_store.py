"""The real `Store`: objects in one S3 bucket, through obstore.

obstore moves small objects about three times as fast as boto3. It normalises keys on its own (a leading
or trailing `/` vanishes without a word), so every key is checked before it is handed over: a key is kept
exactly as written, or refused.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    PermissionDeniedError,
    PreconditionError,
    UnauthenticatedError,
)
from obstore.store import S3Store

from monitor.adapters.object_walk import walk
from monitor.adapters.s3_access import S3Access
from monitor.adapters.store_errors import failure
from monitor.domain.key_escape import check_key, check_prefix
from monitor.errors import SlipwayError
from monitor.ports.store import KeyExists, Listed, StoreAway

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Config

_STATUS = re.compile(r"status code: (\d{3})")
# A closed port that a proxy setting may name, since every host there is, is excluded from it.
_NO_PROXY = "http://127.0.0.1:9"


class ObjectStore:
    """`Store` on an S3 bucket; safe for any number of calls at once. The bucket must exist.

    Nothing is retried here, and one request takes at most `access.timeout_s`.
    """

    def __init__(self, access: S3Access) -> None:
        self._disk = access.disk
        self._store = S3Store(
            access.bucket,
            config=_config(access),
            client_options=_client(access),
            retry_config=_no_retries(access),
        )

    async def put(self, key: str, data: bytes) -> None:
        check_key(key)
        with _reading_errors(f"write {key}", disk=self._disk):
            await self._store.put_async(key, data, use_multipart=False)

    async def put_new(self, key: str, data: bytes) -> None:
        check_key(key)
        with _reading_errors(f"write {key}", disk=self._disk):
            await self._store.put_async(key, data, mode="create", use_multipart=False)

    async def get(self, key: str) -> bytes:
        check_key(key)
        with _reading_errors(f"read {key}"):
            answer = await self._store.get_async(key)
            return bytes(await answer.bytes_async())

    async def get_range(self, key: str, start: int, length: int) -> bytes:
        check_key(key)
        if not length:
            await self.head(key)
            return b""
        with _reading_errors(f"read {length} bytes of {key}", unsatisfiable=StoreAway):
            data = bytes(await self._store.get_range_async(key, start=start, length=length))
        if len(data) != length:
            raise StoreAway(f"The S3 store sent {len(data)} of {length} bytes of {key}.")
        return data

    async def head(self, key: str) -> int:
        check_key(key)
        with _reading_errors(f"look at {key}"):
            return (await self._store.head_async(key))["size"]

    async def delete(self, key: str) -> None:
        check_key(key)
        with _reading_errors(f"delete {key}"):
            await self._store.delete_async(key)

    async def list(self, prefix: str, *, after: str = "") -> AsyncIterator[Listed]:
        check_prefix(prefix)
        with _reading_errors(f"list {prefix or 'the bucket'}"):
            async for found in walk(self._store, prefix, after):
                yield found


def _config(access: S3Access) -> S3Config:
    config: S3Config = {
        "access_key_id": access.access_key,
        "secret_access_key": access.secret_key,
        "region": access.region,
    }
    if access.endpoint:
        config["endpoint"] = access.endpoint
    return config


def _client(access: S3Access) -> ClientConfig:
    options: ClientConfig = {
        "allow_http": access.plain_http,
        "timeout": timedelta(seconds=access.timeout_s),
        "connect_timeout": timedelta(seconds=access.connect_timeout_s),
    }
    if access.on_loopback:
        options["proxy_url"] = _NO_PROXY
        options["proxy_excludes"] = access.host
    return options


def _no_retries(access: S3Access) -> RetryConfig:
    return {"max_retries": 0, "retry_timeout": timedelta(seconds=access.timeout_s)}


@contextmanager
def _reading_errors(
    doing: str, unsatisfiable: type[SlipwayError] | None = None, disk: Path | None = None
) -> Iterator[None]:
    """Turn what obstore raises into the port's exceptions; `unsatisfiable` stands for a 416."""
    try:
        yield
    except FileNotFoundError as error:
        raise failure(404, str(error), doing) from error
    except (AlreadyExistsError, PreconditionError) as error:
        raise KeyExists(f"The S3 store did not {doing}: something is kept there already.") from error
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise failure(403, str(error), doing) from error
    except BaseError as error:
        status = _status(str(error))
        if status == 416 and unsatisfiable:
            raise unsatisfiable(f"The S3 store could not {doing}: there are fewer.") from error
        raise failure(status, str(error), doing, disk) from error


def _status(said: str) -> int | None:
    found = _STATUS.search(said)
    return int(found[1]) if found else None

"""Whether the bundled store really serves: bucket there, writes synced to disk, an object there and back.

SeaweedFS acknowledges writes before they are on disk unless its `filer.conf`, a file inside itself, says
otherwise for a path. With `fsync` on for a bucket every PUT was seen to call fsync on its volume file.
"""

from __future__ import annotations

import base64
import json
import secrets
from contextlib import suppress
from dataclasses import replace
from typing import Any

import aiohttp

from monitor.adapters.bucket import Bucket
from monitor.adapters.embedded.weed_keys import WeedKeys, token
from monitor.adapters.object_store import ObjectStore
from monitor.adapters.s3_access import S3Access
from monitor.ports.store import NoSuchKey, StoreAway, StoreFull

# A bucket without versions, so that being asked every few seconds for years leaves nothing behind.
PROBE_BUCKET = "slipway-probe"
PROBE_KEY = "ready"
_CONF = "/etc/seaweedfs/filer.conf"


class WeedReady:
    """An async callable that answers True, or raises what the store port or aiohttp raises.

    The first yes after each failure has prepared everything; later ones only write and read the probe.
    """

    def __init__(self, access: S3Access, filer: str, keys: WeedKeys) -> None:
        probe = replace(access, bucket=PROBE_BUCKET, timeout_s=5)
        self._store = ObjectStore(probe)
        self._buckets = (Bucket(access), Bucket(probe))
        self._paths = [f"/buckets/{access.bucket}/"]
        self._filer = filer
        self._keys = keys
        self._prepared = False

    async def __call__(self) -> bool:
        try:
            if not self._prepared:
                await self._prepare()
            sent = secrets.token_bytes(16)
            self._prepared = not await self._wrote(sent) or await self._store.get(PROBE_KEY) == sent
        except BaseException:
            self._prepared = False
            raise
        return self._prepared

    async def _wrote(self, sent: bytes) -> bool:
        """False where there is no room, yet it answers: ended for that, it could not even be read from."""
        try:
            await self._store.put(PROBE_KEY, sent)
        except StoreFull:
            with suppress(NoSuchKey):
                await self._store.get(PROBE_KEY)
            return False
        return True

    async def close(self) -> None:
        for bucket in self._buckets:
            bucket.close()

    async def _prepare(self) -> None:
        # One cheap question first: the answer to a port nobody listens on yet.
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as filer:
            if await self._synced(filer) != self._paths:
                await self._sync(filer)
        for bucket in self._buckets:
            await bucket.ensure()

    async def _synced(self, filer: aiohttp.ClientSession) -> list[str]:
        """The paths whose writes are synced, as the server itself says."""
        headers = _bearer(self._keys.filer_read)
        async with filer.get(f"{self._filer}{_CONF}?metadata=true", headers=headers) as answer:
            if answer.status == 404:
                return []
            _accepted(answer)
            content = (await answer.json())["Content"] or ""
        conf: dict[str, Any] = json.loads(base64.b64decode(content) or "{}")
        return [one["locationPrefix"] for one in conf.get("locations", []) if one.get("fsync")]

    async def _sync(self, filer: aiohttp.ClientSession) -> None:
        conf = {"locations": [{"locationPrefix": path, "fsync": True} for path in self._paths]}
        form = aiohttp.FormData()
        form.add_field("file", json.dumps(conf), filename="filer.conf")
        headers = _bearer(self._keys.filer_write)
        async with filer.post(f"{self._filer}{_CONF}", data=form, headers=headers) as answer:
            _accepted(answer)
        if await self._synced(filer) != self._paths:
            raise StoreAway("The S3 store did not take the order to sync writes to disk.")


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token(key)}"}


def _accepted(answer: aiohttp.ClientResponse) -> None:
    if answer.status >= 300:
        raise StoreAway(f"The S3 store answered {answer.status} when it was set up.")

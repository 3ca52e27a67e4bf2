"""`Store` that counts what another one is asked: requests, bytes, time, and errors by their reason."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

from monitor.domain.metrics import Name
from monitor.errors import SlipwayError
from monitor.ports.clock import Clock
from monitor.ports.meter import Meter
from monitor.ports.store import KeyExists, Listed, NoSuchKey, Store


class MeteredStore:
    """The same answers and exceptions as `store`, each counted. A key that is or is not there is no error."""

    def __init__(self, store: Store, meter: Meter, clock: Clock) -> None:
        self._store = store
        self._meter = meter
        self._clock = clock

    async def put(self, key: str, data: bytes) -> None:
        with self._request("put"):
            await self._store.put(key, data)
        self._moved("sent", len(data))

    async def put_new(self, key: str, data: bytes) -> None:
        with self._request("put"):
            await self._store.put_new(key, data)
        self._moved("sent", len(data))

    async def get(self, key: str) -> bytes:
        with self._request("get"):
            data = await self._store.get(key)
        self._moved("read", len(data))
        return data

    async def get_range(self, key: str, start: int, length: int) -> bytes:
        with self._request("get"):
            data = await self._store.get_range(key, start, length)
        self._moved("read", len(data))
        return data

    async def head(self, key: str) -> int:
        with self._request("head"):
            return await self._store.head(key)

    async def delete(self, key: str) -> None:
        with self._request("delete"):
            await self._store.delete(key)

    async def list(self, prefix: str, *, after: str = "") -> AsyncIterator[Listed]:
        self._meter.count(Name.STORE_REQUESTS, request="list")
        with self._failures("list"):
            async for found in self._store.list(prefix, after=after):
                yield found

    @contextmanager
    def _request(self, request: str) -> Iterator[None]:
        self._meter.count(Name.STORE_REQUESTS, request=request)
        began = self._clock.monotonic()
        with self._failures(request):
            yield
        self._meter.observe(Name.STORE_SECONDS, self._clock.monotonic() - began, request=request)

    @contextmanager
    def _failures(self, request: str) -> Iterator[None]:
        try:
            yield
        except (NoSuchKey, KeyExists):
            raise
        except SlipwayError as error:
            self._meter.count(Name.STORE_ERRORS, request=request, reason=error.reason)
            raise

    def _moved(self, direction: str, size: int) -> None:
        self._meter.count(Name.STORE_BYTES, size, direction=direction)

"""Stores as a copy sees them: below a prefix, patient with a store that stumbles, and its own errors told apart."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from monitor.domain import keys
from monitor.ports.clock import Clock
from monitor.ports.store import KeyExists, Listed, NoSuchKey, Store, StoreAway, StoreFull, StoreRefused

PAUSES_S = (0.5, 2.0, 8.0)

Answer = TypeVar("Answer")


class Below:
    """`Store` that is one folder of another: keys lose `prefix`, and everything else is not seen."""

    def __init__(self, store: Store, prefix: str) -> None:
        self._store, self._prefix = store, prefix

    async def put(self, key: str, data: bytes) -> None:
        await self._store.put(self._key(key), data)

    async def put_new(self, key: str, data: bytes) -> None:
        await self._store.put_new(self._key(key), data)

    async def get(self, key: str) -> bytes:
        return await self._store.get(self._key(key))

    async def get_range(self, key: str, start: int, length: int) -> bytes:
        return await self._store.get_range(self._key(key), start, length)

    async def head(self, key: str) -> int:
        return await self._store.head(self._key(key))

    async def delete(self, key: str) -> None:
        await self._store.delete(self._key(key))

    async def list(self, prefix: str, *, after: str = "") -> AsyncIterator[Listed]:
        cut = len(self._key(""))
        async for found in self._store.list(self._key(prefix), after=self._key(after) if after else ""):
            yield Listed(found.key[cut:], found.size)

    def _key(self, key: str) -> str:
        return keys.under(self._prefix, key)


class Conditional(Below):
    """`Below` a server that may be known to refuse or ignore `If-None-Match`: then `put_new` looks first."""

    conditional = True

    async def put_new(self, key: str, data: bytes) -> None:
        if self.conditional:
            await super().put_new(key, data)
            return
        try:
            await self.head(key)
        except NoSuchKey:
            await self.put(key, data)
        else:
            raise KeyExists(f"Something is kept under {key} already.")


class Patient:
    """`Store` that tries again a few times; `told` is the hint for what only a person can mend.

    A `put_new` that may have happened before the answer was lost is found out by comparing the bytes.
    """

    def __init__(self, store: Store, clock: Clock, told: str = "") -> None:
        self._store, self._clock, self._told = store, clock, told

    async def put(self, key: str, data: bytes) -> None:
        await self._try(lambda: self._store.put(key, data))

    async def put_new(self, key: str, data: bytes) -> None:
        await self._try(lambda: self._put_new(key, data))

    async def get(self, key: str) -> bytes:
        return await self._try(lambda: self._store.get(key))

    async def get_range(self, key: str, start: int, length: int) -> bytes:
        return await self._try(lambda: self._store.get_range(key, start, length))

    async def head(self, key: str) -> int:
        return await self._try(lambda: self._store.head(key))

    async def delete(self, key: str) -> None:
        await self._try(lambda: self._store.delete(key))

    async def list(self, prefix: str, *, after: str = "") -> AsyncIterator[Listed]:
        for pause in (*PAUSES_S, None):
            try:
                async for found in self._store.list(prefix, after=after):
                    yield found
                    after = found.key
                return
            except StoreAway:
                if pause is None:
                    raise
                await self._clock.sleep(pause)
            except StoreRefused as error:
                raise self._refused(error) from error

    async def _put_new(self, key: str, data: bytes) -> None:
        try:
            await self._store.put_new(key, data)
        except KeyExists:
            if await self._store.get(key) != data:
                raise

    async def _try(self, call: Callable[[], Awaitable[Answer]]) -> Answer:
        for pause in PAUSES_S:
            try:
                return await call()
            except StoreFull:
                raise
            except StoreAway:
                await self._clock.sleep(pause)
            except StoreRefused as error:
                raise self._refused(error) from error
        return await call()

    def _refused(self, error: StoreRefused) -> StoreRefused:
        return StoreRefused(error.message, hint=self._told or error.hint)

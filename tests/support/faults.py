"""A `Store` that fails on purpose: at the N-th call, before or after it took effect, with wrong bytes, or late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from monitor.ports.store import Listed, Store, StoreAway

Match = Callable[[str, str], bool]

MODES = ("before", "after", "truncate", "corrupt", "delay")


def anything(what: str, key: str) -> bool:
    return True


def writes(what: str, key: str) -> bool:
    return what in {"put", "put_new", "delete"}


@dataclass
class Fault:
    """What happens to matching calls from the `at`-th one (counted from 0 when armed), `times` times.

    `before`: raises, nothing happened. `after`: it happened, and raises all the same (commit-then-time-out).
    `truncate`, `corrupt`: a reading call answers with other bytes. `delay`: sleeps `seconds`.
    `exit`: calls `then`, for those who end the process there.
    """

    mode: str = "before"
    at: int = 0
    times: int = 1_000_000
    match: Match = anything
    error: Exception = field(default_factory=lambda: StoreAway("the store is away"))
    seconds: float = 0.0
    then: Callable[[], None] | None = None
    seen: int = 0

    def strikes(self, what: str, key: str) -> bool:
        if not self.match(what, key):
            return False
        self.seen += 1
        return self.at < self.seen <= self.at + self.times


class FaultyStore:
    """Wraps a store; `calls` lists what was asked, `fault` is what is armed."""

    def __init__(self, inner: Store) -> None:
        self.inner = inner
        self.calls: list[tuple[str, str]] = []
        self.fault: Fault | None = None

    def arm(self, fault: Fault | None) -> None:
        self.fault = fault

    def count(self, *whats: str) -> int:
        return sum(what in whats for what, _ in self.calls)

    @property
    def puts(self) -> list[str]:
        return [key for what, key in self.calls if what in {"put", "put_new"}]

    async def _before(self, what: str, key: str) -> Fault | None:
        self.calls.append((what, key))
        if self.fault is None or not self.fault.strikes(what, key):
            return None
        if self.fault.mode == "delay":
            await asyncio.sleep(self.fault.seconds)
        if self.fault.mode == "before":
            self._strike(self.fault)
        return self.fault

    def _strike(self, fault: Fault) -> None:
        if fault.then is not None:
            fault.then()
        raise fault.error

    def _after(self, fault: Fault | None) -> None:
        if fault is not None and fault.mode == "after":
            self._strike(fault)

    def _changed(self, fault: Fault | None, data: bytes) -> bytes:
        self._after(fault)
        if fault is not None and fault.mode == "truncate":
            return data[: len(data) // 2]
        if fault is not None and fault.mode == "corrupt" and data:
            return data[:-1] + bytes([data[-1] ^ 1])
        return data

    async def put(self, key: str, data: bytes) -> None:
        fault = await self._before("put", key)
        await self.inner.put(key, data)
        self._after(fault)

    async def put_new(self, key: str, data: bytes) -> None:
        fault = await self._before("put_new", key)
        await self.inner.put_new(key, data)
        self._after(fault)

    async def get(self, key: str) -> bytes:
        fault = await self._before("get", key)
        return self._changed(fault, await self.inner.get(key))

    async def get_range(self, key: str, start: int, length: int) -> bytes:
        fault = await self._before("get_range", key)
        data = self._changed(fault, await self.inner.get_range(key, start, length))
        if len(data) != length:
            raise StoreAway("a short answer")
        return data

    async def head(self, key: str) -> int:
        self._after(await self._before("head", key))
        return await self.inner.head(key)

    async def delete(self, key: str) -> None:
        fault = await self._before("delete", key)
        await self.inner.delete(key)
        self._after(fault)

    async def list(self, prefix: str, *, after: str = "") -> AsyncIterator[Listed]:
        fault = await self._before("list", prefix)
        async for found in self.inner.list(prefix, after=after):
            yield found
        self._after(fault)

"""The store as it will be once the spool is in it: read from both, so that a restore needs no store that is away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import NoReturn, TypeVar

from monitor.errors import Refused
from monitor.ports.store import Listed, NoSuchKey, Store, StoreAway

Found = TypeVar("Found")


class Overlay:
    """A `Store` to read from: what is in `first` hides what is in `second`. Writing is refused.

    While `second` is away, what `first` has is still there; a listing then is that of `first` alone, and whoever
    concludes from what is missing in it asks for something of `second`, too. One that breaks off raises.
    """

    def __init__(self, first: Store, second: Store) -> None:
        self._first, self._second = first, second

    async def get(self, key: str) -> bytes:
        return await self._read(lambda store: store.get(key))

    async def get_range(self, key: str, start: int, length: int) -> bytes:
        return await self._read(lambda store: store.get_range(key, start, length))

    async def head(self, key: str) -> int:
        return await self._read(lambda store: store.head(key))

    async def list(self, prefix: str, *, after: str = "") -> AsyncIterator[Listed]:
        found = {one.key: one async for one in self._first.list(prefix, after=after)}
        answered = False
        try:
            async for one in self._second.list(prefix, after=after):
                answered = True
                found.setdefault(one.key, one)
        except StoreAway:
            # The names that did not come are the newest ones.
            if answered or not found:
                raise
        for key in sorted(found, key=str.encode):
            yield found[key]

    async def put(self, key: str, data: bytes) -> None:
        _refuse(key)

    async def put_new(self, key: str, data: bytes) -> None:
        _refuse(key)

    async def delete(self, key: str) -> None:
        _refuse(key)

    async def _read(self, ask: Callable[[Store], Awaitable[Found]]) -> Found:
        try:
            return await ask(self._first)
        except NoSuchKey:
            return await ask(self._second)


def _refuse(key: str) -> NoReturn:
    raise Refused(f"{key} cannot be written here: this view of the store is for reading.")

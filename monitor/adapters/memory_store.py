"""A `Store` in memory: the fake for tests, held to the same contract as the real one."""

from __future__ import annotations

from collections.abc import AsyncIterator

from monitor.domain.key_escape import check_key, check_prefix
from monitor.ports.store import KeyExists, Listed, NoSuchKey, StoreAway


class MemoryStore:
    """`Store` in a dictionary; `objects` is open to tests that look or damage."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    async def put(self, key: str, data: bytes) -> None:
        check_key(key)
        self.objects[key] = bytes(data)

    async def put_new(self, key: str, data: bytes) -> None:
        check_key(key)
        if key in self.objects:
            raise KeyExists(f"Something is kept under {key} already.")
        self.objects[key] = bytes(data)

    async def get(self, key: str) -> bytes:
        check_key(key)
        try:
            return self.objects[key]
        except KeyError:
            raise NoSuchKey(f"Nothing is kept under {key}.") from None

    async def get_range(self, key: str, start: int, length: int) -> bytes:
        data = (await self.get(key))[start : start + length]
        if len(data) != length:
            raise StoreAway(f"{key} holds {len(data)} of {length} bytes asked for.")
        return data

    async def head(self, key: str) -> int:
        return len(await self.get(key))

    async def delete(self, key: str) -> None:
        check_key(key)
        self.objects.pop(key, None)

    async def list(self, prefix: str, *, after: str = "") -> AsyncIterator[Listed]:
        check_prefix(prefix)
        for key in sorted(self.objects, key=str.encode):
            if key.startswith(prefix) and key.encode() > after.encode() and key in self.objects:
                yield Listed(key, len(self.objects[key]))

"""A `Store` in a local folder: the spool, the cache, and destinations such as a NAS that is mounted.

The layout below the folder is that of a bucket (`folder_names`). A write that returned is on disk.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from monitor.adapters.folder_files import FolderFiles
from monitor.domain.key_escape import check_key, check_prefix
from monitor.ports.store import Listed

Found = TypeVar("Found")


class FolderStore:
    """`Store` below `root`. Without `create` a missing root is `StoreAway`: an unmounted share is not filled up.

    `close` ends its workers.
    """

    def __init__(self, root: Path, *, create: bool = False, workers: int = 4) -> None:
        self.root = root
        self._files = FolderFiles(root, create=create)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="folder-store")

    def close(self) -> None:
        """Waits for what is being written; nothing may be called afterwards."""
        self._pool.shutdown()

    async def put(self, key: str, data: bytes) -> None:
        check_key(key)
        await self._run(partial(self._files.write, key, data, new=False))

    async def put_new(self, key: str, data: bytes) -> None:
        check_key(key)
        await self._run(partial(self._files.write, key, data, new=True))

    async def get(self, key: str) -> bytes:
        check_key(key)
        return await self._run(partial(self._files.read, key))

    async def get_range(self, key: str, start: int, length: int) -> bytes:
        check_key(key)
        return await self._run(partial(self._files.read, key, start, length))

    async def head(self, key: str) -> int:
        check_key(key)
        return await self._run(partial(self._files.size, key))

    async def delete(self, key: str) -> None:
        check_key(key)
        await self._run(partial(self._files.delete, key))

    async def list(self, prefix: str, *, after: str = "") -> AsyncIterator[Listed]:
        check_prefix(prefix)
        stack = [await self._children(prefix[: prefix.rfind("/") + 1], prefix, after)]
        while stack:
            if not stack[-1]:
                stack.pop()
                continue
            found = stack[-1].popleft()
            if found.size < 0:
                stack.append(await self._children(found.key, prefix, after))
            else:
                yield found

    async def sweep(self) -> None:
        """Remove what killed writes left behind; only for the one that owns the folder."""
        await self._run(self._files.sweep)

    async def _children(self, folder: str, prefix: str, after: str) -> deque[Listed]:
        found = await self._run(partial(self._files.children, folder))
        return deque(one for one in found if _wanted(one, prefix, after))

    async def _run(self, call: Callable[[], Found]) -> Found:
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)


def _wanted(found: Listed, prefix: str, after: str) -> bool:
    later = found.key.encode() > after.encode()
    if found.size >= 0:
        return later and found.key.startswith(prefix)
    related = found.key.startswith(prefix) or prefix.startswith(found.key)
    return related and (later or after.startswith(found.key))

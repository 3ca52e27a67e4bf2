"""Frames become packs, and packs are sent while the next ones fill; at most a few are in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, field

from monitor.domain.history.entry import Piece
from monitor.domain.history.pack import PACK_BYTES, Frame, Placed, pack_name, write_pack

AT_ONCE = 2

Send = Callable[[str, bytes], Awaitable[None]]


@dataclass(slots=True)
class Packer:
    """One batch's packs. `send(name, data)` makes a pack durable; `placed` says where each piece came to lie, None
    for one under way.

    Used inside the caller's task group; after `finish` every pack was sent, or the group failed.
    """

    send: Send
    pool: Executor
    group: asyncio.TaskGroup
    placed: dict[str, Piece | None] = field(default_factory=dict)
    _frames: list[Frame] = field(default_factory=list)
    _size: int = 0
    _slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    def claim(self, sha256: str) -> bool:
        """True for the first that asks: it has to `add` that piece."""
        if sha256 in self.placed:
            return False
        self.placed[sha256] = None
        return True

    async def add(self, frames: Iterable[Frame]) -> None:
        """Put these pieces into packs; waits while too many packs are under way."""
        for frame in frames:
            if self._frames and self._size + len(frame.data) > PACK_BYTES:
                await self._close()
            self._frames.append(frame)
            self._size += len(frame.data)

    async def finish(self) -> None:
        """Send the last pack and wait for all."""
        if self._frames:
            await self._close()
        for _ in range(AT_ONCE):
            await self._slots.acquire()

    async def _close(self) -> None:
        frames, self._frames, self._size = self._frames, [], 0
        await self._slots.acquire()
        self.group.create_task(self._send(frames), name="pack")

    async def _send(self, frames: list[Frame]) -> None:
        data, placed, name = await asyncio.get_running_loop().run_in_executor(self.pool, _pack, frames)
        frames.clear()
        await self.send(name, data)
        for one in placed:
            self.placed[one.sha256] = Piece(name, one.offset, one.length, one.sha256)
        self._slots.release()


def _pack(frames: list[Frame]) -> tuple[bytes, tuple[Placed, ...], str]:
    data, placed = write_pack(frames)
    return data, placed, pack_name(data)

"""The real `Placing`: blocking work in an executor of its own, errors as letters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from monitor.adapters.placing import looking, stage
from monitor.adapters.placing.ground import trouble
from monitor.ports.placing import Bytes, Displaced, Job, Link, Orders, Phase, Problem, Seen, Stamp

Found = TypeVar("Found")
Step = Callable[[str], None]


class DiskPlacing:
    """`Placing` on the local disk. `step` is told each step's name (for tests that kill in between); `close` ends
    its workers."""

    def __init__(self, *, workers: int = 3, step: Step = lambda name: None) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="placing")
        self._step = step

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    async def begin(self, job: Job) -> DiskStage:
        make = partial(stage.made, job, self._step)
        return DiskStage(await _run(self._pool, "a restore", job.folder, make, drop=_unmake), self._pool)

    async def unfinished(self, root: Path) -> tuple[Job, ...]:
        return tuple(await _run(self._pool, "a look for unfinished restores", root, partial(stage.found, root)))

    async def resume(self, job: Job) -> DiskStage:
        find = partial(stage.again, job, self._step)
        return DiskStage(await _run(self._pool, "a restore", job.folder, find, drop=stage.Ground.close), self._pool)

    async def look(self, folder: Path, paths: Sequence[str]) -> Mapping[str, Seen]:
        return await _run(self._pool, "comparing", folder, partial(looking.look, folder, paths))


class DiskStage:
    """`Stage` over a `Ground`."""

    def __init__(self, ground: stage.Ground, pool: ThreadPoolExecutor) -> None:
        self._ground, self._pool = ground, pool
        self.job = ground.job

    @property
    def phase(self) -> Phase:
        return self._ground.phase

    @property
    def staged(self) -> Path:
        return self._ground.staged

    @property
    def marks(self) -> Mapping[str, tuple[int, int]]:
        return self._ground.writer.marks

    async def write(self, files: Iterable[Bytes]) -> None:
        await self._run(partial(self._ground.writer.write, files))

    async def extend(self, path: str, data: Iterable[bytes]) -> None:
        await self._run(partial(self._ground.writer.extend, path, data))

    async def finish(self, path: str, mode: int, mtime_ns: int) -> None:
        await self._run(partial(self._ground.writer.finish, path, mode, mtime_ns))

    async def furnish(self, folders: Sequence[Stamp], links: Sequence[Link]) -> None:
        await self._run(partial(self._ground.writer.furnish, folders, links))

    async def room(self) -> int:
        return looking.free_bytes(self._ground.disk)

    async def place(self, orders: Orders | None) -> tuple[Problem, ...]:
        place = partial(self._ground.place, orders)
        return await _run(self._pool, "a restore", self.job.folder, place, to_the_end=True)

    async def displaced(self) -> tuple[Displaced, ...]:
        return await self._run(self._ground.displaced)

    async def release(self, displaced: Displaced, held: Mapping[str, str]) -> int:
        return await self._run(partial(self._ground.release, displaced, held))

    async def end(self) -> None:
        await self._run(self._ground.end)
        self._ground.close()

    async def leave(self) -> None:
        self._ground.close()

    async def _run(self, call: Callable[[], Found]) -> Found:
        return await _run(self._pool, "a restore", self.job.folder, call)


def _unmake(ground: stage.Ground) -> None:
    ground.end()
    ground.close()


async def _run(
    pool: ThreadPoolExecutor,
    doing: str,
    folder: Path,
    call: Callable[[], Found],
    *,
    to_the_end: bool = False,
    drop: Callable[[Found], None] = lambda found: None,
) -> Found:
    """`call` in a worker, which is always waited for; `to_the_end` takes back a cancellation that came meanwhile.

    `drop` undoes what was found by a call that was cancelled.
    """
    work = asyncio.get_running_loop().run_in_executor(pool, call)
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        task = asyncio.current_task()
        if not to_the_end or task is None:
            if work.exception() is None:
                drop(work.result())
            raise cancelled
        task.uncancel()
    try:
        return work.result()
    except OSError as error:
        raise trouble(doing, folder, error) from error

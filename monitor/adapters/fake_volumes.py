"""The fake engine's data volumes: files in memory, laid out in a folder for the while of one piece of work."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

from monitor.ports.volumes import DataCopy, Mark

Content = dict[str, tuple[bytes, int]]
"""Files by path: bytes, and when they were written (ns)."""
T = TypeVar("T")


class FakeVolumes:
    """`volumes` gives a workspace's content, None where it has no volume; `made` is told of one that came to be.

    `busy` are paths that never come to rest.
    """

    def __init__(self, volumes: dict[str, Content], made: Callable[[str], None], has: Callable[[str], bool]) -> None:
        self.volumes, self._made, self._has = volumes, made, has
        self.busy: frozenset[str] = frozenset()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="fake-volumes")

    @asynccontextmanager
    async def copy_data(self, workspace: str, known: Mark | None, limit: int) -> AsyncIterator[DataCopy | None]:
        if not self._has(workspace):
            yield None
            return
        content = self.volumes.setdefault(workspace, {})
        mark = {"digest": hashlib.sha256(repr(sorted(content.items())).encode()).hexdigest()}
        counts = (len(content), sum(len(data) for data, _ in content.values()))
        if known == mark:
            yield DataCopy(None, mark, *counts, unchanged=True)
        elif counts[1] > limit:
            yield DataCopy(None, {}, *counts, reason=f"it holds {counts[1]} bytes, and at most {limit} are kept")
        else:
            async with self.data_stage(workspace) as folder:
                await self._run(partial(_written, folder, content))
                yield DataCopy(folder, mark, *counts, unstable=tuple(sorted(self.busy & content.keys())))

    @asynccontextmanager
    async def data_stage(self, workspace: str) -> AsyncIterator[Path]:
        folder = await self._run(partial(tempfile.mkdtemp, prefix=f"slipway-fake-{workspace}-"))
        try:
            yield Path(folder)
        finally:
            await self._run(partial(shutil.rmtree, folder, ignore_errors=True))

    async def replace_data(self, workspace: str, stage: Path, user: tuple[int, int]) -> None:
        self._made(workspace)
        self.volumes[workspace] = await self._run(partial(_read, stage))

    async def recover_data(self, workspace: str) -> None:
        """Replacing is one step here."""

    def close(self) -> None:
        self._pool.shutdown(wait=False)

    async def _run(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)


def _written(folder: Path, content: Content) -> None:
    for path, (data, written_ns) in content.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
        os.utime(folder / path, ns=(written_ns, written_ns))


def _read(folder: Path) -> Content:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}

"""Scratch folders on disk, below the data folder; what a kill left is removed with the next one made."""

from __future__ import annotations

import asyncio
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from monitor.errors import SlipwayError

_THREADS = 2


class DiskScratch:
    """See `monitor.ports.scratch`; everything lies in `root`, which is ours."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="scratch")
        self._mine: set[Path] = set()

    async def make(self, name: str) -> Path:
        folder = self._root / name
        self._mine.add(folder)
        try:
            await asyncio.get_running_loop().run_in_executor(self._pool, self._make, folder)
        except OSError as error:
            raise SlipwayError(
                f"{folder} cannot be made: {error.strerror}", hint="free some disk space or mend its permissions"
            ) from error
        return folder

    async def remove(self, folder: Path) -> None:
        self._mine.discard(folder)
        work = asyncio.get_running_loop().run_in_executor(self._pool, _remove, folder)
        await asyncio.shield(work)

    def close(self) -> None:
        self._pool.shutdown(wait=False)

    def _make(self, folder: Path) -> None:
        self._root.mkdir(parents=True, exist_ok=True, mode=0o700)
        for old in self._root.iterdir():
            if old not in self._mine:
                _remove(old)
        folder.mkdir(mode=0o700)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)

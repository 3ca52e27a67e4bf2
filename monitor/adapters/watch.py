"""Watching all workspaces with a handful of watchers: the `Watch` port over watchfiles.

One shard watches the root alone, the others share the workspaces by name, so that a new folder rebuilds a part of
the watches only. Every shard also watches the canary, which is how a silent one is found out.
"""

from __future__ import annotations

import asyncio
import logging
import os
import zlib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

from watchfiles import Change

from monitor.adapters.watching.canary import FOLDER, Canary
from monitor.adapters.watching.shard import Shard
from monitor.ports.clock import Clock
from monitor.ports.watch import ROOT, Wanted, WatchState

_LOOK_S, _ANSWER_S, _AGAIN_S = 1.0, 2.0, 2.0
_MOST_PATHS = 1_000

log = logging.getLogger(__name__)


class FolderWatch:
    """The real `Watch` over `root`; `canary_s` is how often it is checked that notifications arrive."""

    def __init__(self, root: Path, clock: Clock, *, shards: int = 4, canary_s: float = 10.0) -> None:
        self._root, self._clock, self._canary_s = str(root), clock, canary_s
        self._canary = Canary(root)
        self._pool = ThreadPoolExecutor(2 * (shards + 1), thread_name_prefix="watch")
        self._checks = ThreadPoolExecutor(1, thread_name_prefix="watch-check")
        self._shards = [self._shard(number) for number in range(shards + 1)]
        self._wanted: dict[str, Wanted] = {}
        self._fresh: set[str] = set()
        self._hints: set[str] = set()
        self._touched: dict[str, set[str] | None] = {}
        self._hinted = asyncio.Event()
        self._silence: str | None = None
        self._identity: tuple[int, int] | None = None

    @property
    def state(self) -> WatchState:
        failed = next((s.error for s in self._shards if s.error), None)
        broken = f"watching is interrupted and starts again: {failed}" if failed else None
        mine = [s for s in self._shards[1:] if s.folders]
        watched = sum(max(0, s.watched - 1) for s in mine)  # each also watches the canary
        total = sum(len(w.folders) for w in self._wanted.values())
        limited = None
        if any(s.limited for s in mine):
            limited = (
                f"the system's limit of watched folders is reached: {watched} of {total} are watched, the others are "
                "only scanned; raise fs.inotify.max_user_watches"
            )
        return WatchState(self._silence or broken, limited, watched, max(0, total - watched))

    def keep(self, folder: str, wanted: Wanted) -> None:
        before = self._wanted.get(folder)
        self._wanted[folder] = wanted
        if before is None or wanted.folders - before.folders:
            self._fresh.add(folder)
        if before is None or wanted.folders != before.folders:
            self._share(self._number(folder))

    def touched(self, folder: str) -> frozenset[str] | None:
        found, state = self._touched.pop(folder, set()), self.state
        return None if found is None or state.deaf or state.unwatched else frozenset(found)

    def forget(self, folder: str) -> None:
        self._touched.pop(folder, None)
        if self._wanted.pop(folder, None) is not None:
            self._fresh.discard(folder)
            self._share(self._number(folder))

    async def hints(self) -> frozenset[str]:
        await self._hinted.wait()
        self._hinted.clear()
        found, self._hints = frozenset(self._hints), set()
        return found

    async def run(self) -> None:
        try:
            self._share(0)
            async with asyncio.TaskGroup() as group:
                for number, shard in enumerate(self._shards):
                    group.create_task(self._lasting(shard), name=f"watch shard {number}")
                group.create_task(self._lasting_look(), name="watch canary")
        finally:
            self._canary.clear()
            self._pool.shutdown()
            self._checks.shutdown()

    async def _lasting(self, shard: Shard) -> None:
        """One shard that fails (no thread can be had) is told of and begun again, deaf for a while."""
        while True:
            try:
                await shard.run()
            except Exception as error:
                log.exception("watching broke off; it is begun again")
                shard.error = f"{error}"
                shard.restart()
                await self._clock.sleep(_AGAIN_S)

    async def _lasting_look(self) -> None:
        while True:
            try:
                await self._look_after()
            except Exception as error:
                log.exception("whether notifications arrive could not be checked")
                self._silence = f"whether notifications arrive cannot be checked: {error}"
                await self._clock.sleep(_AGAIN_S)

    def _shard(self, number: int) -> Shard:
        return Shard(self._pool, self._clock, partial(self._changed, number), partial(self._renewed, number))

    def _number(self, folder: str) -> int:
        name = folder.encode("utf-8", "surrogateescape")
        return 1 + zlib.crc32(name) % (len(self._shards) - 1)

    def _share(self, number: int) -> None:
        """Tell a shard its folders; one without workspaces does not run."""
        folders = {self._root} if number == 0 else self._folders_of(number)
        self._shards[number].watch({*folders, str(self._canary.folder)} if folders else ())

    def _folders_of(self, number: int) -> set[str]:
        return {
            path
            for folder, wanted in self._wanted.items()
            if self._number(folder) == number
            for below in wanted.folders
            if _is_text(path := f"{self._root}/{folder}/{below}".rstrip("/"))
        }

    def _changed(self, number: int, changes: Iterable[tuple[Change, str]]) -> None:
        found: set[str] = set()
        for change, path in changes:
            folder, _, below = path.removeprefix(self._root).lstrip("/").partition("/")
            if folder == FOLDER:
                self._shards[number].heard = self._clock.monotonic()
                continue
            if change is not Change.modified:
                self._came_or_went(folder, path)
            if not folder or not below:
                found |= {ROOT, folder} if not folder.startswith(".") else set()
                self._touch(folder, None)
            elif below not in self._wanted.get(folder, Wanted()).noise:
                found.add(folder)
                self._touch(folder, below)
        self._hint(found)

    def _came_or_went(self, folder: str, path: str) -> None:
        """A watched folder replaced by another of its name (a branch switched, a copy put back) is not heard."""
        shard = self._shards[self._number(folder)]
        if folder in self._wanted and path in shard.folders:
            self._fresh.add(folder)
            shard.rebuild()

    def _renewed(self, number: int, after_gap: bool) -> None:
        """It hears (again): what happened before may have been missed."""
        mine = {folder for folder in self._wanted if self._number(folder) == number}
        anew = mine if after_gap else mine & self._fresh
        self._touched.update(dict.fromkeys(anew))
        self._hint({ROOT} if number == 0 else anew)
        self._fresh -= mine

    def _touch(self, folder: str, below: str | None) -> None:
        if folder not in self._wanted:
            return
        paths = self._touched.setdefault(folder, set())
        if below is None or (paths is not None and len(paths) >= _MOST_PATHS):
            self._touched[folder] = None
        elif paths is not None:
            paths.add(below)

    def _hint(self, found: set[str]) -> None:
        if found:
            self._hints |= found
            self._hinted.set()

    async def _look_after(self) -> None:
        loop = asyncio.get_running_loop()
        due = self._clock.monotonic()
        while True:
            if await loop.run_in_executor(self._checks, _identity, self._root) != self._identity:
                await self._rooted_anew()
                due = self._clock.monotonic()
            if self._identity is not None and self._clock.monotonic() >= due:
                await self._listen_for_canary()
                due = self._clock.monotonic() + (self._canary_s if self._silence is None else _ANSWER_S)
            await self._clock.sleep(_LOOK_S)

    async def _rooted_anew(self) -> None:
        loop = asyncio.get_running_loop()
        self._identity = await loop.run_in_executor(self._checks, _identity, self._root)
        if self._identity is None:
            self._silence = f"the workspaces folder {self._root} is missing"
            self._hint({ROOT})
            return
        with suppress(OSError):
            await loop.run_in_executor(self._checks, self._canary.sing)
        self._restart(self._shards)

    def _restart(self, shards: Iterable[Shard]) -> None:
        for shard in shards:
            if shard.folders:
                shard.restart()

    async def _listen_for_canary(self) -> None:
        loop = asyncio.get_running_loop()
        start = self._clock.monotonic()
        silent = [s for s in self._shards if s.folders]
        while silent and self._clock.monotonic() - start < _ANSWER_S:
            try:
                await loop.run_in_executor(self._checks, self._canary.sing)
            except OSError as error:
                self._silence = f"whether notifications arrive cannot be checked: {error}"
                return
            await self._clock.sleep(0.25)
            silent = [s for s in self._shards if s.folders and s.heard < start]
        if silent:
            self._silence = "no notifications arrive from the workspaces folder; changes are found by scanning"
            self._restart(silent)
            return
        self._silence = None


def _identity(root: str) -> tuple[int, int] | None:
    try:
        info = os.stat(root)  # noqa: PTH116
    except OSError:
        return None
    return (info.st_dev, info.st_ino)


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True

"""One watcher over many folders, replaced without a gap when the folders change.

watchfiles takes its folders once, ends at a name that is not UTF-8 and at a full watch table; so it runs in a
thread, a new one hears before the old one is stopped, and whatever ends it starts it again.
"""

from __future__ import annotations

import asyncio
import os
import stat
import threading
from collections.abc import Callable, Coroutine, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from watchfiles import Change, watch

from monitor.ports.clock import Clock

STEP_MS, DEBOUNCE_MS, BEAT_MS = 25, 200, 200
_REBUILD_S, _FIRST_PAUSE_S, _LAST_PAUSE_S = 0.1, 0.1, 5.0
_FEWEST = 8


class Shard:
    """Watches `folders`; calls back in the event loop: `changed(changes)`, `renewed(after_gap)` when
    it (again) hears."""

    def __init__(
        self,
        pool: ThreadPoolExecutor,
        clock: Clock,
        changed: Callable[[Iterable[tuple[Change, str]]], None],
        renewed: Callable[[bool], None],
    ) -> None:
        self._pool, self._clock, self._changed, self._renewed = pool, clock, changed, renewed
        self._folders: frozenset[str] = frozenset()
        self._stir = asyncio.Event()
        self._gap = True
        self.watched = 0
        self.error: str | None = None
        self.limited = False
        self.heard = float("-inf")

    @property
    def folders(self) -> frozenset[str]:
        return self._folders

    def watch(self, folders: Iterable[str]) -> None:
        """From now on these."""
        new = frozenset(folders)
        if new != self._folders:
            self._folders = new
            self._stir.set()

    def rebuild(self) -> None:
        """Look at the folders anew: one of them may be another under the same name."""
        self._stir.set()

    def restart(self) -> None:
        """As `rebuild`, where nothing was heard for a while."""
        self._gap = True
        self._stir.set()

    async def run(self) -> None:
        """Watch until cancelled."""
        current: _Thread | None = None
        pause = _FIRST_PAUSE_S
        try:
            while True:
                await self._next(current)
                broken = current is not None and current.ended.is_set()
                if broken:
                    self._gap = True
                    await self._clock.sleep(pause)
                pause = min(pause * 2, _LAST_PAUSE_S) if broken else _FIRST_PAUSE_S
                self._stir.clear()
                current = await self._replace(current)
        finally:
            if current is not None:
                current.stop.set()

    async def _next(self, current: _Thread | None) -> None:
        """Until the folders changed (and a moment more, for others that follow), or the watcher ended."""
        while not self._stir.is_set() and not (current is not None and current.ended.is_set()):
            waits = [self._stir.wait()] + ([current.ended.wait()] if current is not None else [])
            await _first(waits)
        if self._stir.is_set():
            await self._clock.sleep(_REBUILD_S)

    async def _replace(self, old: _Thread | None) -> _Thread | None:
        new = None
        if self._folders:
            new = _Thread(self)
            try:
                await _first([new.ready.wait(), new.ended.wait()])
            except BaseException:
                new.stop.set()
                raise
        if old is not None:
            old.stop.set()
        if new is None or new.ready.is_set():
            self.error = None
            self._renewed(self._gap)
            self._gap = False
        return new


class _Thread:
    """One run of the watcher; `ready` once it hears, `ended` when it stopped for whatever reason."""

    def __init__(self, shard: Shard) -> None:
        self.stop = threading.Event()
        self.ready, self.ended = asyncio.Event(), asyncio.Event()
        self._shard = shard
        self._loop = asyncio.get_running_loop()
        self._folders = shard.folders
        shard._pool.submit(self._work)

    def _work(self) -> None:
        try:
            folders = sorted(filter(is_folder, self._folders), key=lambda f: (f.count("/"), f))
            limited = False
            while not self.stop.is_set():
                try:
                    self._listen(folders, limited)
                    return
                except OSError as error:
                    if "watch limit" not in str(error) or len(folders) <= _FEWEST:
                        raise
                    # Shallow folders first: a workspace seen at its top is better than one not seen at all.
                    folders, limited = folders[: len(folders) // 2], True
        except Exception as error:  # noqa: BLE001 whatever ends it is told, and it is started again
            self._post(self._failed, f"{error}")
        finally:
            self._post(self.ended.set)

    def _listen(self, folders: list[str], limited: bool) -> None:
        started = False
        for changes in watch(
            *folders,
            watch_filter=None,
            debounce=DEBOUNCE_MS,
            step=STEP_MS,
            stop_event=self.stop,
            rust_timeout=BEAT_MS,
            yield_on_timeout=True,
            recursive=False,
            ignore_permission_denied=False,  # with True a full watch table is not told either
        ):
            if not started:
                started = True
                self._post(self._began, len(folders), limited)
            if changes:
                self._post(self._shard._changed, changes)

    def _began(self, count: int, limited: bool) -> None:
        self._shard.watched, self._shard.limited = count, limited
        self.ready.set()

    def _failed(self, error: str) -> None:
        if not self.stop.is_set():
            self._shard.error = error

    def _post(self, call: Callable[..., object], *args: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(call, *args)


def is_folder(path: str) -> bool:
    """A real, readable folder with a name watchfiles can carry."""
    try:
        path.encode()
        return os.access(path, os.R_OK) and stat.S_ISDIR(os.lstat(path).st_mode)
    except (OSError, UnicodeEncodeError):
        return False


async def _first(waits: Sequence[Coroutine[Any, Any, bool]]) -> None:
    """Until one of them is done; the others are cancelled and gone."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(wait) for wait in waits]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()

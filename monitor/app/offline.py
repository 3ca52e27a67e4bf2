"""The store without a monitor: the data folder's lock, the bundled server started and stopped again, the services.

For scripts and commands while the monitor is down. While it runs it holds the lock, and they are its clients.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
from collections.abc import AsyncIterator, Awaitable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from monitor.adapters.clock import SystemClock
from monitor.adapters.files import DiskFiles
from monitor.adapters.folder_store import FolderStore
from monitor.app.destination_file import DestinationFile
from monitor.app.install import Install, held
from monitor.app.storing import Storing, storing
from monitor.errors import Conflict, SlipwayError
from monitor.ports.clock import Clock
from monitor.ports.store import Store
from monitor.services.destinations.destination import Means
from monitor.services.destinations.destinations import Destinations
from monitor.services.destinations.places import Below
from monitor.services.history.history import History
from monitor.services.mirror import Mirror
from monitor.settings import Settings

# There while a seed is under way or was cut off.
SEEDING = "seeding.json"

Answer = TypeVar("Answer")


@dataclass(slots=True)
class Offline:
    """An open data folder. `source` is the primary without its prefix; `problem` says why it does not answer."""

    settings: Settings
    install: Install
    clock: Clock
    storing: Storing
    files: DiskFiles
    pool: ThreadPoolExecutor
    stack: AsyncExitStack
    problem: SlipwayError | None = None

    @property
    def source(self) -> Store:
        return Below(self.storing.store, self.settings.s3_prefix)

    def destinations(self) -> Destinations:
        """Those of `slipway.toml`; raises `UsageError`."""
        return destinations_of(self.settings, self.install, self.source, self.clock, self.pool, self.stack)

    async def history(self, *, take_over: bool = False) -> History:
        """The write path, claimed and with what waited in the spool uploaded; raises `Fenced`."""
        history = history_of(self.settings, self.install, self.storing, self.files, self.clock, self.stack)
        await history.open(take_over=take_over)
        await history.catch_up()
        return history

    def mirror(self) -> Mirror:
        mirror = Mirror(
            self.storing.store,
            self.files,
            self.install.files,
            self.clock,
            prefix=self.settings.s3_prefix,
            identity=self.storing.identity,
        )
        self.stack.push_async_callback(mirror.close)
        return mirror


def is_held(data: Path) -> bool:
    """Whether a monitor (or another command) is at work in the data folder right now."""
    try:
        fd = os.open(data / "lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


@asynccontextmanager
async def opened(settings: Settings, *, needs_primary: bool = True) -> AsyncIterator[Offline]:
    """Hold the data folder, with the store running, while the block runs.

    Raises `Conflict` while another process holds the folder; where the store does not answer, what it said, or,
    without `needs_primary`, notes it as `problem` and goes on.
    """
    clock = SystemClock()
    with held(settings.data) as install:
        async with AsyncExitStack() as stack:
            store = storing(settings, clock)
            stack.push_async_callback(store.stop)
            files = DiskFiles(clock)
            stack.callback(files.close)
            pool = ThreadPoolExecutor(2, thread_name_prefix="checking")
            stack.callback(pool.shutdown)
            found = Offline(settings, install, clock, store, files, pool, stack)
            try:
                await _ready(store)
            except SlipwayError as error:
                if needs_primary:
                    raise
                found.problem = error
            yield found


def destinations_of(
    settings: Settings,
    install: Install,
    source: Store,
    clock: Clock,
    pool: ThreadPoolExecutor,
    stack: AsyncExitStack,
) -> Destinations:
    """The destinations set in the data folder, reading from `source`, the primary without its prefix."""
    reading = DestinationFile(settings.data, Means(source, install.files, clock, pool), stack)
    return Destinations(tuple((reading({}) or {}).values()), clock, reading)


def history_of(
    settings: Settings, install: Install, store: Storing, files: DiskFiles, clock: Clock, stack: AsyncExitStack
) -> History:
    """The write path on the data folder's spool and cache; not opened yet.

    Raises where bringing the history back was cut off: whoever writes on it now parts it from its copy.
    """
    half = install.files.read(SEEDING)
    if half is not None:
        raise Conflict(
            "The history is only half back: `slipway backup seed` was cut off.",
            hint=f"Call `slipway backup seed {dict(half).get('from', 'NAME')}` again; it goes on where it was.",
        )
    spool = FolderStore(settings.data / "spool", create=True)
    cache = FolderStore(settings.data / "cache" / "history", create=True)
    for folder in (spool, cache):
        stack.callback(folder.close)
    history = History(
        store.store,
        files,
        clock,
        spool=spool,
        cache=cache,
        install=install.id,
        prefix=settings.s3_prefix,
        identity=store.identity,
    )
    stack.push_async_callback(history.close)
    return history


def run(work: Awaitable[Answer]) -> Answer:
    """`asyncio.run`, but SIGTERM too ends it in order: the bundled store is stopped before we are."""

    async def ended_by_signals() -> Answer:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await work

    try:
        return asyncio.run(ended_by_signals())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


async def _ready(store: Storing) -> None:
    await store.start()
    await store.bucket.ensure()
    await store.bucket.keep_versions()
    await store.bucket.clean_up_old_versions()

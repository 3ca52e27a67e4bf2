"""Everything that can be asked about what was kept: real services on folders and a store in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from monitor.adapters.clock import SystemClock
from monitor.adapters.files import DiskFiles
from monitor.adapters.folder_store import FolderStore
from monitor.adapters.memory_store import MemoryStore
from monitor.adapters.placing.disk import DiskPlacing
from monitor.adapters.state_files import DiskStateFiles
from monitor.app.install import Install
from monitor.app.past import past_of
from monitor.app.restoring import restoring_of
from monitor.services.history.archive import Archive
from monitor.services.history.history import History
from monitor.services.mirror import Mirror
from monitor.services.past.past import Past
from monitor.services.restore.restorer import Restorer
from monitor.services.restore.restoring import Restoring
from monitor.services.restore.safety import HistorySafety
from monitor.services.restore.turns import Turns
from monitor.settings import Settings
from tests.support.faults import FaultyStore
from tests.support.keeping import JumpingClock


@dataclass
class Kept:
    """`root` holds the workspaces; `forgotten` are those whose data the engine was told to remove."""

    root: Path
    memory: MemoryStore
    store: FaultyStore
    clock: JumpingClock
    history: History
    past: Past
    restoring: Restoring
    turns: Turns
    forgotten: list[str]

    async def write(self, path: str, text: str) -> Path:
        """A file of a workspace, old enough to be told from a later write."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        await SystemClock().sleep(0.02)
        return place

    async def save(self, path: str, text: str) -> int:
        """Write and keep; the revision's number."""
        await self.write(path, text)
        return await self.push(path.partition("/")[0])

    async def push(self, name: str) -> int:
        kept = await self.past.acting.push(name, lambda text, done=None, total=None: None)
        return int(kept["revision"])


@asynccontextmanager
async def kept(tmp: Path, settings: Settings | None = None) -> AsyncIterator[Kept]:
    """A keeping half of a monitor over `tmp`."""
    root, data = tmp / "workspaces", tmp / "data"
    root.mkdir(parents=True)
    clock, memory = JumpingClock(), MemoryStore()
    store = FaultyStore(memory)
    settings = (settings or Settings()).model_copy(update={"workspaces": root, "data": data})
    install = Install("mine", data, DiskStateFiles(data))
    forgotten: list[str] = []

    async def forget(name: str) -> None:
        forgotten.append(name)

    async def erase(prefix: str) -> int:
        return 0

    async with AsyncExitStack() as stack:
        files = DiskFiles(clock)
        stack.callback(files.close)
        spool, cache = FolderStore(data / "spool", create=True), FolderStore(data / "cache", create=True)
        for folder in (spool, cache):
            stack.callback(folder.close)
        history = History(store, files, clock, spool=spool, cache=cache, install="mine")
        stack.push_async_callback(history.close)
        await history.open()
        mirror = Mirror(store, files, install.files, clock)
        stack.push_async_callback(mirror.close)
        placing = DiskPlacing()
        stack.callback(placing.close)
        pool = stack.enter_context(ThreadPoolExecutor(2))
        turns = Turns()

        def restorer(archive: Archive) -> Restorer:
            return Restorer(archive, files, placing, clock, root, HistorySafety(history, files), turns)

        storing = SimpleNamespace(store=store, bucket=SimpleNamespace(erase=erase))
        past = past_of(
            settings,
            install,
            storing,  # type: ignore[arg-type]
            history,
            mirror,
            restorer(history.archive),
            files,
            clock,
            pool,
            stack,
            forget,
        )
        restoring = restoring_of(settings, history.archive, restorer, clock)
        yield Kept(root, memory, store, clock, history, past, restoring, turns, forgotten)

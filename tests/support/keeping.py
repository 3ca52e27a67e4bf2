"""A workspace, a store that can fail, and the history between them; the independent reader is the judge."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import Any

from monitor.adapters.clock import SystemClock
from monitor.adapters.files import DiskFiles
from monitor.adapters.folder_store import FolderStore
from monitor.adapters.memory_store import MemoryStore
from monitor.domain.filters import Overrides
from monitor.domain.history.revision import Revision
from monitor.ports.store import Store
from monitor.services.history.history import History
from tests.support.faults import FaultyStore
from tests.support.independent_reader import Reader

NAME, PREFIX = "shop", "p"
HISTORY = f"{PREFIX}/{NAME}/history/"


class JumpingClock(SystemClock):
    """The machine's clock, moved by hand; sleeping costs no time but moves it on."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.wall_ahead_ns = 0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead

    def wall_ns(self) -> int:
        return super().wall_ns() + self.wall_ahead_ns

    async def sleep(self, seconds: float) -> None:
        self.ahead += seconds
        await super().sleep(min(seconds, 0.02))  # longer than a file counts as racy


Seen = dict[bytes, tuple[Any, ...]]


def picture(folder: Path, skip: tuple[str, ...] = ()) -> Seen:
    """What a folder holds, as bytes and stamps: files, links, and folders that are empty."""
    found: Seen = {}
    top = os.fsencode(folder)
    for place, folders, names in os.walk(top):
        for name in [*names, *folders]:
            path = os.path.join(place, name)
            info = os.lstat(path)
            short = os.path.relpath(path, top)
            if os.fsdecode(short) in skip:
                continue
            if stat.S_ISLNK(info.st_mode):
                found[short] = ("link", os.readlink(path), info.st_mtime_ns)
            elif stat.S_ISREG(info.st_mode):
                with open(path, "rb") as file:
                    found[short] = ("file", file.read(), stat.S_IMODE(info.st_mode), info.st_mtime_ns)
            elif stat.S_ISDIR(info.st_mode) and not os.listdir(path):
                found[short] = ("dir", stat.S_IMODE(info.st_mode), info.st_mtime_ns)
    return found


class Desk:
    """One workspace kept in a store. `restart` is a new process: another `History`, the cache there or gone."""

    def __init__(self, tmp: Path, *, inner: Store | None = None, install: str = "mine", limit: int = 2**31) -> None:
        self.tmp, self.install, self.limit = tmp, install, limit
        self.folder = tmp / "shop"
        self.folder.mkdir(exist_ok=True)
        self.memory = inner if inner is not None else MemoryStore()
        self.store = FaultyStore(self.memory)
        self.clock = JumpingClock()
        self.files = DiskFiles(self.clock)
        self.overrides = Overrides()
        self._open: list[FolderStore] = []
        self.history = self._history()

    def _history(self) -> History:
        spool = FolderStore(self.tmp / "spool", create=True)
        cache = FolderStore(self.tmp / "cache", create=True)
        self._open += [spool, cache]
        self.spool = FaultyStore(spool)
        return History(
            self.store,
            self.files,
            self.clock,
            spool=self.spool,
            cache=cache,
            install=self.install,
            prefix=PREFIX,
            identity="bucket",
            spool_limit=self.limit,
        )

    async def keep(self, **how: Any) -> Revision | None:
        """Walk and commit."""
        tree = await self.files.walk(self.folder, self.overrides)
        return await self.history.commit(NAME, self.folder, tree, overrides=self.overrides, **how)

    async def write(self, path: str, data: bytes | str = b"", *, mode: int = 0o644) -> Path:
        """A file that is old enough to be told from a later write."""
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data.encode() if isinstance(data, str) else data)
        place.chmod(mode)
        await self.rest()
        return place

    async def rest(self) -> None:
        await SystemClock().sleep(0.02)

    async def restart(self, *, cache: bool = True, kill: bool = False) -> None:
        if not kill:
            await self.history.close()
        if not cache:
            shutil.rmtree(self.tmp / "cache", ignore_errors=True)
        self.history = self._history()

    async def close(self) -> None:
        await self.history.close()
        for store in self._open:
            store.close()
        self.files.close()

    @property
    def objects(self) -> dict[str, bytes]:
        assert isinstance(self.memory, MemoryStore)
        return self.memory.objects

    def reader(self) -> Reader:
        objects = self.objects
        return Reader(objects.__getitem__, lambda start: [k for k in objects if k.startswith(start)], NAME, PREFIX)

    def restored(self, seq: int) -> Seen:
        """What the independent reader makes of a revision."""
        target = self.tmp / "restored"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        self.reader().restore(seq, target)
        return picture(target)

    def packs(self) -> list[str]:
        return [key for key in self.objects if key.startswith(f"{HISTORY}packs/")]

    def new_packs(self) -> list[str]:
        """Since `store.calls` was cleared."""
        return [key for key in self.store.puts if "/packs/" in key]


async def keep_some(desk: Desk, turns: range) -> dict[int, Seen]:
    """A revision for each turn; by number, what each of them must hold."""
    shots = {}
    for turn in turns:
        await desk.write("a", f"turn {turn}")
        await desk.write(f"f{turn}", f"new {turn}")
        revision = await desk.keep()
        assert revision is not None
        shots[revision.seq] = picture(desk.folder)
    return shots


def assert_kept(desk: Desk, shots: dict[int, Seen]) -> None:
    """Each revision still holds what it held."""
    for seq, shot in shots.items():
        assert desk.restored(seq) == shot, f"revision {seq}"

"""A small written history, a clock of its own, and destinations over stores in memory and in folders."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.adapters.memory_store import MemoryStore
from monitor.adapters.state_files import DiskStateFiles
from monitor.domain import keys
from monitor.domain.destinations import Mode, Terms
from monitor.domain.history.repository import write_format
from monitor.domain.history.snapshot import Snapshot, write_snapshot
from monitor.ports.store import Store
from monitor.services.destinations.destination import Destination, Means, Place
from tests.support.pen import Pen, all_contents, in_memory

HOUR = 3600
DAY = 24 * HOUR
START_NS = 1_700_000_000 * 10**9


class Time:
    """A clock that stands still until told; sleeping is over at once and counted."""

    def __init__(self) -> None:
        self.wall = START_NS
        self.mono = 1000.0
        self.slept: list[float] = []

    def wall_ns(self) -> int:
        return self.wall

    def monotonic(self) -> float:
        return self.mono

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.mono += seconds

    def pass_(self, seconds: float) -> None:
        self.wall += int(seconds * 1e9)
        self.mono += seconds


async def begin(store: Store, repository: str = "repo-1", prefix: str = "") -> None:
    await store.put(keys.format_key(prefix), write_format(repository))


async def write_some(store: Store, workspace: str = "shop", revisions: int = 5) -> Pen:
    """A history of some revisions: a shared file, one changed, one new each time; two bases; the first is named."""
    pen = Pen(store, workspace, prefix="")
    for number in range(1, revisions + 1):
        own = b"%s %d" % (workspace.encode(), number)
        files = {"same.txt": b"always the same", "changed.txt": b"version " + own, f"new-{number}.txt": own}
        await pen.save(files, START_NS + number, base=number % 3 == 1)
    await give_name(pen, "first", 1)
    return pen


async def give_name(pen: Pen, name: str, seq: int) -> None:
    data = write_snapshot(Snapshot(name, seq, START_NS))
    await pen.store.put(keys.name_key(pen.prefix, pen.workspace, name), data)


def restorable(objects: Mapping[str, bytes], pen: Pen) -> list[int]:
    """The revisions there, each read by the independent reader and compared with what was saved."""
    found = all_contents(*in_memory(objects), pen.workspace, pen.prefix)
    for seq, files in found.items():
        assert files == pen.saved[seq], f"revision {seq}"
    return list(found)


def objects_in(folder: Path) -> dict[str, bytes]:
    """A folder store's objects, read by nothing of ours; only plain names."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "%tmp" not in path.parts
    }


def history_of(store: MemoryStore) -> dict[str, bytes]:
    """What a destination is a copy of."""
    parts = tuple(f"/history/{part}/" for part in ("packs", "bases", "revisions", "names"))
    return {k: v for k, v in store.objects.items() if k == "FORMAT" or any(part in k for part in parts)}


@dataclass
class World:
    """A primary and one destination in memory; `again` is a new process with the same state files."""

    folder: Path
    pool: ThreadPoolExecutor
    time: Time = field(default_factory=Time)
    primary: MemoryStore = field(default_factory=MemoryStore)
    there: MemoryStore = field(default_factory=MemoryStore)

    def destination(
        self,
        *,
        there: Store | None = None,
        source: Store | None = None,
        wrap: Callable[[Store], Store] = lambda store: store,
        **terms: Any,
    ) -> Destination:
        means = Means(source or self.primary, DiskStateFiles(self.folder / "state"), self.time, self.pool)
        made = Terms(**{"name": "nas", "where": "folder /mnt/nas", "mode": Mode.MIRROR, **terms})
        return Destination(made, Place(wrap(there or self.there)), means)


@contextmanager
def world(folder: Path) -> Iterator[World]:
    with ThreadPoolExecutor(2) as pool:
        yield World(folder, pool)

"""Workspaces on disk: the `Files` port over `monitor.adapters.disk`, in an executor of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from monitor.adapters.disk import exporting, gitfiles, measuring, permissions, reading, roots, ruling, walking
from monitor.adapters.disk.listing import Node, tree_of
from monitor.adapters.disk.pieces import PieceFile
from monitor.domain.filters import Overrides, Verdict
from monitor.domain.history.revision import GitHead
from monitor.domain.tree import Entry, Tree
from monitor.ports.clock import Clock
from monitor.ports.files import Changed, Exported, RootScan, Size

Found = TypeVar("Found")

# Fewer files are walked again sooner than what is known of them is looked up, and need no memory.
WORTH_REMEMBERING = 200


class DiskFiles:
    """The real `Files`. `close` ends its workers; two are kept for short calls so that long walks delay no read.

    `follow` remembers trees of at least `remember_from` entries."""

    def __init__(self, clock: Clock, *, workers: int = 4, remember_from: int = WORTH_REMEMBERING) -> None:
        self._clock, self._remember_from = clock, remember_from
        self._long = ThreadPoolExecutor(workers, thread_name_prefix="files-walk")
        self._short = ThreadPoolExecutor(2, thread_name_prefix="files-read")
        self._listed: dict[Path, tuple[Overrides, Node]] = {}

    def close(self) -> None:
        """Waits for the workers to finish what they hold; nothing may be called afterwards."""
        self._long.shutdown(cancel_futures=True)
        self._short.shutdown(cancel_futures=True)

    async def scan_root(self, root: Path, *, before: RootScan | None = None) -> RootScan:
        return await _run(self._short, partial(roots.scan_root, root, before=before))

    async def walk(self, folder: Path, overrides: Overrides | None = None) -> Tree:
        return await _run(self._long, partial(walking.walk, folder, overrides, self._clock.monotonic()))

    async def follow(self, folder: Path, overrides: Overrides, touched: frozenset[str] | None) -> Tree:
        begun = self._clock.monotonic()
        before, old = self._listed.pop(folder, (overrides, None))
        if old is None or touched is None or before != overrides:
            listing = partial(walking.listed, folder, overrides)
        else:
            listing = partial(walking.again, folder, overrides, old, touched)
        node, tree = await _run(self._long, partial(_with_tree, listing, begun))
        if len(tree) >= self._remember_from:
            self._listed[folder] = overrides, node
        return tree

    def unfollow(self, folder: Path) -> None:
        self._listed.pop(folder, None)

    async def explain(self, folder: Path, path: str, overrides: Overrides | None = None) -> Verdict:
        return await _run(self._short, partial(ruling.explain, folder, path, overrides))

    async def size_of(self, folder: Path) -> Size:
        return await _run(self._long, partial(measuring.size_of, folder))

    async def read_texts(
        self, folder: Path, tree: Tree, wanted: Callable[[str], bool], max_bytes_each: int = 256 * 1024
    ) -> dict[str, str]:
        return await _run(self._short, partial(reading.read_texts, folder, tree, wanted, max_bytes_each))

    async def read_many(self, folder: Path, entries: Sequence[Entry]) -> Mapping[str, bytes | Changed]:
        return await _run(self._short, partial(reading.read_many, folder, entries, self._clock.wall_ns))

    async def pieces(
        self, folder: Path, entry: Entry, size: int, *, as_is: bool = False
    ) -> AsyncIterator[bytes | Changed]:
        file = PieceFile(folder, entry, self._clock.wall_ns, as_is=as_is)
        try:
            while found := await _run(self._long, partial(file.next, size)):
                yield found
                if isinstance(found, Changed):
                    return
        finally:
            file.close()

    async def git_head(self, folder: Path) -> GitHead | None:
        return await _run(self._short, partial(gitfiles.git_head, folder))

    async def absent(self, folder: Path, paths: Sequence[str]) -> frozenset[str]:
        return await _run(self._short, partial(reading.absent, folder, paths))

    async def owner(self, folder: Path) -> tuple[int, int]:
        return await _run(self._short, partial(permissions.owner, folder))

    async def identity(self, folder: Path) -> tuple[int, int, int]:
        return await _run(self._short, partial(roots.identity, folder))

    async def readable_by(self, folder: Path, tree: Tree, uid: int, gid: int) -> bool:
        return await _run(self._long, partial(permissions.readable_by, folder, tree, uid, gid))

    async def export(self, folder: Path, tree: Tree, dest: Path) -> Exported:
        return await _run(self._long, partial(exporting.export, folder, tree, dest))


def _with_tree(listing: Callable[[], Node], begun: float) -> tuple[Node, Tree]:
    node = listing()
    return node, tree_of(node, begun)


async def _run(pool: ThreadPoolExecutor, call: Callable[[], Found]) -> Found:
    return await asyncio.get_running_loop().run_in_executor(pool, call)

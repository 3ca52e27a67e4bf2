"""The history of all workspaces: every settled batch of saves becomes one immutable revision.

What `commit` returned is kept: its object exists in the store, or, with the store away, in the local spool, from
where `run` moves it on in order. A kill at any moment leaves every kept revision whole.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from monitor.domain.batch import MAX_FILE
from monitor.domain.filters import Overrides
from monitor.domain.history.entry import Entry
from monitor.domain.history.revision import Header, Origin, Revision, Why, Writer
from monitor.domain.tree import Tree
from monitor.errors import SlipwayError
from monitor.ports.clock import Clock
from monitor.ports.files import Files
from monitor.ports.store import Store, StoreAway
from monitor.services.history.archive import Archive
from monitor.services.history.bases import Bases
from monitor.services.history.cache import Cache
from monitor.services.history.committing import Request, Tools
from monitor.services.history.fence import Fence
from monitor.services.history.head import Head
from monitor.services.history.heads import Heads
from monitor.services.history.link import Link
from monitor.services.history.mending import Mending
from monitor.services.history.overlay import Overlay
from monitor.services.history.spool import LIMIT, Spool
from monitor.services.history.state import HistoryState, state_from
from monitor.services.history.storing import Storing
from monitor.services.history.upkeep import RETRY_S, Upkeep
from monitor.services.history.uploading import Uploading
from monitor.services.history.vouching import Vouched
from monitor.services.history.writer import Claim

WORKERS = 2


class History:
    """`store` is the bucket; `spool` and `cache` are local folders of our own; `install` is this install's id.

    `identity` names the bucket, so that a cache about another one is not believed. `run` belongs into the owner's
    task group; `close` saves what is known.
    """

    def __init__(
        self,
        store: Store,
        files: Files,
        clock: Clock,
        *,
        spool: Store,
        cache: Store,
        install: str,
        prefix: str = "",
        identity: str = "",
        spool_limit: int = LIMIT,
    ) -> None:
        self._files, self._clock = files, clock
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="history")
        self._link = Link(Claim(store, prefix, install), clock)
        self._spool = Spool(spool, prefix, spool_limit)
        self._cache = Cache(cache, f"{identity} {prefix}")
        bases = Bases()
        stored = Archive(store, prefix, bases)
        fence = Fence(stored, self._link)
        loader = Heads(stored, self._spool, self._cache, self._pool, bases)
        mending = Mending(store, self._spool, self._cache, clock, prefix)
        self._uploading = Uploading(store, stored, self._spool, fence, mending, prefix)
        self._heads: dict[str, Head] = {}
        tools = Tools(files, clock, self._pool, prefix, self._link, loader, self._cache, fence)
        self._storing = Storing(store, self._spool, self._heads, tools)
        upkeep = (self._spool, self._link, self._uploading, self._cache, files, clock, self._pool)
        self._upkeep = Upkeep(self._heads, *upkeep)
        self._opened = False
        self._opening = asyncio.Lock()
        self.problems: list[str] = []
        self.archive = Archive(Overlay(spool, store), prefix, bases)

    async def open(self, *, take_over: bool = False) -> None:
        """Learn what waits in the spool, and claim the prefix.

        Raises `Fenced` where another install writes there (unless `take_over`) and `UnknownFormat`: do not start.
        `StoreAway` is no reason not to: everything goes to the spool until the store answers.
        """
        await self._load_spool()
        await self._link.open(take_over=take_over)

    async def commit(
        self,
        name: str,
        folder: Path,
        tree: Tree,
        *,
        kind: str = Why.CHANGE,
        seen_ns: int | None = None,
        overrides: Overrides | None = None,
        max_file: int = MAX_FILE,
        origin: Origin | None = None,
        always: bool = False,
        only: bool = False,
        vouched: Vouched | None = None,
    ) -> Revision | None:
        """Keep the settled `tree` of `folder` as one revision; None where nothing changed and not `always`.

        `only`: `tree` is a part, laid out in `folder`, of what is otherwise as it was. `vouched`: files we wrote from
        this history ourselves, with their marks: not read again. `seen_ns` is the first event of the batch.

        Raises `FolderGone`, `Fenced`, `UnknownFormat`, `StoreFull` (the spool's disk or limit); whatever is raised,
        nothing was recorded and the same call may be tried again.
        """
        await self._load_spool()
        tree = replace(tree, unread=("",)) if only else tree
        how = (overrides or Overrides(), kind, seen_ns, max_file, origin, always, only, vouched or {})
        request = Request(folder, tree, *how)
        async with self._used(name) as head:
            head.where = head.where if only else (folder, request.overrides, max_file)
            head.used_at = self._clock.monotonic()
            try:
                revision = await self._storing.keep(head, request)
            except SlipwayError as error:
                head.error, head.changes = error.message, max(1, head.changes)
                raise
            except Exception:
                head.error, head.changes = (
                    "an internal error; the monitor's log has the details",
                    max(1, head.changes),
                )
                raise
            head.changes = 0
            head.retry_at = self._clock.monotonic() + RETRY_S
        await self._upkeep.unload_some()
        return revision

    def state(self, name: str) -> HistoryState:
        """How far it is right now, without asking anyone."""
        return state_from(self._heads.get(name) or Head(name), self._spool.waiting(name), self._link.error)

    def newest(self, name: str) -> Header | None:
        """The newest revision's header, also of one that waits in the spool; None before the first `commit`."""
        head = self._heads.get(name)
        return head.header if head else None

    async def listing(self, name: str, seq: int) -> Mapping[str, Entry]:
        """The state at a revision, without a request where it is the newest; raises as `Archive.state` does."""
        head = self._heads.get(name)
        if head is not None and head.loaded and not head.alone and head.header and head.header.seq == seq:
            return head.state
        return await self.archive.state(name, seq)

    def forget(self, name: str) -> None:
        """The workspace is gone: stop following it. What is kept stays, and what waits is still uploaded."""
        head = self._heads.get(name)
        if head is not None:
            head.where = None
            # Who waits for its lock would otherwise hold one that nobody else knows of.
            if not head.users and not head.lock.locked() and not self._spool.waiting(name):
                del self._heads[name]

    @asynccontextmanager
    async def hold(self, name: str) -> AsyncIterator[None]:
        """Nothing is written for this workspace meanwhile: for whoever removes packs or revisions."""
        async with self._used(name):
            yield

    def distrust(self, name: str, packs: Collection[str]) -> None:
        """These packs are condemned: a batch that needs their content uploads it again."""
        self._head(name).distrust(packs)

    async def check(self) -> None:
        """For whoever removes: raises `Fenced` unless this process may write, `StoreAway` where nobody can tell."""
        if not await self._link.ready():
            raise StoreAway("The store does not answer.", hint="what waits for it is kept on this machine")
        await self._link.check()

    @property
    def writer(self) -> Writer:
        """Who we are to the store; right once `check` returned."""
        return self._link.writer

    async def reread(self, name: str) -> None:
        """Somebody who holds the workspace wrote a revision himself: the store knows better than we do."""
        head = self._head(name)
        await self._upkeep.save(head)
        head.unload()
        head.sure = False

    async def purged(self, name: str) -> None:
        """Nothing is kept of this workspace any more; the caller holds it. A next batch begins a new history."""
        self._heads[name].begin_anew()
        await self._cache.forget(name)

    async def catch_up(self) -> bool:
        """Upload what waits; True once nothing does. Raises `Fenced`."""
        await self._load_spool()
        return await self._upkeep.upload()

    def leave_alone(self, asked: Callable[[str], bool]) -> None:
        """`run` does not look by itself at workspaces of which `asked` is true, such as one being restored."""
        self._upkeep.leave_alone = asked

    async def run(self) -> None:
        """Catch up with the store, and with files that did not come to rest, until cancelled."""
        await self._upkeep.run(self.catch_up, self._again)

    async def close(self) -> None:
        """Save what is known; nothing may be called afterwards."""
        for head in tuple(self._heads.values()):
            async with head.lock:
                await self._upkeep.save(head)
        self._pool.shutdown()

    @asynccontextmanager
    async def _used(self, name: str) -> AsyncIterator[Head]:
        head = self._head(name)
        head.users += 1
        try:
            async with head.lock:
                yield head
        finally:
            head.users -= 1

    async def _again(self, head: Head) -> None:
        if head.where is None:
            return
        folder, overrides, max_file = head.where
        tree = await self._files.walk(folder, overrides)
        if not self._upkeep.leave_alone(head.name):
            await self.commit(head.name, folder, tree, overrides=overrides, max_file=max_file)

    async def _load_spool(self) -> None:
        async with self._opening:
            if not self._opened:
                self.problems = await self._spool.load()
                self._opened = True

    def _head(self, name: str) -> Head:
        return self._heads.setdefault(name, Head(name))

"""The mirror: every settled batch of saves of a workspace as plain objects under `live/`, one per file.

It only follows. What is unchanged costs no request; what cannot be done now is `pending` and done later by `run`;
what cannot be seen (a missing folder, an unreadable one) is never taken for deleted.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from monitor.domain.batch import LeftOut
from monitor.domain.filters import Overrides
from monitor.domain.moments import rfc3339
from monitor.domain.tree import Tree
from monitor.errors import SlipwayError
from monitor.ports.clock import Clock
from monitor.ports.files import Files
from monitor.ports.state_files import StateFiles
from monitor.ports.store import Store, StoreAway, StoreRefused
from monitor.services.batch_reader import BatchReader
from monitor.services.mirror_book import Book, Bookkeeper
from monitor.services.mirror_pass import MirrorPass

FIRST_PAUSE_S, LAST_PAUSE_S = 1.0, 60.0
_LOOK_S, _AT_ONCE = 1.0, 4

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MirrorState:
    """How far the mirror of one workspace is.

    `pending` counts the files still to be written or removed, `held_deletes` those that wait for a person
    (`confirm_deletes`); `kept_at` is when the last file of the last whole batch had been read (RFC 3339, UTC, ns);
    `mirror_lag_s` is for how long something has been pending.
    """

    pending: int = 0
    kept_at: str | None = None
    mirror_lag_s: float = 0.0
    error: str | None = None
    left_out: LeftOut = field(default_factory=LeftOut)
    held_deletes: int = 0


class Mirror:
    """Keeps `<prefix>/<workspace>/live/` like the workspaces; `identity` names the bucket, so that another one is
    not taken for this one. `run` belongs into the owner's task group; `close` saves what is known."""

    def __init__(
        self, store: Store, files: Files, state: StateFiles, clock: Clock, *, prefix: str = "", identity: str = ""
    ) -> None:
        self._files, self._clock = files, clock
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="mirror-state")
        self._keeper = Bookkeeper(state, clock, f"{identity} {prefix}", self._pool)
        self._work = MirrorPass(store, files, BatchReader(files, clock), clock, prefix)
        self._books: dict[str, Book] = {}
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._away_until = float("-inf")

    async def sync(self, name: str, folder: Path, tree: Tree, overrides: Overrides | None = None) -> MirrorState:
        """Bring the mirror of workspace `name` to `tree` and say how far it came; troubles are in the state."""
        book = self._books.setdefault(name, Book(name))
        async with book.lock:
            book.where = (folder, overrides)
            if self._clock.monotonic() < max(self._away_until, book.not_before):
                await self._count(book, tree)
            else:
                await self._try(book, folder, tree, overrides or Overrides())
        return self.state(name)

    def state(self, name: str) -> MirrorState:
        """How far the mirror of `name` is right now, without asking anyone."""
        book = self._books.get(name) or Book(name)
        lag = 0.0 if book.behind_since is None else self._clock.monotonic() - book.behind_since
        return MirrorState(book.pending, book.kept_at, round(lag, 3), book.error, book.left_out, len(book.held))

    def confirm_deletes(self, name: str) -> None:
        """The held deletes of `name` are meant; they are done by the next `sync` or soon by `run`."""
        book = self._books.get(name)
        if book is not None and book.held:
            book.pending += len(book.held)
            book.held, book.not_before = frozenset(), 0.0
            book.confirmed = True

    def forget(self, name: str) -> None:
        """The workspace is gone: stop following it. What is in the store stays there."""
        self._books.pop(name, None)

    async def purged(self, name: str) -> None:
        """Nothing of `name` is in the store any more: what is remembered of it would be believed."""
        self.forget(name)
        await self._keeper.forget(name)

    async def run(self) -> None:
        """Catch up with whatever is pending, until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._clock.sleep(_LOOK_S)
                for book in [b for b in self._books.values() if self._due(b)]:
                    book.busy = True
                    group.create_task(self._again(book), name=f"mirror {book.name}")

    async def close(self) -> None:
        """Save what is known; nothing may be called afterwards."""
        for book in self._books.values():
            async with book.lock:
                await self._keeper.closing(book, now=True)
        self._pool.shutdown()

    def _due(self, book: Book) -> bool:
        waits = book.busy or book.lock.locked() or not book.pending or book.where is None
        return not waits and self._clock.monotonic() >= max(self._away_until, book.not_before)

    async def _again(self, book: Book) -> None:
        try:
            async with self._slots:
                assert book.where is not None
                folder, overrides = book.where
                await self.sync(book.name, folder, await self._files.walk(folder, overrides), overrides)
        except SlipwayError as error:
            self._failed(book, error)
        except Exception as error:
            log.exception("the mirror of %s failed; it is tried again", book.name)
            self._failed(book, SlipwayError(f"the mirror failed: {error}"))
        finally:
            book.busy = False

    async def _try(self, book: Book, folder: Path, tree: Tree, overrides: Overrides) -> None:
        try:
            if book.known is None and not await self._keeper.load(book):
                book.pending = len(tree.files)
                await self._work.rebuild(book, tree)
            batch = self._work.plan(book, tree)
            book.error = None
            self._behind(book, batch.size)
            if batch:
                batch = await self._work.checked(batch, folder, tree)
                await self._keeper.opening(book, batch.paths)
                await self._work.carry_out(book, batch, folder, overrides)
            if book.pending:
                self._later(book)
            else:
                self._settled(book)
            await self._keeper.closing(book)
        except SlipwayError as error:
            self._failed(book, error)

    def _settled(self, book: Book) -> None:
        """A whole batch is in the mirror."""
        book.pending, book.failures, book.not_before = 0, 0, 0.0
        book.behind_since, book.confirmed = None, False
        if book.read_ns or book.kept_at is None:
            book.kept_at = rfc3339(book.read_ns or self._clock.wall_ns())
            book.read_ns = 0

    async def _count(self, book: Book, tree: Tree) -> None:
        """While the store is away nothing is tried, only counted."""
        if book.known is not None:
            self._behind(book, self._work.plan(book, tree).size)

    def _behind(self, book: Book, pending: int) -> None:
        book.pending = pending
        if pending and book.behind_since is None:
            book.behind_since = self._clock.monotonic()

    def _failed(self, book: Book, error: SlipwayError) -> None:
        book.error = error.message
        self._behind(book, max(1, book.pending))
        self._later(book)
        if isinstance(error, StoreAway | StoreRefused):
            self._away_until = book.not_before

    def _later(self, book: Book) -> None:
        pause = min(FIRST_PAUSE_S * 2 ** min(book.failures, 16), LAST_PAUSE_S)
        book.failures += 1
        book.not_before = self._clock.monotonic() + pause

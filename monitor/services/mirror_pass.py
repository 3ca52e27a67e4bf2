"""One pass of the mirror over one workspace: what is to be done, and doing it with bounded concurrency."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from monitor.domain.batch import (
    Batch,
    batch_of,
    certainly_gone,
    eligible,
    is_likely_the_same,
    stamp_of,
    standing_in_the_way,
)
from monitor.domain.filters import Overrides
from monitor.domain.key_escape import BadKey
from monitor.domain.keys import mirror_key, mirror_path, mirror_prefix
from monitor.domain.secrets import begins_as_key
from monitor.domain.tree import Entry, Tree
from monitor.errors import SlipwayError
from monitor.ports.clock import Clock
from monitor.ports.files import Changed, Files
from monitor.ports.store import NoSuchKey, Store, StoreAway, StoreRefused
from monitor.services.batch_reader import GROUP_BYTES, BatchReader, Content
from monitor.services.mirror_book import Book

REQUESTS, STREAMS = 64, 8


@dataclass(slots=True)
class _Run:
    """One pass under way: the first trouble that ends it, and the moment of its last read."""

    book: Book
    folder: Path
    overrides: Overrides
    trouble: SlipwayError | None = None
    read_ns: int = 0


class MirrorPass:
    """Plans and carries out batches; `Mirror` decides when. At most 64 requests at once over all workspaces."""

    def __init__(self, store: Store, files: Files, reader: BatchReader, clock: Clock, prefix: str) -> None:
        self._store, self._files, self._reader, self._clock = store, files, reader, clock
        self._prefix = prefix
        self._requests = asyncio.Semaphore(REQUESTS)

    def plan(self, book: Book, tree: Tree) -> Batch:
        """What is to be done for `tree`; notes what is left out and what is held."""
        files, account = eligible(tree)
        allows = (book.where and book.where[1]) or Overrides()
        keys = {p for p, stamp in book.keys.items() if p in files and stamp == stamp_of(files[p])}
        keys = {p for p in keys if not allows.allows_secret(p)}
        known = book.known or {}
        nameless = {p for p in files if p not in known and not self._has_key(book.name, p)}
        size = sum(files[p].size for p in keys)
        for path in keys | nameless:
            del files[path]
        book.left_out = replace(
            account,
            files=account.files + len(keys),
            bytes=account.bytes + size,
            secrets=account.secrets + len(keys),
            unmirrored=account.unmirrored + len(nameless),
        )
        batch = batch_of(known, files, tree, book.held, confirmed=book.confirmed)
        book.held = batch.held
        # Reading an object costs less than another version of it, and mostly the bytes are the same.
        book.unsure.update(e.path for e in batch.written if is_likely_the_same(known.get(e.path), stamp_of(e)))
        return batch

    async def checked(self, batch: Batch, folder: Path, tree: Tree) -> Batch:
        """The batch with only those removals that are certain right now; raises `FolderGone`."""
        if not batch.removed:
            return batch
        absent = await self._files.absent(folder, batch.removed)
        return replace(batch, removed=certainly_gone(batch, tree, absent))

    async def rebuild(self, book: Book, tree: Tree) -> None:
        """Learn from the store what is kept; equal sizes are compared byte by byte when their turn comes."""
        known: dict[str, None] = {}
        sizes: dict[str, int] = {}
        async for listed in self._store.list(mirror_prefix(self._prefix, book.name)):
            path = self._path_of(book.name, listed.key)
            if path is not None:
                known[path], sizes[path] = None, listed.size
        book.unsure = {p for p, size in sizes.items() if p in tree and tree.entries[p].size == size}
        book.known = dict(known)

    async def carry_out(self, book: Book, batch: Batch, folder: Path, overrides: Overrides) -> None:
        """Write and remove; `book.pending` counts down. Raises what ended it, with all that was done noted."""
        run = _Run(book, folder, overrides)
        first = standing_in_the_way(batch.removed, [e.path for e in batch.written])
        await self._remove(run, sorted(first))
        await self._write(run, batch.written)
        await self._remove(run, [p for p in batch.removed if p not in first])
        if run.trouble is not None:
            raise run.trouble
        if run.read_ns:
            book.read_ns = run.read_ns

    async def _write(self, run: _Run, entries: Sequence[Entry]) -> None:
        """Several streams of small files; the large ones in a row, so that one at a time is in memory."""
        large = [e for e in entries if e.size > GROUP_BYTES]
        small = [e for e in entries if e.size <= GROUP_BYTES]
        streams = [small[n::STREAMS] for n in range(STREAMS)] if len(small) > STREAMS else [small]
        async with asyncio.TaskGroup() as group:
            for stream in [*streams, large]:
                if stream:
                    group.create_task(self._stream(run, stream))

    async def _stream(self, run: _Run, entries: Sequence[Entry]) -> None:
        try:
            async for found in self._reader.read(run.folder, entries):
                for changed in found.unsettled:
                    self._unsettled(run, changed)
                async with asyncio.TaskGroup() as group:
                    for content in found.contents:
                        group.create_task(self._put(run, content))
                if run.trouble is not None:
                    return
        except SlipwayError as error:
            run.trouble = run.trouble or error

    async def _put(self, run: _Run, content: Content) -> None:
        book, entry = run.book, content.entry
        if begins_as_key(content.data) and not run.overrides.allows_secret(entry.path):
            await self._leave_out(run, entry)
            return
        run.read_ns = max(run.read_ns, content.read_ns)
        if await self._asked(run, partial(self._kept, book, entry.path, content.data), entry.path):
            assert book.known is not None
            book.known[entry.path] = stamp_of(entry)
            book.unsure.discard(entry.path)
            book.pending -= 1

    async def _kept(self, book: Book, path: str, data: bytes) -> None:
        key = mirror_key(self._prefix, book.name, path)
        if path in book.unsure:
            try:
                if await self._store.get(key) == data:
                    return
            except NoSuchKey:
                pass
        await self._store.put(key, data)

    async def _leave_out(self, run: _Run, entry: Entry) -> None:
        """A private key under a harmless name: not kept, and removed where it was."""
        book = run.book
        if book.known and entry.path in book.known:
            if not await self._remove_one(run, entry.path):
                return
        else:
            book.pending -= 1
        book.keys[entry.path] = stamp_of(entry)
        left_out = book.left_out
        book.left_out = replace(
            left_out, files=left_out.files + 1, bytes=left_out.bytes + entry.size, secrets=left_out.secrets + 1
        )

    async def _remove(self, run: _Run, paths: Iterable[str]) -> None:
        async with asyncio.TaskGroup() as group:
            for path in paths:
                group.create_task(self._remove_one(run, path))

    async def _remove_one(self, run: _Run, path: str) -> bool:
        key = mirror_key(self._prefix, run.book.name, path)
        done = await self._asked(run, partial(self._store.delete, key), path)
        if done and run.book.known is not None:
            run.book.known.pop(path, None)
            run.book.pending -= 1
        return done

    async def _asked(self, run: _Run, request: Callable[[], Awaitable[None]], path: str) -> bool:
        """Do one request, unless trouble came before it; True if it succeeded."""
        async with self._requests:
            if run.trouble is not None:
                return False
            try:
                await request()
            except (StoreAway, StoreRefused) as error:
                run.trouble = run.trouble or error
            except SlipwayError as error:
                run.book.error = f"{path}: {error.message}"
            else:
                return True
        return False

    def _unsettled(self, run: _Run, changed: Changed) -> None:
        if changed.gone:
            return
        run.book.error = f"{changed.path} is not kept yet: {changed.reason}"

    def _has_key(self, workspace: str, path: str) -> bool:
        try:
            mirror_key(self._prefix, workspace, path)
        except BadKey:
            return False
        return True

    def _path_of(self, workspace: str, key: str) -> str | None:
        """The path whose object this is; None for one that some other tool put there."""
        try:
            path = mirror_path(self._prefix, workspace, key)
            return path if mirror_key(self._prefix, workspace, path) == key else None
        except (ValueError, BadKey):
            return None

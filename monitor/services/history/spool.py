"""Revisions that wait for the store, in a local folder: the same objects under the same keys.

Each batch stays its own moment up to a limit; beyond it the oldest that nobody asked for are dropped, and the
next one says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise

from monitor.domain import keys
from monitor.domain.history.base import read_base
from monitor.domain.history.errors import BadObject
from monitor.domain.history.revision import MERGED, Header, Revision, Why
from monitor.domain.history.revision_text import read_revision, write_revision
from monitor.errors import SlipwayError
from monitor.ports.store import NoSuchKey, Store, StoreFull

LIMIT = 2 * 1024**3
SLACK = 64 * 1024 * 1024
DAMAGED = "damaged"
"""Where revisions that cannot be read are set aside, below their workspace and beside its history."""
_UNASKED = frozenset({Why.CHANGE, Why.MASS_DELETE})


class Spoiled(SlipwayError):
    """Something that waits cannot be read; the rest goes on."""

    reason = "spool-damaged"


@dataclass(slots=True)
class Waiting:
    """One spooled revision: its header, the packs it and its base name, and how many paths it changed."""

    header: Header
    packs: frozenset[str]
    changes: int = 1


class Spool:
    """Works below the same keys as the store; `load` first. The caller holds the workspace's lock.

    `size` is in bytes and counts everything in it.
    """

    def __init__(self, store: Store, prefix: str, limit: int = LIMIT) -> None:
        self.store, self._prefix, self.limit = store, prefix, limit
        self._sizes: dict[str, int] = {}
        self.size = 0
        self._waiting: dict[str, list[Waiting]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The workspaces that have something waiting."""
        return tuple(name for name, waiting in self._waiting.items() if waiting)

    def waiting(self, name: str) -> tuple[Waiting, ...]:
        return tuple(self._waiting.get(name, ()))

    async def load(self) -> list[str]:
        """Learn what waits; sentences about what cannot be read, which is set aside: it would hide what the store
        comes to hold under its number."""
        async for found in self.store.list(keys.under(self._prefix, "") if self._prefix else ""):
            self._count(found.key, found.size)
        problems: list[str] = []
        for key in sorted(self._sizes):
            name = self._workspace(key)
            if key.startswith(keys.revisions_prefix(self._prefix, name)):
                try:
                    await self._learn(name, key)
                except (BadObject, NoSuchKey, ValueError) as error:
                    problems.append(f"{key} in the spool cannot be read and was set aside: {error}")
                    await self._set_aside(name, key)
        if not problems:
            for name in {self._workspace(key) for key in self._sizes}:
                await self.sweep(name)
        return problems

    def has(self, key: str) -> bool:
        return key in self._sizes

    async def put(self, key: str, data: bytes) -> None:
        """Raises `StoreFull` beyond the limit, or where the disk is."""
        if self.size + len(data) > self.limit + SLACK:
            raise StoreFull(
                f"The store is away, and what waits for it fills the spool ({self.limit >> 20} MiB).",
                hint="Bring the store back, or make the spool larger.",
            )
        await self.store.put(key, data)
        self._count(key, len(data))

    async def put_revision(
        self, name: str, revision: Revision, data: bytes, base_packs: frozenset[str], changes: int
    ) -> None:
        """Kept for later once this returns; `base_packs` are those its base names."""
        await self.put(keys.revision_key(self._prefix, name, revision.seq), data)
        self._note(name, Waiting(revision.header, revision.packs | base_packs, changes))

    async def revision(self, name: str, seq: int) -> bytes:
        return await self.store.get(keys.revision_key(self._prefix, name, seq))

    async def parsed(self, name: str, seq: int) -> Revision:
        """Raises `Spoiled`: unlike a store's, a local disk's answer does not change by asking again."""
        try:
            return read_revision(await self.revision(name, seq), seq)
        except (BadObject, NoSuchKey) as error:
            raise Spoiled(
                f"Revision {seq} of {name}, which waits for the store on this machine, is damaged: {error.message}",
                hint="check the disk and restart Slipway: what is there now is kept anew then",
            ) from error

    async def done(self, name: str, one: Waiting) -> None:
        """It is in the store with all it needs: forget it."""
        objects = list(self.objects(name, one))
        await self._forget(name, one)
        for _, key in objects:
            await self._remove(key)
        await self.sweep(name)

    async def rewrite(
        self,
        name: str,
        one: Waiting,
        header: Header,
        moved: Revision | None = None,
        packs: frozenset[str] | None = None,
    ) -> Waiting:
        """Give a waiting revision another header, perhaps another number; a kill leaves one of both or both.

        `moved` is what it says from now on, and `packs` what it relies on, where that is something else too.
        """
        old = one.header.seq
        if moved is None:
            revision = await self.parsed(name, old)
            moved = Revision(header, revision.changed, revision.removed)
        await self.put(keys.revision_key(self._prefix, name, header.seq), write_revision(moved))
        if header.seq != old:
            await self._remove(keys.revision_key(self._prefix, name, old))
        new = Waiting(header, one.packs if packs is None else packs, one.changes)
        self._waiting[name][self._waiting[name].index(one)] = new
        return new

    async def drop_oldest(self, name: str) -> Waiting | None:
        """Merge the oldest unasked revision of `name` into the one after it; None where there is none.

        Returns the one that took its place, whose header says which moments are gone.
        """
        waiting = self._waiting.get(name, [])
        for old, following in pairwise(waiting):
            if old.header.kind not in _UNASKED:
                continue
            header = following.header
            merged = (*header.merged, *old.header.merged, old.header.seq)
            flags = tuple(sorted({*header.flags, MERGED}))
            header = replace(header, merged=tuple(sorted(merged)), flags=flags, parent=old.header.parent)
            new = await self.rewrite(name, following, header)
            new.changes += old.changes
            await self._forget(name, old)
            await self.sweep(name)
            return new
        return None

    def objects(self, name: str, one: Waiting) -> Iterator[tuple[str, str]]:
        """What must be in the store before this revision and still waits here: names and keys, packs first."""
        for pack in sorted(one.packs):
            if self.has(key := keys.pack_key(self._prefix, name, pack)):
                yield pack, key
        if self.has(key := keys.base_key(self._prefix, name, one.header.base)):
            yield one.header.base, key

    def packs(self, name: str) -> frozenset[str]:
        """The packs that wait here."""
        top = keys.packs_prefix(self._prefix, name)
        return frozenset(key.removeprefix(top) for key in self._sizes if key.startswith(top))

    async def _learn(self, name: str, key: str) -> None:
        revision = read_revision(await self.store.get(key), keys.revision_seq(key))
        base = keys.base_key(self._prefix, name, revision.header.base)
        named = read_base(await self.store.get(base)).packs if self.has(base) else frozenset()
        self._note(name, Waiting(revision.header, revision.packs | named))

    async def _set_aside(self, name: str, key: str) -> None:
        with suppress(NoSuchKey):
            data = await self.store.get(key)
            aside = keys.under(self._prefix, name, DAMAGED, key.rpartition("/")[2])
            await self.store.put(aside, data)
            self._count(aside, len(data))
            await self._remove(key)

    def _note(self, name: str, one: Waiting) -> None:
        waiting = self._waiting.setdefault(name, [])
        seq = one.header.seq
        waiting[:] = [w for w in waiting if w.header.seq != seq and not _same(w.header, one.header)]
        waiting.append(one)
        waiting.sort(key=lambda w: w.header.seq)

    async def _forget(self, name: str, one: Waiting) -> None:
        await self._remove(keys.revision_key(self._prefix, name, one.header.seq))
        self._waiting[name].remove(one)

    async def _remove(self, key: str) -> None:
        await self.store.delete(key)
        self.size -= self._sizes.pop(key, 0)

    def _count(self, key: str, size: int) -> None:
        self.size += size - self._sizes.get(key, 0)
        self._sizes[key] = size

    async def sweep(self, name: str) -> None:
        """Remove packs and bases nothing waiting leads to."""
        needed: set[str] = set()
        for one in self.waiting(name):
            needed.add(keys.revision_key(self._prefix, name, one.header.seq))
            needed.add(keys.base_key(self._prefix, name, one.header.base))
            needed |= {keys.pack_key(self._prefix, name, pack) for pack in one.packs}
        top = keys.history_prefix(self._prefix, name)
        for key in [key for key in self._sizes if key.startswith(top) and key not in needed]:
            await self._remove(key)

    def _workspace(self, key: str) -> str:
        return key.removeprefix(keys.under(self._prefix, "") if self._prefix else "").partition("/")[0]


def _same(one: Header, other: Header) -> bool:
    """The same moment under two numbers: a move that was killed half way."""
    return (one.time_ns, one.seen_ns, one.writer) == (other.time_ns, other.seen_ns, other.writer)

"""What waited so long that another writer's collection took packs it relies on: the rest of it is kept, and says so.

Each revision that waits was written against what the store held then. Its own packs wait with it; older ones may be
gone by the time it is uploaded, and a revision without its bytes could never be restored.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from monitor.domain import keys
from monitor.domain.history.base import base_name, read_base, write_base
from monitor.domain.history.delta import applied, totals
from monitor.domain.history.entry import Entry, packs_of
from monitor.domain.history.errors import BadObject
from monitor.domain.history.path_text import order
from monitor.domain.history.revision import CONTENT_LOST, Grade, Revision
from monitor.ports.clock import Clock
from monitor.ports.store import NoSuchKey, Store
from monitor.services.history.cache import Cache
from monitor.services.history.head import Head
from monitor.services.history.spool import Spool, Waiting

log = logging.getLogger(__name__)


class Mending:
    """Looks at all that waits for one workspace, before the first of it is uploaded; raises `StoreAway`."""

    def __init__(self, store: Store, spool: Spool, cache: Cache, clock: Clock, prefix: str) -> None:
        self._store, self._spool, self._cache, self._clock, self._prefix = store, spool, cache, clock, prefix

    async def mend(self, head: Head) -> None:
        """Afterwards everything that waits names only bytes that are there; what was lost is read from disk again."""
        there: dict[str, bool] = {}
        lost: set[str] | None = None
        for one in self._spool.waiting(head.name):
            found = await self._mend_one(head, one, there)
            lost = lost if found is None else (lost or set()) | found
        if lost is not None:
            log.warning("%s: some of what waited is read again: its packs are gone", head.name)
            head.unload()
            now = self._clock.monotonic()
            head.growing.update(dict.fromkeys(lost, now))

    async def _mend_one(self, head: Head, one: Waiting, there: dict[str, bool]) -> set[str] | None:
        """The files it lost; None where all it relies on is there."""
        name, prefix = head.name, self._prefix
        revision = await self._spool.parsed(name, one.header.seq)
        base = await self._base(head, one)
        state = applied(base or {}, revision.changed, revision.removed)
        gone = {
            pack
            for pack in packs_of(state.values())
            if not await self._is_there(keys.pack_key(prefix, name, pack), there)
        }
        if not gone and await self._is_there(keys.base_key(prefix, name, one.header.base), there):
            return None
        left = {path: e for path, e in state.items() if gone.isdisjoint(piece.pack for piece in e.pieces)}
        await self._replace(head, one, state, left, certain=base is not None)
        head.distrust(gone)
        return set(state.keys() - left.keys())

    async def _replace(
        self, head: Head, one: Waiting, state: Mapping[str, Entry], left: Mapping[str, Entry], *, certain: bool
    ) -> None:
        """The same moment with what is left of it, on a base of its own; `certain`: `state` is all there was."""
        data = write_base(left.values())
        files, size = totals(left)
        lost = state.keys() - left.keys()
        header = replace(
            one.header,
            base=base_name(data),
            base_bytes=len(data),
            delta_bytes=0,
            files=files,
            bytes=size,
            grade=Grade.BUSY if lost or not certain else one.header.grade,
            unstable=tuple(sorted({*one.header.unstable, *lost}, key=order)),
            flags=tuple(sorted({*one.header.flags, CONTENT_LOST} if lost or not certain else one.header.flags)),
        )
        await self._spool.put(keys.base_key(self._prefix, head.name, header.base), data)
        await self._spool.rewrite(head.name, one, header, Revision(header), packs_of(left.values()))
        if head.header == one.header:
            head.header = header

    async def _base(self, head: Head, one: Waiting) -> Mapping[str, Entry] | None:
        """What its base lists, from wherever it still is."""
        if head.loaded and head.header is not None and head.header.base == one.header.base:
            return head.base
        key = keys.base_key(self._prefix, head.name, one.header.base)
        places = [self._spool.store] if self._spool.has(key) else [self._store]
        for place in places:
            with suppress(BadObject, NoSuchKey):
                return read_base(await place.get(key), one.header.base).entries
        with suppress(BadObject):
            return read_base(await self._cache.base(head.name) or b"", one.header.base).entries
        return None

    async def _is_there(self, key: str, there: dict[str, bool]) -> bool:
        if key not in there:
            there[key] = self._spool.has(key) or await self._stored(key)
        return there[key]

    async def _stored(self, key: str) -> bool:
        try:
            await self._store.head(key)
        except NoSuchKey:
            return False
        return True

"""Whether a workspace needs comparing at all: nothing was added since both places were seen to be the same.

Removals and losses add nothing, so that this is believed for a day only.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

from monitor.domain import keys
from monitor.domain.destinations import Part, prefix_of
from monitor.domain.moments import NS
from monitor.ports.clock import Clock
from monitor.ports.store import NoSuchKey, Store
from monitor.services.destinations.ledger import Ledger, Settled

BELIEVED_NS = 24 * 3600 * NS


class Settling:
    """Knows by `ledger` what was settled; `source` is the primary."""

    def __init__(self, source: Store, ledger: Ledger, clock: Clock) -> None:
        self._source, self._ledger, self._clock = source, ledger, clock

    async def as_it_was(self, name: str) -> bool:
        """A look at the newest revision, one listing after it, and one of the names."""
        known = self._ledger.settled.get(name)
        if known is None or abs(self._clock.wall_ns() - known.seen_ns) >= BELIEVED_NS:
            return False
        if any(key.partition("/")[0] == name for key in self._ledger.surplus):
            return False
        try:
            await self._source.head(known.newest)
        except NoSuchKey:
            return False
        revisions = prefix_of(Part.REVISIONS, name)
        async for _ in self._source.list(revisions, after=known.newest):
            return False
        return await self._names(name) == known.names

    async def note(self, name: str, newest: str | None, since_ns: int) -> None:
        """All of it was compared since `since_ns`, and nothing is left to do; `newest` is None without a revision."""
        if newest is not None:
            self._ledger.settled[name] = Settled(newest, await self._names(name), since_ns)

    def forget(self, name: str) -> None:
        """It has to be compared."""
        self._ledger.settled.pop(name, None)

    async def _names(self, name: str) -> str:
        """What all its names say, as a hash; they are few and small."""
        digest = hashlib.sha256()
        async for key, data in self._contents(keys.names_prefix("", name)):
            digest.update(f"{key} {len(data)} ".encode() + data)
        return digest.hexdigest()

    async def _contents(self, prefix: str) -> AsyncIterator[tuple[str, bytes]]:
        for key in sorted([found.key async for found in self._source.list(prefix)]):
            try:
                yield key, await self._source.get(key)
            except NoSuchKey:
                continue

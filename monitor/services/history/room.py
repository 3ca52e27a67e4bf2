"""Making room in a spool that is full: the oldest moments nobody asked for are merged, never the newest."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from monitor.services.history.head import Head
from monitor.services.history.spool import Spool

log = logging.getLogger(__name__)


async def make_room(spool: Spool, head: Head, heads: Mapping[str, Head], needed: int) -> bool:
    """Merge until `needed` more bytes fit into the limit; True if anything was merged.

    The caller holds `head`'s lock. Other workspaces give room too, those that are not being written right now.
    """
    merged = False
    while spool.size + needed > spool.limit and await _one(spool, head, heads):
        merged = True
    return merged


async def _one(spool: Spool, head: Head, heads: Mapping[str, Head]) -> bool:
    others = sorted((n for n in spool.names if n != head.name), key=lambda n: spool.waiting(n)[0].header.time_ns)
    if await _merge(spool, head):
        return True
    for other in (heads.get(name) or Head(name) for name in others):
        if not other.lock.locked():
            async with other.lock:
                if await _merge(spool, other):
                    return True
    return False


async def _merge(spool: Spool, head: Head) -> bool:
    before, newest = spool.packs(head.name), spool.waiting(head.name)[-1:]
    following = await spool.drop_oldest(head.name)
    if following is None:
        return False
    head.distrust(before - spool.packs(head.name))
    if head.header is not None and newest and newest[0].header == head.header:
        head.header = spool.waiting(head.name)[-1].header
    log.warning("%s: moments before revision %d were merged into it", head.name, following.header.seq)
    return True

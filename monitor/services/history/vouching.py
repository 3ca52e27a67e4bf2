"""What a restore vouches for is believed only while the packs it was read from are still there.

Between the reading and the revision after it, retention may have removed the restored revision together with packs
that nothing else needed: a revision that names them could never be restored.
"""

from __future__ import annotations

from collections.abc import Mapping

from monitor.domain import keys
from monitor.domain.history.entry import Entry, packs_of
from monitor.domain.history.planning import FileMark
from monitor.services.at_once import each
from monitor.services.history.head import Head
from monitor.services.history.outlet import Outlet

Vouched = Mapping[str, tuple[FileMark, Entry]]


async def certain(vouched: Vouched, head: Head, outlet: Outlet, prefix: str) -> Vouched:
    """Those of `vouched` whose packs the newest revision needs too, or that were looked for and found.

    The caller holds the head's lock, so that none of them goes before the revision is written.
    """
    if not vouched:
        return vouched
    named = head.base_packs | packs_of(head.state.values())
    doubtful = sorted(packs_of(entry for _, entry in vouched.values()) - named)
    there = await each(lambda pack: outlet.has(keys.pack_key(prefix, head.name, pack)), doubtful)
    gone = {pack for pack, found in zip(doubtful, there, strict=True) if not found}
    if not gone:
        return vouched
    return {p: one for p, one in vouched.items() if gone.isdisjoint(piece.pack for piece in one[1].pieces)}

"""The key of a revision was taken: was it we, somebody before us, or somebody else?"""

from __future__ import annotations

from monitor.domain.history.revision import Header
from monitor.domain.history.revision_text import read_header
from monitor.services.history.archive import Archive
from monitor.services.history.link import Link
from monitor.services.history.writer import Fenced


class Fence:
    """Decides by the bytes that are there; every call may raise `StoreAway`."""

    def __init__(self, archive: Archive, link: Link) -> None:
        self._archive, self._link = archive, link

    async def is_ours(self, name: str, seq: int, data: bytes) -> bool:
        """The object holds exactly these bytes: an earlier try of ours went through."""
        return await self._archive.bytes_of(name, seq) == data

    async def check(self) -> None:
        """Raises `Fenced` unless the claim is still ours."""
        await self._link.check()

    async def above(self, name: str, seq: int, *, waited: bool) -> Header:
        """The newest revision, above which we go on; raises `Fenced` where the place is another writer's.

        `waited`: ours comes from the spool, written while nobody could be asked. Otherwise only revisions of an
        earlier life of ours, or of a writer whose epoch is over, may be there.
        """
        await self._link.check()
        there = read_header(await self._archive.bytes_of(name, seq))
        if not waited and not self._link.is_before_us(there):
            raise self._link.stop(
                Fenced(
                    f"Revision {seq} of {name} was written by another writer ({there.writer.install}): "
                    "this one stops.",
                    hint="Only one may write below a prefix: stop the other, then start this one with --take-over.",
                )
            )
        newest = await self._archive.newest(name)
        # A listing may be older than what was just met.
        return newest if newest is not None and newest.seq >= seq else there

"""Everything one workspace's history holds, read whole before anything is concluded from it.

What cannot be read, or does not belong there, ends in `Odd`: nothing is condemned or removed then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from typing import TypeVar

from monitor.domain import keys
from monitor.domain.garbage import Holdings, Needs, Sweep
from monitor.domain.history.base import read_base
from monitor.domain.history.condemned import Condemned, read_condemned, read_confirmed
from monitor.domain.history.errors import BadObject
from monitor.domain.history.fields import sha256
from monitor.domain.history.repository import read_format
from monitor.domain.history.revision import Header
from monitor.domain.history.revision_text import read_header, read_revision
from monitor.domain.history.snapshot import Snapshot, read_snapshot
from monitor.domain.retention import Candidate, Named
from monitor.ports.store import NoSuchKey, Store
from monitor.services.at_once import each
from monitor.services.gc.doubting import Odd, closed

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Inventory:
    """One workspace's history as it stands. `trouble` says what was wrong with the list of condemned objects."""

    workspace: str
    headers: dict[int, Header] = field(default_factory=dict)
    needs: dict[int, Needs] = field(default_factory=dict)
    sizes: dict[int, int] = field(default_factory=dict)
    bases: dict[str, int] = field(default_factory=dict)
    packs: dict[str, int] = field(default_factory=dict)
    names: dict[str, Snapshot] = field(default_factory=dict)
    condemned: Condemned = field(default_factory=Condemned)
    confirmed: int = 0
    trouble: str = ""

    @property
    def holdings(self) -> Holdings:
        return Holdings(self.needs, self.bases, self.packs)

    def candidates(self) -> list[Candidate]:
        """The revisions as retention sees them."""
        named: dict[int, list[Named]] = {}
        for one in sorted(self.names.values(), key=lambda s: s.name):
            named.setdefault(one.seq, []).append(Named(one.name, one.expires_ns))
        return [
            Candidate(
                seq,
                header.time_ns,
                str(header.kind),
                header.flags,
                tuple(named.get(seq, ())),
                self.needs[seq].packs | {self.needs[seq].base, str(seq)},
                header.files,
            )
            for seq, header in sorted(self.headers.items())
        ]

    def without(self, gone: Sweep) -> Inventory:
        """The inventory once this was removed."""
        revisions, bases, packs = set(gone.revisions), set(gone.bases), set(gone.packs)
        return replace(
            self,
            headers={seq: one for seq, one in self.headers.items() if seq not in revisions},
            needs={seq: one for seq, one in self.needs.items() if seq not in revisions},
            bases={name: size for name, size in self.bases.items() if name not in bases},
            packs={name: size for name, size in self.packs.items() if name not in packs},
            names={name: one for name, one in self.names.items() if one.seq not in revisions},
        )

    def object_sizes(self) -> dict[str, int]:
        """Bytes of what `candidates` name."""
        return {**self.packs, **self.bases, **{str(seq): size for seq, size in self.sizes.items()}}


@dataclass(slots=True)
class _Listing:
    revisions: dict[int, int] = field(default_factory=dict)
    bases: dict[str, int] = field(default_factory=dict)
    packs: dict[str, int] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    singles: set[str] = field(default_factory=set)


class Inventories:
    """Takes and refreshes inventories below one prefix; parsing runs in `pool`. `StoreAway` passes through."""

    def __init__(self, store: Store, prefix: str, pool: Executor) -> None:
        self._store, self._prefix, self._pool = store, prefix, pool

    async def take(self, workspace: str) -> Inventory:
        """Read everything; raises `Odd` and `UnknownFormat`."""
        with closed("FORMAT"):
            read_format(await self._store.get(keys.format_key(self._prefix)))
        listing = await self._listing(workspace)
        condemned, trouble = await self._condemned(workspace, listing)
        if listing.revisions and max(listing.revisions) < condemned.newest:
            raise Odd(
                f"Revision {condemned.newest} of {workspace} was the newest, and is not listed any more.",
                hint="a late listing mends itself; if it stays away, bring it back from a destination",
            )
        empty = Inventory(workspace, bases=listing.bases, packs=listing.packs, condemned=condemned, trouble=trouble)
        found = await self._with_revisions(empty, listing.revisions)
        found = replace(
            found,
            names=await self._names(listing.names),
            confirmed=await self._confirmed(workspace, listing),
        )
        return await self._complete(found)

    async def refresh(self, inventory: Inventory) -> Inventory:
        """The same with the revisions and names that came since; two listings, and what is new.

        Raises `Odd` where the newest of them is another one now: purged, and begun anew.
        """
        workspace, newest = inventory.workspace, max(inventory.headers, default=0)
        if newest:
            with closed(key := keys.revision_key(self._prefix, workspace, newest)):
                now = read_header(await self._store.get(key))
            if now != inventory.headers[newest]:
                raise Odd(f"Revision {newest} of {workspace} is another one than a moment ago.", hint="run it again")
        prefix = keys.revisions_prefix(self._prefix, workspace)
        after = keys.revision_key(self._prefix, workspace, newest)
        with closed(prefix):
            new = {_seq(one.key): one.size async for one in self._store.list(prefix, after=after)}
        found = await self._with_revisions(inventory, new)
        found = await self._complete(found)
        names = [one.key async for one in self._store.list(keys.names_prefix(self._prefix, workspace))]
        return replace(found, names=await self._names(names))

    async def _complete(self, inventory: Inventory) -> Inventory:
        """With the bases and packs that came since the listing; raises `Odd` for those that are not there."""
        bases, packs = dict(inventory.bases), dict(inventory.packs)
        prefix, workspace = self._prefix, inventory.workspace
        missing_bases, missing_packs = inventory.holdings.missing()
        for base in missing_bases:
            with closed(key := keys.base_key(prefix, workspace, base)):
                bases[base] = await self._store.head(key)
        for pack in missing_packs:
            with closed(key := keys.pack_key(prefix, workspace, pack)):
                packs[pack] = await self._store.head(key)
        return replace(inventory, bases=bases, packs=packs)

    async def _listing(self, workspace: str) -> _Listing:
        found = _Listing()
        folders = {
            keys.packs_prefix(self._prefix, workspace): found.packs,
            keys.bases_prefix(self._prefix, workspace): found.bases,
        }
        revisions = keys.revisions_prefix(self._prefix, workspace)
        names = keys.names_prefix(self._prefix, workspace)
        singles = {
            keys.mirror_state_key(self._prefix, workspace),
            keys.condemned_key(self._prefix, workspace),
            keys.confirmed_key(self._prefix, workspace),
        }
        async for one in self._store.list(keys.history_prefix(self._prefix, workspace)):
            folder, _, name = one.key.rpartition("/")
            with closed(one.key):
                if f"{folder}/" in folders:
                    folders[f"{folder}/"][sha256(name)] = one.size
                elif f"{folder}/" == revisions:
                    found.revisions[_seq(one.key)] = one.size
                elif f"{folder}/" == names:
                    found.names.append(one.key)
                elif one.key in singles:
                    found.singles.add(one.key)
                else:
                    raise Odd(
                        f"{one.key} is not a part of a history that this Slipway knows.",
                        hint="move it out of the bucket's history, if it is not of a newer Slipway",
                    )
        return found

    async def _condemned(self, workspace: str, listing: _Listing) -> tuple[Condemned, str]:
        """A damaged list is an empty one: the grace begins anew for everything."""
        key = keys.condemned_key(self._prefix, workspace)
        if key not in listing.singles:
            return Condemned(), ""
        try:
            return read_condemned(await self._store.get(key)), ""
        except BadObject as error:
            return Condemned(), f"the list of condemned objects is written anew: {error.message}"

    async def _confirmed(self, workspace: str, listing: _Listing) -> int:
        key = keys.confirmed_key(self._prefix, workspace)
        if key not in listing.singles:
            return 0
        with closed(key):
            return read_confirmed(await self._store.get(key))

    async def _names(self, listed: Iterable[str]) -> dict[str, Snapshot]:
        async def one(key: str) -> Snapshot | None:
            try:
                data = await self._store.get(key)
            except NoSuchKey:
                return None
            with closed(key):
                return read_snapshot(data, keys.name_of(key))

        found = await each(one, sorted(listed))
        return {snapshot.name: snapshot for snapshot in found if snapshot is not None}

    async def _with_revisions(self, inventory: Inventory, listed: dict[int, int]) -> Inventory:
        workspace = inventory.workspace

        async def one(seq: int) -> tuple[Header, frozenset[str]]:
            key = keys.revision_key(self._prefix, workspace, seq)
            with closed(key):
                revision = await self._run(read_revision, await self._store.get(key), seq)
                return replace(revision.header, unstable=()), revision.packs

        async def base(name: str) -> frozenset[str]:
            key = keys.base_key(self._prefix, workspace, name)
            with closed(key):
                return (await self._run(read_base, await self._store.get(key), name)).packs

        read = await each(one, sorted(listed))
        wanted = sorted({header.base for header, _ in read})
        in_bases = dict(zip(wanted, await each(base, wanted), strict=True))
        headers, needs = dict(inventory.headers), dict(inventory.needs)
        for header, packs in read:
            headers[header.seq] = header
            needs[header.seq] = Needs(header.base, packs | in_bases[header.base])
        return replace(inventory, headers=headers, needs=needs, sizes={**inventory.sizes, **listed})

    async def _run(self, call: Callable[..., Found], *args: object) -> Found:
        return await asyncio.get_running_loop().run_in_executor(self._pool, call, *args)


def _seq(key: str) -> int:
    seq = keys.revision_seq(key)
    if seq < 1:
        raise ValueError(f"revisions are numbered from 1: {key!r}")
    return seq

"""Repacking: where most of a workspace's packs is dead, the newest state moves into new ones.

Revisions never change, so the old packs stay until the revisions that name them are gone; the newest, which
always stays, then no longer holds them. It becomes one more revision of the same state and the same time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from monitor.domain import keys
from monitor.domain.history.base import base_name, read_base, write_base
from monitor.domain.history.delta import state_of
from monitor.domain.history.entry import Entry, Piece
from monitor.domain.history.errors import BadObject
from monitor.domain.history.pack import PACK_BYTES, Frame, pack_name, unpack, write_pack
from monitor.domain.history.revision import Header, Revision, Why
from monitor.domain.history.revision_text import read_revision, write_revision
from monitor.domain.retention import Candidate, decide
from monitor.domain.retention_policy import Policy
from monitor.ports.clock import Clock
from monitor.ports.store import NoSuchKey, Store
from monitor.services.gc.doubting import VERIFY, Odd
from monitor.services.gc.ground import Ground
from monitor.services.gc.inventory import Inventories, Inventory

LIVE = 0.6
LEAST_BYTES = 8 * 1024 * 1024

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Repacked:
    """`seq` None: nothing had to be done. `live`: how much of the newest revision's packs is needed, from 0 to 1."""

    workspace: str
    live: float = 1.0
    seq: int | None = None
    packs: int = 0
    bytes: int = 0

    def as_json(self) -> dict[str, Any]:
        return {
            "workspace": self.workspace,
            "live": round(self.live, 3),
            "seq": self.seq,
            "packs": self.packs,
            "bytes": self.bytes,
        }


class Repacker:
    """Repacks below one prefix; parsing runs in `pool`. Less than `least_bytes` of packs stays as it is."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        pool: Executor,
        ground: Ground,
        *,
        prefix: str = "",
        least_bytes: int = LEAST_BYTES,
    ) -> None:
        self._store, self._clock, self._pool, self._ground, self._prefix = store, clock, pool, ground, prefix
        self._inventories = Inventories(store, prefix, pool)
        self._least = least_bytes

    async def repack(self, workspace: str, policy: Policy, *, dry_run: bool = False) -> Repacked:
        """Look, and repack if it is worth it; raises `Odd`, `UnknownFormat`, `Fenced`, and `StoreAway`."""
        if self._ground.waiting(workspace):
            return Repacked(workspace)
        inventory = await self._inventories.take(workspace)
        poor, live = await self._poor(inventory, policy)
        if not poor or dry_run:
            return Repacked(workspace, live)
        async with self._ground.hold(workspace):
            await self._ground.check()
            now = await self._inventories.refresh(inventory)
            if self._ground.waiting(workspace) or max(now.headers) != max(inventory.headers):
                return Repacked(workspace, live)
            try:
                return replace(await self._rewrite(now, poor), live=live)
            finally:
                await self._ground.reread(workspace)

    async def _poor(self, inventory: Inventory, policy: Policy) -> tuple[frozenset[str], float]:
        """The newest revision's packs that are mostly dead, where that is worth it; and how much of all is live."""
        candidates = inventory.candidates()
        if not candidates or candidates[-1].is_loss:
            return frozenset(), 1.0
        newest = candidates[-1].seq
        packs = {name: inventory.packs[name] for name in inventory.needs[newest].packs}
        if sum(packs.values()) < self._least:
            return frozenset(), 1.0
        # What the newest needs is read first: usually it is enough to see that nothing has to be done.
        used = await self._used(inventory, [newest], packs)
        if _live(used, packs) < LIVE:
            used = await self._used(inventory, self._kept(inventory, candidates, policy), packs)
        live = _live(used, packs)
        if live >= LIVE:
            return frozenset(), live
        return frozenset(name for name, size in packs.items() if sum(used[name].values()) < LIVE * size), live

    def _kept(self, inventory: Inventory, candidates: Iterable[Candidate], policy: Policy) -> list[int]:
        decisions = decide(
            candidates,
            policy,
            self._clock.wall_ns(),
            sizes=inventory.object_sizes(),
            confirmed=inventory.confirmed,
        )
        return [one.seq for one in decisions if one.keep]

    async def _used(
        self, inventory: Inventory, seqs: Iterable[int], packs: Mapping[str, int]
    ) -> dict[str, dict[int, int]]:
        """For each of these packs the length of each frame the states of these revisions need, by its offset."""
        used: dict[str, dict[int, int]] = {name: {} for name in packs}
        at, base = "", {}
        for seq in seqs:
            revision = await self._revision(inventory.workspace, seq)
            if revision.header.base != at:
                at, base = revision.header.base, await self._base(inventory.workspace, revision.header.base)
            await self._run(_note_used, used, base, revision)
        return used

    async def _rewrite(self, inventory: Inventory, poor: frozenset[str]) -> Repacked:
        """Packs, base, revision: the order of every writer."""
        workspace, newest = inventory.workspace, max(inventory.headers)
        revision = await self._revision(workspace, newest)
        base = await self._base(workspace, revision.header.base)
        state = await self._run(state_of, base, revision)
        placed, packs, size = await self._move(workspace, state, poor)
        moved = {path: _moved(entry, placed) for path, entry in state.items()}
        data = await self._run(write_base, moved.values())
        await self._store.put(keys.base_key(self._prefix, workspace, base_name(data)), data)
        header = self._header(revision.header, base_name(data), len(data))
        written = await self._run(write_revision, Revision(header))
        await self._store.put_new(keys.revision_key(self._prefix, workspace, header.seq), written)
        return Repacked(workspace, seq=header.seq, packs=packs, bytes=size)

    def _header(self, old: Header, base: str, base_bytes: int) -> Header:
        """The same moment once more: nothing is said of the disk that was not known then."""
        return replace(
            old,
            seq=old.seq + 1,
            parent=old.seq,
            kind=Why.REPACK,
            base=base,
            base_bytes=base_bytes,
            delta_bytes=0,
            origin=None,
            flags=(),
            merged=(),
            writer=self._ground.writer,
        )

    async def _move(
        self, workspace: str, state: Mapping[str, Entry], poor: frozenset[str]
    ) -> tuple[dict[str, Piece], int, int]:
        """Copy the frames the state needs out of `poor` packs into new ones: where each piece is now, by its hash."""
        wanted: dict[str, dict[str, Piece]] = {}
        for piece in (piece for entry in state.values() for piece in entry.pieces if piece.pack in poor):
            wanted.setdefault(piece.pack, {})[piece.sha256] = piece
        placed: dict[str, Piece] = {}
        waiting: list[Frame] = []
        packs = size = 0
        for name in sorted(wanted):
            key = keys.pack_key(self._prefix, workspace, name)
            frames = await self._run(_cut, await self._read(key), list(wanted[name].values()))
            waiting += [frame for frame in frames if frame.sha256 not in placed]
            while sum(len(frame.data) for frame in waiting) > PACK_BYTES or (waiting and name == max(wanted)):
                some = _first_pack(waiting)
                waiting = waiting[len(some) :]
                written = await self._send(workspace, some, placed)
                packs, size = packs + 1, size + written
        return placed, packs, size

    async def _send(self, workspace: str, frames: list[Frame], placed: dict[str, Piece]) -> int:
        data, where = await self._run(write_pack, frames)
        name = pack_name(data)
        await self._store.put(keys.pack_key(self._prefix, workspace, name), data)
        placed.update({one.sha256: Piece(name, one.offset, one.length, one.sha256) for one in where})
        return len(data)

    async def _revision(self, workspace: str, seq: int) -> Revision:
        key = keys.revision_key(self._prefix, workspace, seq)
        return await self._run(read_revision, await self._read(key), seq)

    async def _base(self, workspace: str, name: str) -> dict[str, Entry]:
        key = keys.base_key(self._prefix, workspace, name)
        return (await self._run(read_base, await self._read(key), name)).entries

    async def _read(self, key: str) -> bytes:
        try:
            return await self._store.get(key)
        except NoSuchKey as error:
            raise Odd(f"{key} is not there any more.", hint=VERIFY) from error

    async def _run(self, call: Callable[..., Found], *args: object) -> Found:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, call, *args)
        except BadObject as error:
            raise Odd(error.message, hint=VERIFY) from error


def _live(used: Mapping[str, Mapping[int, int]], packs: Mapping[str, int]) -> float:
    return sum(sum(frames.values()) for frames in used.values()) / max(1, sum(packs.values()))


def _note_used(used: dict[str, dict[int, int]], base: Mapping[str, Entry], revision: Revision) -> None:
    for entry in state_of(base, revision).values():
        for piece in entry.pieces:
            if piece.pack in used:
                used[piece.pack][piece.offset] = piece.length


def _cut(data: bytes, pieces: Iterable[Piece]) -> list[Frame]:
    """The frames as they are, each unpacked once to see that it is what it says."""
    found = []
    for piece in sorted(pieces, key=lambda one: one.offset):
        frame = data[piece.offset : piece.offset + piece.length]
        found.append(Frame(piece.sha256, len(unpack(frame, piece.sha256)), frame))
    return found


def _first_pack(frames: list[Frame]) -> list[Frame]:
    size, count = 0, 0
    while count < len(frames) and (not count or size + len(frames[count].data) <= PACK_BYTES):
        size, count = size + len(frames[count].data), count + 1
    return frames[:count]


def _moved(entry: Entry, placed: Mapping[str, Piece]) -> Entry:
    if not entry.pieces:
        return entry
    return replace(entry, pieces=tuple(placed.get(piece.sha256, piece) for piece in entry.pieces))

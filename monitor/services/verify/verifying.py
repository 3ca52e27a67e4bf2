"""Verify a workspace's history: every revision's objects exist, parse, and are what their names say.

Reads only. A damaged object is named once, with the revisions and files it hurts; the rest is verified all the same.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from monitor.domain import keys
from monitor.domain.history.base import Base, read_base
from monitor.domain.history.condemned import read_condemned, read_confirmed, write_condemned, write_confirmed
from monitor.domain.history.delta import state_of, totals
from monitor.domain.history.entry import Entry, Piece
from monitor.domain.history.errors import BadObject, UnknownFormat
from monitor.domain.history.pack import unpack
from monitor.domain.history.repository import read_format, read_writer, write_format, write_writer
from monitor.domain.history.revision import Revision
from monitor.domain.history.revision_text import read_revision, write_revision
from monitor.domain.history.snapshot import read_snapshot, write_snapshot
from monitor.domain.key_escape import BadKey
from monitor.domain.verification import Verified
from monitor.ports.store import NoSuchKey, Store
from monitor.services.at_once import AT_ONCE, each
from monitor.services.verify.packs import Pack, Packs

UNREADABLE = (BadObject, UnknownFormat, BadKey, ValueError)
GONE = "it is needed, and it is not there"

Found = TypeVar("Found")
Tell = Callable[[str, int, int], None]


class Verifier:
    """Verifies below one prefix; parsing runs in `pool`. `repository` is the id `FORMAT` must have, where known."""

    def __init__(self, store: Store, pool: Executor, *, prefix: str = "", repository: str = "") -> None:
        self._store, self._pool, self._prefix, self._repository = store, pool, prefix, repository

    async def verify(
        self, workspace: str, *, read_data: bool = False, tell: Tell = lambda text, done, total: None
    ) -> Verified:
        """Look at everything; `read_data` also reads every byte of every pack. Raises `StoreAway`, worth retrying."""
        return await _Look(self._store, self._prefix, workspace, self._pool, read_data).run(self._repository, tell)


@dataclass(frozen=True, slots=True)
class _Base:
    """A base's entries, and those of them that every revision on it has to look at."""

    entries: Mapping[str, Entry]
    suspects: list[Entry]


class _Look:
    """One pass over one workspace."""

    def __init__(self, store: Store, prefix: str, workspace: str, pool: Executor, read_data: bool) -> None:
        self._store, self._prefix, self._workspace, self._pool = store, prefix, workspace, pool
        self._found = Verified(workspace, read_data)
        self._packs: dict[str, Pack] = {}
        self._bases: dict[str, _Base | None] = {}
        self._large: dict[tuple[str, tuple[Piece, ...]], list[tuple[int, str]]] = {}
        self._used: set[str] = set()

    async def run(self, repository: str, tell: Tell) -> Verified:
        prefix, workspace = self._prefix, self._workspace
        await self._repository(repository)
        # Revisions are listed before what they need: all that a listed one needs was there by then.
        revisions = await self._listed(keys.revisions_prefix(prefix, workspace))
        bases = await self._listed(keys.bases_prefix(prefix, workspace))
        packs = await self._listed(keys.packs_prefix(prefix, workspace))
        tell("packs", 0, len(packs))
        looking = Packs(self._store, prefix, workspace, self._pool)
        self._packs = await looking.look(packs, self._found, read_data=self._found.read_data)
        names = sorted(revisions)
        for start in range(0, len(names), AT_ONCE):
            tell("revisions", start, len(names))
            await self._some_revisions(names[start : start + AT_ONCE])
        await self._other_bases(bases)
        if self._found.read_data:
            await self._large_files()
        await self._names({int(name) for name in names if name.isdecimal()})
        await self._singles()
        self._leftovers(bases, packs)
        return self._found

    async def _repository(self, repository: str) -> None:
        key = keys.format_key(self._prefix)
        with_id = await self._read(key, read_format, "nothing can be read without it", write_format)
        if with_id is not None and repository and with_id != repository:
            self._found.problem(key, "it names another repository than the one this install keeps")

    async def _listed(self, prefix: str) -> dict[str, int]:
        return {one.key.removeprefix(prefix): one.size async for one in self._store.list(prefix)}

    async def _some_revisions(self, names: Iterable[str]) -> None:
        """A few at a time, in order: neighbours share their base."""
        for revision in await each(self._revision, names):
            if revision is not None:
                self._found.revisions += 1
                await self._state(revision)

    async def _revision(self, name: str) -> Revision | None:
        key = keys.revisions_prefix(self._prefix, self._workspace) + name
        try:
            seq = keys.revision_seq(key)
        except ValueError:
            self._found.problem(key, "its key is not that of a revision")
            return None
        try:
            data = await self._store.get(key)
        except NoSuchKey:
            self._found.notes.append(f"revision {seq} was removed meanwhile")
            return None
        self._found.bytes_read += len(data)
        try:
            revision = await self._run(read_revision, data, seq)
            await self._same(key, data, write_revision, revision)
            return revision
        except UNREADABLE as error:
            self._found.problem(key, str(error)).hurts([seq])
            return None

    async def _state(self, revision: Revision) -> None:
        name = revision.header.base
        if name not in self._bases:
            for old in list(self._bases)[:-1]:
                del self._bases[old]
            base = await self._base(name)
            suspects = await self._run(self._suspects, base.entries.values()) if base else []
            self._bases[name] = _Base(base.entries, suspects) if base else None
        self._used.add(name)
        known = self._bases[name]
        if known is None:
            base_key = keys.base_key(self._prefix, self._workspace, name)
            self._found.problem(base_key, GONE).hurts([revision.seq])
        await self._run(self._check_state, revision, known)

    def _check_state(self, revision: Revision, base: _Base | None) -> None:
        seq, suspects = revision.seq, self._suspects(revision.changed.values())
        if base is not None:
            key = keys.revision_key(self._prefix, self._workspace, seq)
            try:
                state = state_of(base.entries, revision)
            except BadObject as error:
                self._found.problem(key, error.message).hurts([seq])
                return
            if totals(state) != (revision.header.files, revision.header.bytes):
                self._found.problem(key, "it holds other files than its first line says").hurts([seq])
            suspects += [entry for entry in base.suspects if state.get(entry.path) is entry]
        for entry in suspects:
            for piece in entry.pieces:
                self._check_piece(seq, entry, piece)
            if len(entry.pieces) > 1 and self._found.read_data:
                self._large.setdefault((entry.sha256, entry.pieces), []).append((seq, entry.path))

    def _suspects(self, entries: Iterable[Entry]) -> list[Entry]:
        """Those with a piece that cannot be had, and those of several pieces; notes which packs are used."""
        found = []
        for entry in entries:
            self._used.update(piece.pack for piece in entry.pieces)
            if len(entry.pieces) > 1 or any(self._trouble(piece) for piece in entry.pieces):
                found.append(entry)
        return found

    def _trouble(self, piece: Piece) -> str:
        pack = self._packs.get(piece.pack)
        return GONE if pack is None else pack.trouble(piece)

    def _check_piece(self, seq: int, entry: Entry, piece: Piece) -> None:
        if what := self._trouble(piece):
            key = keys.pack_key(self._prefix, self._workspace, piece.pack)
            pack = self._packs.get(piece.pack)
            part = str(piece.offset) if pack is not None and piece.offset in pack.broken else ""
            self._found.problem(key, what, part).hurts([seq], entry.path)

    async def _base(self, name: str) -> Base | None:
        key = keys.bases_prefix(self._prefix, self._workspace) + name
        found: Base | None = await self._read(key, partial(read_base, sha256=name), GONE)
        self._found.bases += found is not None
        return found

    async def _other_bases(self, bases: Iterable[str]) -> None:
        for name in sorted(set(bases) - self._used):
            await self._base(name)

    async def _large_files(self) -> None:
        """Files of several pieces, put together: their own hash is not any piece's."""

        async def one(item: tuple[tuple[str, tuple[Piece, ...]], list[tuple[int, str]]]) -> None:
            (sha256, pieces), users = item
            if any(self._trouble(piece) for piece in pieces):
                return
            digest = hashlib.sha256()
            async for raw in self._raw(pieces):
                digest.update(raw)
            if digest.hexdigest() != sha256:
                for seq, path in users:
                    key = keys.revision_key(self._prefix, self._workspace, seq)
                    self._found.problem(key, "a file's pieces are not the file", path).hurts([seq], path)

        await each(one, self._large.items(), 2)

    async def _raw(self, pieces: Iterable[Piece]) -> AsyncIterator[bytes]:
        for piece in pieces:
            key = keys.pack_key(self._prefix, self._workspace, piece.pack)
            frame = await self._store.get_range(key, piece.offset, piece.length)
            self._found.bytes_read += len(frame)
            yield await self._run(unpack, frame, piece.sha256)

    async def _names(self, seqs: set[int]) -> None:
        async for one in self._store.list(keys.names_prefix(self._prefix, self._workspace)):
            name = keys.name_of(one.key)
            found = await self._read(one.key, partial(read_snapshot, name=name), "", write_snapshot)
            if found is not None and found.seq not in seqs:
                self._found.notes.append(f"the snapshot {name!r} names revision {found.seq}, which is not there")

    async def _singles(self) -> None:
        """Objects that need not be there."""
        prefix, workspace = self._prefix, self._workspace
        await self._read(keys.condemned_key(prefix, workspace), read_condemned, "", write_condemned)
        await self._read(keys.confirmed_key(prefix, workspace), read_confirmed, "", write_confirmed)
        await self._read(keys.writer_key(prefix), read_writer, "", write_writer)

    async def _read(
        self,
        key: str,
        reading: Callable[[bytes], Found],
        missing: str,
        writing: Callable[[Found], bytes] | None = None,
    ) -> Found | None:
        """What the object is; a problem where it cannot be read, or, with `missing`, where it is not there."""
        try:
            data = await self._store.get(key)
            self._found.bytes_read += len(data)
            found = await self._run(reading, data)
            if writing is not None:
                await self._same(key, data, writing, found)
            return found
        except NoSuchKey:
            if missing:
                self._found.problem(key, missing)
        except UNREADABLE as error:
            self._found.problem(key, str(error))
        return None

    async def _same(self, key: str, data: bytes, writing: Callable[[Found], bytes], found: Found) -> None:
        """A flipped bit that changes nothing of what an object says is told all the same."""
        if self._found.read_data and await self._run(writing, found) != data:
            self._found.notes.append(f"{key} says what it should, in other bytes than this Slipway writes")

    def _leftovers(self, bases: Mapping[str, int], packs: Mapping[str, int]) -> None:
        for what, listed in (("bases", bases), ("packs", packs)):
            unused = [size for name, size in listed.items() if name not in self._used]
            if unused:
                self._found.notes.append(f"{len(unused)} {what} ({sum(unused)} bytes) are needed by no revision")

    async def _run(self, call: Callable[..., Found], *args: object) -> Found:
        return await asyncio.get_running_loop().run_in_executor(self._pool, call, *args)

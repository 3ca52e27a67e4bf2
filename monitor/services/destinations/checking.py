"""Whether an object's bytes are what its key says, and what a revision leads to; hashing and unpacking in threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

from monitor.domain import keys
from monitor.domain.destinations import Part, short
from monitor.domain.history.base import read_base
from monitor.domain.history.errors import BadObject
from monitor.domain.history.pack import pack_name
from monitor.domain.history.revision import Revision
from monitor.domain.history.revision_text import read_revision
from monitor.domain.history.snapshot import read_snapshot
from monitor.errors import SlipwayError
from monitor.ports.store import NoSuchKey, Store

TRIES = 3

Found = TypeVar("Found")


class WrongBytes(BadObject):
    """A place gave back other bytes than it was sent: nothing there can be relied on before that is mended."""

    reason = "wrong-bytes"


class Checker:
    """Reads and checks one workspace's objects; remembers which packs each base names."""

    def __init__(self, workspace: str, pool: Executor) -> None:
        self.workspace, self._pool = workspace, pool
        self._bases: dict[str, frozenset[str]] = {}

    async def sound(self, store: Store, part: Part, key: str) -> bytes:
        """The object's bytes, right ones; read again where they came wrong. Raises `BadObject`, `NoSuchKey`."""
        for left in reversed(range(TRIES)):
            data = await store.get(key)
            try:
                await self.check(part, key, data)
                break
            except BadObject:
                if not left:
                    raise
        return data

    async def check(self, part: Part, key: str, data: bytes) -> None:
        """Raises `BadObject`, or `UnknownFormat` for what a newer Slipway wrote."""
        name = short(key)
        if part is Part.PACKS:
            if await self._run(pack_name, data) != name:
                raise BadObject(f"The pack {name} is damaged: its bytes have another hash.")
        elif part is Part.BASES:
            self._bases[name] = (await self._run(read_base, data, name)).packs
        elif part is Part.REVISIONS:
            await self._run(read_revision, data, keys.revision_seq(key))
        else:
            await self._run(read_snapshot, data, keys.name_of(key))

    async def needs(self, data: bytes, *stores: Store) -> frozenset[str]:
        """The keys of the base and the packs a revision (its bytes) leads to.

        The base is read from the first of `stores` that has it whole; raises `BadObject` or `NoSuchKey` where none.
        """
        revision = await self._run(read_revision, data)
        base = keys.base_key("", self.workspace, revision.header.base)
        packs = revision.packs | await self._packs_of(revision, base, stores)
        return frozenset({base, *(keys.pack_key("", self.workspace, pack) for pack in packs)})

    async def _packs_of(self, revision: Revision, base: str, stores: tuple[Store, ...]) -> frozenset[str]:
        name = revision.header.base
        problem: SlipwayError = BadObject(f"The base {name} was not read.")
        for store in stores:
            if name in self._bases:
                break
            try:
                await self.sound(store, Part.BASES, base)
            except (BadObject, NoSuchKey) as error:
                problem = error
        if name not in self._bases:
            raise problem
        return self._bases[name]

    async def _run(self, call: Callable[..., Found], *args: object) -> Found:
        return await asyncio.get_running_loop().run_in_executor(self._pool, call, *args)

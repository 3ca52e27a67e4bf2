"""What is remembered between runs, in a local folder: the newest revision, its base, and which files are clean.

All of it may be lost, be old or speak of another bucket; nothing here is believed that the store contradicts.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from monitor.domain.batch import Stamp
from monitor.domain.history import fields
from monitor.domain.history.entry import Entry
from monitor.domain.history.lines import read_lines, write_lines
from monitor.domain.history.path_text import path_from_text, to_text
from monitor.domain.history.planning import FileMark
from monitor.errors import SlipwayError
from monitor.ports.store import NoSuchKey, Store
from monitor.services.history.head import Head

WHAT = "clean"
_HASH = 16
_EARLIEST = -(2**63)
_INODES = 2**64 - 1

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Clean:
    """Files read at rest: path to mark, and the beginning of the hash that was found."""

    files: Mapping[str, tuple[FileMark, str]]
    keys: Mapping[str, Stamp]

    def of(self, state: Mapping[str, Entry]) -> dict[str, FileMark]:
        """The marks of those whose bytes are still what `state` lists."""
        pairs = ((path, self.files.get(path), entry.sha256) for path, entry in state.items() if entry.sha256)
        return {path: seen[0] for path, seen, sha in pairs if seen is not None and sha.startswith(seen[1])}


class Cache:
    """`identity` names the bucket and the prefix this is about. Failures are logged and cost only time."""

    def __init__(self, store: Store, identity: str) -> None:
        self._store = store
        self._top = hashlib.sha256(identity.encode()).hexdigest()[:16]

    async def revision(self, name: str) -> bytes | None:
        return await self._get(name, "revision")

    async def base(self, name: str) -> bytes | None:
        return await self._get(name, "base")

    async def clean(self, name: str) -> Clean:
        data = await self._get(name, "clean")
        try:
            return read_clean(data) if data else Clean({}, {})
        except SlipwayError:
            return Clean({}, {})

    async def put_revision(self, name: str, revision: bytes, base: bytes | None = None) -> None:
        """The newest revision; `base` where it is a new one."""
        if base is not None:
            await self._put(name, "base", base)
        await self._put(name, "revision", revision)

    async def put_clean(self, name: str, clean: bytes) -> None:
        """`clean` as `write_clean` makes it."""
        await self._put(name, "clean", clean)

    async def forget(self, name: str) -> None:
        """Nothing is remembered of this workspace; raises where that cannot be: it would be believed."""
        for what in ("revision", "base", "clean"):
            await self._store.delete(f"{self._top}/{name}/{what}")

    async def _get(self, name: str, what: str) -> bytes | None:
        try:
            return await self._store.get(f"{self._top}/{name}/{what}")
        except NoSuchKey:
            return None
        except SlipwayError as error:
            log.warning("the history's cache of %s is lost: %s", name, error.message)
            return None

    async def _put(self, name: str, what: str, data: bytes) -> None:
        try:
            await self._store.put(f"{self._top}/{name}/{what}", data)
        except SlipwayError as error:
            log.warning("the history's cache of %s is not written: %s", name, error.message)
            # An old copy is worse than none: with the store away it would be believed.
            with suppress(SlipwayError):
                await self._store.delete(f"{self._top}/{name}/{what}")


def clean_of(head: Head) -> Clean:
    """What is known in memory."""
    pairs = ((path, mark, head.state.get(path)) for path, mark in head.clean.items())
    return Clean({path: (mark, entry.sha256[:_HASH]) for path, mark, entry in pairs if entry}, dict(head.keys))


def write_clean(clean: Clean) -> bytes:
    """The object's bytes; slow for many files, so made in a thread."""

    def lines() -> Iterator[list[Any]]:
        for path, (mark, sha256) in clean.files.items():
            yield ["clean", to_text(path), *mark, sha256]
        for path, stamp in clean.keys.items():
            yield ["key", to_text(path), *stamp]

    return write_lines(WHAT, {}, lines())


def read_clean(data: bytes) -> Clean:
    """Lines of other lengths are of versions that remembered no change times: such files are read again."""
    files: dict[str, tuple[FileMark, str]] = {}
    keys: dict[str, Stamp] = {}
    for line in read_lines(WHAT, data)[1]:
        if line[0] == "clean" and len(line) == 5:
            mark = (fields.integer(line[2], 0, _INODES), fields.integer(line[3], _EARLIEST))
            files[path_from_text(line[1])] = (mark, fields.text(line[4], _HASH))
        elif line[0] == "key" and len(line) == 6:
            size, mtime_ns, inode, ctime_ns = (fields.integer(value, _EARLIEST, _INODES) for value in line[2:])
            keys[path_from_text(line[1])] = (size, mtime_ns, inode, ctime_ns)
    return Clean(files, keys)

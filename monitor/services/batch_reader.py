"""Reading a batch: groups of files small enough for memory, the unsettled tried again after a quiet gap."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.domain.tree import Entry
from monitor.ports.clock import Clock
from monitor.ports.files import Changed, Files

GROUP_FILES, GROUP_BYTES = 32, 8 * 1024 * 1024
TRIES, QUIET_S = 3, 0.3


@dataclass(frozen=True, slots=True)
class Content:
    """A file's bytes, exactly those `entry` describes; `read_ns` is the wall clock right after reading."""

    entry: Entry
    data: bytes
    read_ns: int


@dataclass(frozen=True, slots=True)
class Group:
    """What one round of reading brought, and what was given up for now."""

    contents: tuple[Content, ...]
    unsettled: tuple[Changed, ...] = ()


class BatchReader:
    """Reads entries of one folder; one file at a time may be larger than a group."""

    def __init__(self, files: Files, clock: Clock) -> None:
        self._files, self._clock = files, clock

    async def read(self, folder: Path, entries: Iterable[Entry]) -> AsyncIterator[Group]:
        """Groups in no particular order; raises `FolderGone`. What is unsettled comes last, after three tries."""
        left = list(entries)
        given_up: list[Changed] = []
        for turn in range(TRIES):
            unsettled: list[tuple[Entry, Changed]] = []
            for group in grouped(left):
                contents, changed = await self._group(folder, group)
                unsettled += changed
                if contents:
                    yield Group(tuple(contents))
            given_up = [c for _, c in unsettled]
            left = [c.now or entry for entry, c in unsettled if not c.refused and not c.gone]
            refused = [c for c in given_up if c.refused or c.gone]
            if refused:
                yield Group((), tuple(refused))
            given_up = [c for c in given_up if c not in refused]
            if not left:
                return
            if turn + 1 < TRIES:
                await self._clock.sleep(QUIET_S)
        yield Group((), tuple(given_up))

    async def _group(self, folder: Path, group: Sequence[Entry]) -> tuple[list[Content], list[tuple[Entry, Changed]]]:
        found = await self._files.read_many(folder, group)
        now = self._clock.wall_ns()
        contents: list[Content] = []
        changed: list[tuple[Entry, Changed]] = []
        for entry in group:
            data = found[entry.path]
            if isinstance(data, Changed):
                changed.append((entry, data))
            else:
                contents.append(Content(entry, data, now))
        return contents, changed


def grouped(entries: Sequence[Entry]) -> list[list[Entry]]:
    """At most 32 files and 8 MiB together, or one larger file alone."""
    groups: list[list[Entry]] = []
    size = 0
    for entry in entries:
        if not groups or len(groups[-1]) >= GROUP_FILES or size + entry.size > GROUP_BYTES:
            groups.append([])
            size = 0
        groups[-1].append(entry)
        size += entry.size
    return groups

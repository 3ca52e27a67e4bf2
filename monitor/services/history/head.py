"""What is known of one workspace's history in memory: its newest revision, and how keeping goes."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from monitor.domain.batch import LeftOut, Stamp
from monitor.domain.filters import Overrides
from monitor.domain.history.entry import Entry, Piece
from monitor.domain.history.losses import Fall
from monitor.domain.history.planning import FileMark, Known
from monitor.domain.history.revision import Header, Revision
from monitor.domain.history.times import Mark


@dataclass(slots=True)
class Head:
    """One workspace; everything below `lock` changes only while it is held.

    `header` is the newest revision's, wherever it is; `stored` that of the newest whose object is in the store.
    `state` is what it lists, `base` what its base lists; `sure` says that the store was asked for it. `index` finds
    the pieces of every revision seen, `recalled` says that this is every one there is. `alone`: what the newest one
    lists cannot be read, the next one has a base of its own. `looked_at`: when the latest look that was kept began.
    `fall`: the files that are going just now, until a mass deletion is made of it.
    `users` hold the lock or wait for it.
    """

    name: str
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    loaded: bool = False
    sure: bool = False
    seq: int = 0
    header: Header | None = None
    stored: Header | None = None
    size: int = 0
    alone: bool = False
    base: Mapping[str, Entry] = field(default_factory=dict)
    base_packs: frozenset[str] = frozenset()
    state: dict[str, Entry] = field(default_factory=dict)
    clean: dict[str, FileMark] = field(default_factory=dict)
    keys: dict[str, Stamp] = field(default_factory=dict)
    index: dict[str, Piece] = field(default_factory=dict)
    recalled: bool = False
    condemned: set[str] = field(default_factory=set)
    growing: dict[str, float] = field(default_factory=dict)
    changes: int = 0
    wanted: int = 0
    left_out: LeftOut = field(default_factory=LeftOut)
    error: str = ""
    where: tuple[Path, Overrides, int] | None = None
    used_at: float = 0.0
    saved_at: float = float("-inf")
    unsaved: bytes | None = None
    saved_state: Mapping[str, Entry] | None = None
    retry_at: float = 0.0
    busy: bool = False
    looked_at: float = 0.0
    fall: Fall | None = None
    users: int = 0

    @property
    def known(self) -> Known:
        return Known(self.state, self.clean, self.keys)

    @property
    def mark(self) -> Mark | None:
        header = self.header
        return None if header is None else Mark(header.seq, header.time_ns, header.segment)

    def put(
        self,
        revision: Revision,
        size: int,
        base: Mapping[str, Entry],
        base_packs: frozenset[str],
        state: dict[str, Entry],
    ) -> None:
        """This is the newest revision now; `size` is its object's."""
        self.seq, self.header, self.size = max(self.seq, revision.seq), revision.header, size
        if base is not self.base:
            self.base, self.base_packs = base, base_packs
            self.remember(base.values())
        self.state = state
        self.loaded, self.alone = True, False
        # Named again, so no longer condemned; the next look of the collector will see that too.
        self.condemned -= revision.packs | self.base_packs
        self.remember(revision.changed.values())

    def remember(self, entries: Iterable[Entry]) -> None:
        """Their pieces can be used again."""
        for entry in entries:
            for piece in entry.pieces:
                if piece.pack not in self.condemned:
                    self.index.setdefault(piece.sha256, piece)

    def distrust(self, packs: Collection[str]) -> None:
        """Content of these packs is uploaded again where a batch needs it."""
        self.condemned.update(packs)
        self.index = {sha: piece for sha, piece in self.index.items() if piece.pack not in self.condemned}

    def unload(self) -> None:
        """Forget what can be read again; what is known of the newest revision stays."""
        self.loaded = self.recalled = False
        self.base, self.state, self.clean, self.index = {}, {}, {}, {}

    def begin_anew(self) -> None:
        """There is no revision any more, here or in the store."""
        self.unload()
        self.sure, self.seq, self.size = False, 0, 0
        self.header = self.stored = None
        self.base_packs, self.keys, self.fall = frozenset(), {}, None
        self.condemned.clear()
        self.unsaved = None

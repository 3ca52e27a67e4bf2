"""What the mirror knows of one workspace, remembered over restarts; losing it costs time, never truth.

The whole is saved now and then; the paths a batch is about to touch are saved before it, so that a kill leaves no
object the next start does not know of.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.domain.batch import LeftOut, Stamp
from monitor.domain.filters import Overrides
from monitor.ports.clock import Clock
from monitor.ports.state_files import StateFiles

SAVE_S, OPEN_MAX = 5.0, 1_000


@dataclass(slots=True)
class Book:
    """One workspace's page: what is kept (`known`), what waits (`held`), and how the last pass went."""

    name: str
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    known: dict[str, Stamp | None] | None = None
    unsure: set[str] = field(default_factory=set)
    held: frozenset[str] = frozenset()
    keys: dict[str, Stamp] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    kept_at: str | None = None
    left_out: LeftOut = field(default_factory=LeftOut)
    pending: int = 0
    error: str | None = None
    behind_since: float | None = None
    failures: int = 0
    not_before: float = 0.0
    saved_at: float = float("-inf")
    where: tuple[Path, Overrides | None] | None = None
    read_ns: int = 0
    confirmed: bool = False
    busy: bool = False


class Bookkeeper:
    """Loads and saves books in `files`, off the event loop; `identity` names the bucket they speak of."""

    def __init__(self, files: StateFiles, clock: Clock, identity: str, pool: Executor) -> None:
        self._files, self._clock, self._identity, self._pool = files, clock, identity, pool

    async def load(self, book: Book) -> bool:
        """Fill `known` from the last save; False where there is none, or it speaks of another bucket."""
        saved, touched = await self._run(self._read, book.name)
        if not isinstance(saved, dict) or saved.get("identity") != self._identity:
            return False
        try:
            known: dict[str, Stamp | None] = {p: _stamp(text) for p, text in saved["stamps"].items()}
            held, kept_at = frozenset(map(str, saved["held"])), saved["kept_at"]
        except (KeyError, TypeError, ValueError, AttributeError):
            return False
        known.update(dict.fromkeys(touched if isinstance(touched, list) else []))
        book.known, book.held, book.kept_at = known, held, kept_at
        book.open = set(touched or [])
        return True

    async def opening(self, book: Book, paths: set[str]) -> None:
        """Before a batch: these paths are about to change in the store."""
        more = paths - book.open
        if not more:
            return
        book.open |= more
        if len(book.open) > OPEN_MAX:
            # With everything unknown the next start lists and compares, which costs less than a list this long.
            await self._run(self._forget, book.name)
        else:
            await self._run(self._files.write, _open_name(book.name), sorted(book.open))

    async def closing(self, book: Book, *, now: bool = False) -> None:
        """After a batch: save the whole, where the last time is long enough ago or much is open."""
        due = self._clock.monotonic() - book.saved_at >= SAVE_S
        if book.known is None or not (now or due or len(book.open) > OPEN_MAX):
            return
        value = {
            "identity": self._identity,
            "kept_at": book.kept_at,
            "held": sorted(book.held),
            "stamps": {p: " ".join(map(str, s)) if s else "" for p, s in book.known.items()},
        }
        await self._run(self._save, book.name, value)
        book.saved_at, book.open = self._clock.monotonic(), set()

    async def forget(self, name: str) -> None:
        """Nothing is remembered of this workspace."""
        await self._run(self._forget, name)

    def _read(self, name: str) -> tuple[object, list[str] | None]:
        return self._files.read(_name(name)), self._files.read(_open_name(name))

    def _save(self, name: str, value: object) -> None:
        self._files.write(_name(name), value)
        self._files.remove(_open_name(name))

    def _forget(self, name: str) -> None:
        self._files.remove(_name(name))
        self._files.remove(_open_name(name))

    async def _run(self, call: Callable[..., Any], *args: object) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, call, *args)


def _name(workspace: str) -> str:
    return f"mirror/{workspace}.json"


def _open_name(workspace: str) -> str:
    return f"mirror/{workspace}.open.json"


def _stamp(text: str) -> Stamp | None:
    if not text:
        return None
    # Earlier versions wrote no change time; with none the file is compared with its object once.
    size, mtime_ns, inode, ctime_ns = (*map(int, text.split(" ")), 0)[:4]
    return (size, mtime_ns, inode, ctime_ns)

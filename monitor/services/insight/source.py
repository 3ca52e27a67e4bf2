"""The source of a workspace for reading: what is there now, or was at a revision; nothing the filter leaves out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.domain.history.entry import Entry as KeptEntry
from monitor.domain.moments import rfc3339
from monitor.domain.tree import Entry, Kind, Tree
from monitor.errors import NotFound, Refused
from monitor.ports.files import Changed, Files
from monitor.services.desk import Desk
from monitor.services.insight.looking import Looking
from monitor.services.past.past import Past

MOST_ITEMS = 2000
MOST_BYTES = 64 * 1024 * 1024
PIECE = 256 * 1024
One = Entry | KeptEntry


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that is being read: `size` is what it had when it was looked at."""

    name: str
    size: int
    pieces: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Source:
    """Files go through the port that follows no symlink and opens no device."""

    desk: Desk
    looking: Looking
    files: Files
    past: Past | None

    async def listed(self, name: str, path: str, at: str) -> dict[str, Any]:
        """One folder: `{"path", "at", "items", "more", "left_out"}`; `at` "" is now, else what names a revision.

        Raises `NotFound`, `UsageError`, `FolderGone`, `StoreAway`.
        """
        folder = path.strip("/")
        seq: int | None = None
        left_out: dict[str, int] | None = None
        entries: Mapping[str, One]
        if at:
            seq, entries = await self._kept(name, at)
        else:
            _, tree = await self._now(name)
            entries, left_out = tree.entries, _left_out(tree, folder)
        items = _children(entries.values(), folder)
        if folder and not items and _kind(entries, folder) is not Kind.DIR:
            raise _no_such(name, path)
        return {
            "path": folder,
            "at": seq,
            "items": items[:MOST_ITEMS],
            "more": max(0, len(items) - MOST_ITEMS),
            "left_out": left_out,
        }

    async def opened(self, name: str, path: str, at: str) -> Opened:
        """One file's bytes, piece by piece; raises as `listed`, and `Refused` for what is no file or too large."""
        inside = path.strip("/")
        if at:
            seq, entries = await self._kept(name, at)
            _readable(name, inside, entries)
            data = await _given(self.past).reading.diffs.content(name, seq, inside, MOST_BYTES)
            return Opened(inside.rpartition("/")[2], len(data), _at_once(data))
        folder, tree = await self._now(name)
        entry = _readable(name, inside, tree.entries)
        return Opened(inside.rpartition("/")[2], entry.size, self._pieces(folder, tree.entries[inside]))

    async def _pieces(self, folder: Path, entry: Entry) -> AsyncIterator[bytes]:
        """As it is, also while it is being written; one that is replaced meanwhile by something else ends early."""
        left = MOST_BYTES
        async for piece in self.files.pieces(folder, entry, PIECE, as_is=True):
            if isinstance(piece, Changed) or left <= 0:
                return
            yield piece[:left]
            left -= len(piece)

    async def _now(self, name: str) -> tuple[Path, Tree]:
        self.desk.workspace(name)
        seen = await self.looking.walk(name)
        return seen.folder, seen.tree

    async def _kept(self, name: str, at: str) -> tuple[int, Mapping[str, KeptEntry]]:
        reading = _given(self.past).reading
        seq = await reading.seq(name, at)
        return seq, await reading.archive.state(name, seq)


def _children(entries: Iterable[One], folder: str) -> list[dict[str, Any]]:
    """What stands directly in a folder, folders first; a folder tells how much is below it."""
    below = f"{folder}/" if folder else ""
    folders: dict[str, list[int]] = {}
    files: list[dict[str, Any]] = []
    for entry in entries:
        if not entry.path.startswith(below) or entry.path == folder:
            continue
        child, _, deeper = entry.path[len(below) :].partition("/")
        if deeper or entry.kind is Kind.DIR:
            sums = folders.setdefault(child, [0, 0])
            sums[0] += bool(deeper) and entry.kind is not Kind.DIR
            sums[1] += entry.size if entry.kind is Kind.FILE else 0
        else:
            files.append(_file(entry, child))
    made = [
        {"name": child, "path": below + child, "type": "dir", "files": count, "size": size}
        for child, (count, size) in sorted(folders.items())
    ]
    return [*made, *sorted(files, key=lambda one: str(one["name"]))]


def _file(entry: One, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "path": entry.path,
        "type": entry.kind.value,
        "size": entry.size,
        "mtime": rfc3339(entry.mtime_ns),
        "mode": entry.mode,
        "target": entry.target or None,
    }


def _left_out(tree: Tree, folder: str) -> dict[str, int]:
    """How much of this folder the filter does not keep; names stay untold."""
    here = [item for item in tree.excluded if item.path.rpartition("/")[0] == folder]
    return {"items": len(here), "secrets": sum(item.secret for item in here)}


def _kind(entries: Mapping[str, One], path: str) -> Kind | None:
    return entries[path].kind if path in entries else None


def _readable(name: str, path: str, entries: Mapping[str, One]) -> One:
    entry = entries.get(path)
    if entry is None:
        raise _no_such(name, path)
    if entry.kind is not Kind.FILE:
        raise Refused(f"{path[:200]!r} is a {entry.kind.value}, not a file", hint="links are shown, never followed")
    if entry.size > MOST_BYTES:
        raise Refused(
            f"{path[:200]!r} has {entry.size} bytes, more than {MOST_BYTES}", hint="take it from the folder itself"
        )
    return entry


def _no_such(name: str, path: str) -> NotFound:
    return NotFound(
        f"'{name}' has no {path[:200]!r} among its source",
        hint="what the filter leaves out (secrets, generated files) is not shown; `slipway explain` says why",
    )


def _given(past: Past | None) -> Past:
    if past is None:
        raise NotFound("nothing is kept here")
    return past


async def _at_once(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), PIECE):
        yield data[start : start + PIECE]

"""Reading files that change under us: bytes only if the file was the same before and after.

A file is also refused while its change time is so young that a later write within the same clock tick would
leave no trace (git calls such entries racy).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from monitor.adapters.disk.opening import NotRegular, folder_fd, lasts, open_regular, parent_of, why
from monitor.domain.tree import Entry, Kind, Tree
from monitor.ports.files import Changed

RACY_NS = 15_000_000


def read_many(folder: Path, entries: Sequence[Entry], now_ns: Callable[[], int]) -> dict[str, bytes | Changed]:
    """Each entry's bytes or why not; raises `FolderGone`."""
    with folder_fd(folder) as fd:
        return {entry.path: _read(fd, entry, now_ns) for entry in entries}


def read_texts(folder: Path, tree: Tree, wanted: Callable[[str], bool], limit: int) -> dict[str, str]:
    """The wanted files' texts, up to `limit` bytes each; raises `FolderGone`."""
    texts: dict[str, str] = {}
    with folder_fd(folder) as top:
        chosen = sorted(e.path for e in tree if e.kind is Kind.FILE and e.size <= limit and wanted(e.path))
        for path in chosen:
            try:
                with parent_of(top, path) as (parent, name):
                    fd = open_regular(name, parent)
                try:
                    data = _whole(fd, limit)
                finally:
                    os.close(fd)
                texts[path] = data.decode("utf-8-sig")
            except (OSError, UnicodeDecodeError):
                continue
    return texts


def absent(folder: Path, paths: Sequence[str]) -> frozenset[str]:
    """Which paths lead to nothing; raises `FolderGone`."""
    gone: set[str] = set()
    with folder_fd(folder) as top:
        for path in paths:
            try:
                with parent_of(top, path) as (parent, name):
                    os.stat(name, dir_fd=parent, follow_symlinks=False)
            except (FileNotFoundError, NotADirectoryError):
                gone.add(path)
            except OSError:
                continue
    return frozenset(gone)


def _read(top: int, entry: Entry, now_ns: Callable[[], int]) -> bytes | Changed:
    try:
        with parent_of(top, entry.path) as (parent, name):
            fd = open_regular(name, parent)
    except (FileNotFoundError, NotADirectoryError):
        return Changed(entry.path, "it is not there any more", gone=True)
    except NotRegular:
        return Changed(entry.path, "it is no regular file any more")
    except OSError as error:
        return Changed(entry.path, why(error), refused=lasts(error))
    try:
        return _stable(fd, entry, now_ns)
    except OSError as error:
        return Changed(entry.path, why(error), refused=lasts(error))
    finally:
        os.close(fd)


def _stable(fd: int, entry: Entry, now_ns: Callable[[], int]) -> bytes | Changed:
    before = os.fstat(fd)
    started = now_ns()
    if (changed := instable(entry, before, before, started)) is not None and changed.now is not None:
        return changed
    data = _whole(fd, entry.size)
    after = os.fstat(fd)
    if len(data) != entry.size:
        return Changed(entry.path, "it changed while it was read", now=_as_now(entry, after))
    return instable(entry, before, after, started) or data


def instable(entry: Entry, before: os.stat_result, after: os.stat_result, started_ns: int) -> Changed | None:
    """Why what was read in between is not surely `entry`; `started_ns` is the wall clock before reading."""
    if (before.st_size, before.st_mtime_ns, before.st_ino) != (entry.size, entry.mtime_ns, entry.inode):
        return Changed(entry.path, "it changed since it was listed", now=_as_now(entry, before))
    if _stamp(before) != _stamp(after):
        return Changed(entry.path, "it changed while it was read", now=_as_now(entry, after))
    if abs(started_ns - after.st_ctime_ns) < RACY_NS:
        return Changed(entry.path, "it was written this very moment")
    return None


def _as_now(entry: Entry, info: os.stat_result) -> Entry:
    mode = stat.S_IMODE(info.st_mode)
    now = replace(entry, size=info.st_size, mtime_ns=info.st_mtime_ns, ctime_ns=info.st_ctime_ns)
    return replace(now, mode=mode, inode=info.st_ino)


def _whole(fd: int, size: int) -> bytes:
    """Up to one byte more than `size`, so that growth shows."""
    parts: list[bytes] = []
    left = size + 1
    while left > 0:
        part = os.read(fd, min(left, 8 * 1024 * 1024))
        if not part:
            break
        parts.append(part)
        left -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _stamp(info: os.stat_result) -> tuple[int, int, int, int]:
    return (info.st_size, info.st_mtime_ns, info.st_ctime_ns, info.st_ino)

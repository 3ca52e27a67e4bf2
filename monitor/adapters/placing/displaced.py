"""What was displaced: whatever the safety revision holds too is dropped, the rest listed until it is kept."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from monitor.adapters.disk.opening import open_dir, open_regular
from monitor.adapters.placing.ground import is_dir, kind_at
from monitor.domain.tree import Entry, Kind, tree_of
from monitor.ports.placing import Displaced, content_id

_CHUNK = 1024 * 1024


def list_displaced(fd: int, folder: Path, known: Mapping[str, str]) -> Iterator[Displaced]:
    """The open folder `fd` holds `0`, `1` …, each laid out as the target; `folder` is its path. Blocking."""
    for name in sorted((n for n in os.listdir(fd) if n.isdigit()), key=int):
        inner = open_dir(name, fd)
        try:
            found = list(_unkept(inner, "", known))
        finally:
            os.close(inner)
        if found:
            yield Displaced(folder / name, tree_of(found))
        else:
            with suppress(OSError):
                os.rmdir(name, dir_fd=fd)


def drop(fd: int, displaced: Displaced, held: Mapping[str, str]) -> int:
    """Delete what `held` has, by its bytes: a program may still write to one it has open. How many files are left."""
    inner = open_dir(displaced.folder.name, fd)
    try:
        return sum(1 for _ in _unkept(inner, "", held))
    finally:
        os.close(inner)


def hash_of(name: str, parent: int) -> str:
    """SHA-256 of a regular file; raises `OSError`."""
    fd = open_regular(name, parent)
    try:
        digest = hashlib.sha256()
        while part := os.read(fd, _CHUNK):
            digest.update(part)
        return digest.hexdigest()
    finally:
        os.close(fd)


def _unkept(fd: int, folder: str, known: Mapping[str, str]) -> Iterator[Entry]:
    for name in sorted(os.listdir(fd)):
        path = f"{folder}/{name}" if folder else name
        info = os.stat(name, dir_fd=fd, follow_symlinks=False)
        if is_dir(info):
            inner = open_dir(name, fd)
            try:
                yield from _unkept(inner, path, known)
            finally:
                os.close(inner)
            with suppress(OSError):
                os.rmdir(name, dir_fd=fd)
        else:
            yield from _one(fd, name, path, info, known)


def _one(fd: int, name: str, path: str, info: os.stat_result, known: Mapping[str, str]) -> Iterator[Entry]:
    entry = _entry(fd, name, path, info)
    if entry.kind is Kind.SYMLINK:
        found = content_id(target=entry.target)
    elif entry.kind is Kind.FILE:
        entry = _readable(fd, name, info, entry)
        found = _content(fd, name)
    else:
        found = ""
    if known.get(path) != found or not _unchanged(kind_at(fd, name), entry):
        yield entry
        return
    os.unlink(name, dir_fd=fd)


def _readable(fd: int, name: str, info: os.stat_result, entry: Entry) -> Entry:
    """Ours, but without our right to read: it is out of its place already, so that may be given."""
    if info.st_mode & stat.S_IRUSR or os.geteuid() == 0 or info.st_uid != os.geteuid():
        return entry
    at = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=fd)
    try:
        Path(f"/proc/self/fd/{at}").chmod(stat.S_IMODE(info.st_mode) | stat.S_IRUSR)
        return replace(entry, ctime_ns=os.fstat(at).st_ctime_ns)
    finally:
        os.close(at)


def _content(fd: int, name: str) -> str:
    try:
        return content_id(hash_of(name, fd))
    except PermissionError:
        return ""


def _entry(fd: int, name: str, path: str, info: os.stat_result) -> Entry:
    mode = stat.S_IMODE(info.st_mode)
    if stat.S_ISLNK(info.st_mode):
        target = os.readlink(name, dir_fd=fd)
        return Entry(path, Kind.SYMLINK, 0, info.st_mtime_ns, mode, target, info.st_ino)
    kind = Kind.FILE if stat.S_ISREG(info.st_mode) else Kind.SPECIAL
    return Entry(path, kind, info.st_size, info.st_mtime_ns, mode, inode=info.st_ino, ctime_ns=info.st_ctime_ns)


def _unchanged(info: os.stat_result | None, entry: Entry) -> bool:
    if info is None or info.st_ino != entry.inode or info.st_mtime_ns != entry.mtime_ns:
        return False
    return entry.kind is Kind.SYMLINK or (info.st_size, info.st_ctime_ns) == (entry.size, entry.ctime_ns)

"""A readable copy of what a running instance gets, kept current: only what changed is copied.

A copy carries its source's modification time, so size and time tell what is still the same, unless the source's inode
changed since it was copied; each file is written beside its place and renamed into it. Modes become readable for
everyone, what could be run by someone can be by all.
"""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import suppress
from pathlib import Path

from monitor.adapters.disk.opening import folder_fd, open_dir, open_regular, parent_of, why
from monitor.domain.tree import Entry, Kind, Tree
from monitor.errors import SlipwayError
from monitor.ports.files import Exported

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1024 * 1024


def export(folder: Path, tree: Tree, dest: Path) -> Exported:
    """Bring `dest` to the tree; raises `FolderGone`, or `SlipwayError` where `dest` cannot be written."""
    wanted = _wanted(tree)
    try:
        dest.mkdir(parents=True, exist_ok=True)
        with folder_fd(folder) as source, folder_fd(dest) as target:
            os.fchmod(target, 0o755)
            # What cannot be seen right now stays as it was copied last.
            removed = _clear(target, "", wanted, tree)
            copied, problems = _bring(source, target, wanted)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM):
            raise
        raise SlipwayError(
            f"the readable copy in {dest} cannot be written: {why(error)}",
            hint="free some disk space or mend its permissions",
        ) from error
    return Exported(copied, removed, tuple(problems))


def _wanted(tree: Tree) -> dict[str, Entry]:
    runs = [e for e in tree.excluded if e.runs]
    extra = {e.path: Entry(e.path, Kind.FILE, e.size, e.mtime_ns, ctime_ns=e.ctime_ns) for e in runs}
    return {**extra, **{path: e for path, e in tree.entries.items() if e.kind is not Kind.SPECIAL}}


def _clear(fd: int, path: str, wanted: dict[str, Entry], tree: Tree) -> int:
    """Remove what is not wanted, or is of another kind; the number of files removed."""
    folders = _folders_of(wanted)
    return _clear_in(fd, path, wanted, folders, tree)


def _clear_in(fd: int, path: str, wanted: dict[str, Entry], folders: set[str], tree: Tree) -> int:
    removed = 0
    with os.scandir(fd) as found:
        items = list(found)
    for item in items:
        below = f"{path}/{item.name}" if path else item.name
        if item.is_dir(follow_symlinks=False):
            inner = open_dir(item.name, fd)
            try:
                removed += _clear_in(inner, below, wanted, folders, tree)
            finally:
                os.close(inner)
            if below not in folders and not tree.is_unread(below):
                with suppress(OSError):
                    os.rmdir(item.name, dir_fd=fd)
        elif _stale(item, wanted.get(below)) and not tree.is_unread(below):
            os.unlink(item.name, dir_fd=fd)
            removed += 1
    return removed


def _stale(item: os.DirEntry[str], entry: Entry | None) -> bool:
    if entry is None or entry.kind is Kind.DIR:
        return True
    return item.is_symlink() != (entry.kind is Kind.SYMLINK)


def _folders_of(wanted: dict[str, Entry]) -> set[str]:
    found = {path for path, entry in wanted.items() if entry.kind is Kind.DIR}
    for path in wanted:
        folder = path.rpartition("/")[0]
        while folder and folder not in found:
            found.add(folder)
            folder = folder.rpartition("/")[0]
    return found


def _bring(source: int, target: int, wanted: dict[str, Entry]) -> tuple[int, list[str]]:
    copied, problems = 0, []
    for folder in sorted(_folders_of(wanted)):
        with parent_of(target, folder) as (parent, name), suppress(FileExistsError):
            os.mkdir(name, dir_fd=parent)
            made = open_dir(name, parent)
            os.fchmod(made, 0o755)
            os.close(made)
    for path, entry in wanted.items():
        if entry.kind is Kind.DIR:
            continue
        with parent_of(target, path) as (into, name):
            if _same(into, name, entry):
                continue
            problem = _link(into, name, entry) if entry.kind is Kind.SYMLINK else _copy(source, into, name, entry)
        if problem:
            problems.append(f"{path}: {problem}")
        else:
            copied += 1
    return copied, problems


def _same(into: int, name: str, entry: Entry) -> bool:
    try:
        there = os.stat(name, dir_fd=into, follow_symlinks=False)
        if entry.kind is Kind.SYMLINK:
            return os.readlink(name, dir_fd=into) == entry.target
    except OSError:
        return False
    runnable = bool(entry.mode & 0o111) == bool(there.st_mode & 0o111) or not entry.inode
    same = (there.st_size, there.st_mtime_ns) == (entry.size, entry.mtime_ns)
    return runnable and same and entry.ctime_ns < there.st_ctime_ns


def _link(into: int, name: str, entry: Entry) -> str:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=into)
    os.symlink(entry.target, name, dir_fd=into)
    return ""


def _copy(source: int, into: int, name: str, entry: Entry) -> str:
    try:
        with parent_of(source, entry.path) as (parent, last):
            read = open_regular(last, parent)
    except OSError as error:
        return why(error)
    temporary = f".slipway-{secrets.token_hex(8)}"
    try:
        info = os.fstat(read)
        write = os.open(temporary, _NEW, 0o600, dir_fd=into)
        try:
            _pour(read, write, info.st_size)
            os.fchmod(write, 0o755 if info.st_mode & 0o111 else 0o644)
            os.utime(write, ns=(info.st_mtime_ns, info.st_mtime_ns))
        finally:
            os.close(write)
        os.rename(temporary, name, src_dir_fd=into, dst_dir_fd=into)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=into)
        raise
    finally:
        os.close(read)
    return ""


def _pour(read: int, write: int, size: int) -> None:
    """Copy data and leave holes as holes."""
    at = 0
    while at < size:
        try:
            start = os.lseek(read, at, os.SEEK_DATA)
            end = os.lseek(read, start, os.SEEK_HOLE)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            break
        os.lseek(write, start, os.SEEK_SET)
        at = start
        while at < end and (done := os.sendfile(write, read, at, min(end - at, _CHUNK))):
            at += done
        at = end
    os.ftruncate(write, size)

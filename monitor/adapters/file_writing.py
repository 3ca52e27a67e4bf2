"""Single files written beside the workspaces and moved into place: no reader and no watcher sees a part of one."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import secrets
import stat
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from monitor.adapters.disk.opening import folder_fd, open_regular, parent_of
from monitor.adapters.placing import journal
from monitor.adapters.placing.ground import NEW_FILE, Folders
from monitor.errors import Conflict, NotFound, SlipwayError, UsageError
from monitor.ports.writing import Changed, Expected, Put

T = TypeVar("T")
_THREADS = 4
_PIECE = 1024 * 1024
_MODE = 0o644
_BESIDE = "write-"


class TooLarge(UsageError):
    """More bytes than a single file may have."""

    reason = "too-large"
    status = 413


class DiskWriting:
    """See `monitor.ports.writing`. `root` is the workspaces root, whose `.slipway` folder takes the bytes first."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="file-writing")
        self._tidied = False

    async def put(self, folder: Path, path: str, data: AsyncIterator[bytes], expected: Expected, most: int) -> Put:
        beside = f"{_BESIDE}{secrets.token_hex(8)}"
        home = await self._run(partial(journal.home, self._root))
        if not self._tidied:
            self._tidied = True
            _tidy(home)
        try:
            fd = await self._run(partial(os.open, beside, NEW_FILE, 0o600, dir_fd=home))
            try:
                digest, size = hashlib.sha256(), 0
                async for piece in data:
                    size += len(piece)
                    if size > most:
                        raise TooLarge(f"the file has more than {most // 1024**2} MiB", hint="put it into the folder")
                    await self._run(partial(_take, fd, digest.update, piece))
                placed = partial(_place, folder, path, home, beside, fd, expected)
                created = await self._run(placed)
            finally:
                os.close(fd)
                with suppress(FileNotFoundError):
                    os.unlink(beside, dir_fd=home)
        except OSError as error:
            raise _told(path, error) from error
        finally:
            os.close(home)
        return Put(digest.hexdigest(), size, created)

    async def delete(self, folder: Path, path: str, expected: Expected) -> None:
        try:
            await self._run(partial(_delete, folder, path, expected))
        except OSError as error:
            raise _told(path, error) from error

    async def hash(self, folder: Path, path: str) -> str:
        try:
            return await self._run(partial(_hashed, folder, path))
        except OSError:
            return ""

    def close(self) -> None:
        self._pool.shutdown(wait=False)

    async def _run(self, work: Callable[[], T]) -> T:
        """In a worker, which is waited for also when this is cancelled: it works on descriptors we are to close."""
        running = asyncio.get_running_loop().run_in_executor(self._pool, work)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await asyncio.wait([running])
            if not running.cancelled():
                running.exception()
            raise


def _tidy(home: int) -> None:
    """Remove what a kill left."""
    for name in os.listdir(home):
        if name.startswith(_BESIDE):
            with suppress(OSError):
                os.unlink(name, dir_fd=home)


def _take(fd: int, digest: Callable[[bytes], None], piece: bytes) -> None:
    digest(piece)
    left = memoryview(piece)
    while left:
        left = left[os.write(fd, left) :]


def _place(folder: Path, path: str, home: int, beside: str, fd: int, expected: Expected) -> bool:
    with folder_fd(folder) as top:
        info = os.fstat(top)
        owner = (info.st_uid, info.st_gid) if os.geteuid() == 0 else None
        above, _, name = path.rpartition("/")
        if expected.match:
            _check(top, path, expected)
        with Folders(top, owner) as folders:
            parent = folders.fd(above)
            before = _standing(name, parent)
            if owner is not None:
                os.fchown(fd, *owner)
            os.fchmod(fd, stat.S_IMODE(before.st_mode) & 0o777 if before else _MODE)
            os.fsync(fd)
            # As late as can be: flushing may take seconds, in which somebody else saves.
            _check(top, path, expected)
            _standing(name, parent)
            os.rename(beside, name, src_dir_fd=home, dst_dir_fd=parent)
            os.fsync(parent)
            return before is None


def _delete(folder: Path, path: str, expected: Expected) -> None:
    with folder_fd(folder) as top, parent_of(top, path) as (parent, name):
        if stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
            raise Conflict(f"{path[:200]!r} is a folder", hint="delete the files in it")
        _check(top, path, expected)
        os.unlink(name, dir_fd=parent)
        os.fsync(parent)


def _standing(name: str, parent: int) -> os.stat_result | None:
    """What a write would replace; raises `Conflict` unless it is a regular file or nothing."""
    try:
        info = os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(info.st_mode):
        raise Conflict("a folder, a link or a device stands there", hint="delete or move it first")
    return info


def _check(top: int, path: str, expected: Expected) -> None:
    """Raises `Changed` where what is there is not what the caller meant."""
    if not expected.match and not expected.none_match:
        return
    found = _hash(top, path)
    if expected.match and (not found or not {"*", found} & expected.match):
        raise Changed("the file is not the one you read", found, hint="read it again, and send its hash as If-Match")
    if found and {"*", found} & expected.none_match:
        raise Changed("there is a file already", found, hint="send If-Match with its hash to replace it")


def _hashed(folder: Path, path: str) -> str:
    with folder_fd(folder) as top:
        return _hash(top, path)


def _hash(top: int, path: str) -> str:
    digest = hashlib.sha256()
    try:
        for piece in _pieces(top, path):
            digest.update(piece)
    except FileNotFoundError:
        return ""
    return digest.hexdigest()


def _pieces(top: int, path: str) -> Iterator[bytes]:
    with parent_of(top, path) as (parent, name), _opened(name, parent) as fd:
        while piece := os.read(fd, _PIECE):
            yield piece


@contextmanager
def _opened(name: str, parent: int) -> Iterator[int]:
    fd = open_regular(name, parent)
    try:
        yield fd
    finally:
        os.close(fd)


def _told(path: str, error: OSError) -> SlipwayError:
    shown = path[:200]
    if error.errno in {errno.ENOENT}:
        return NotFound(f"there is no file {shown!r}", hint="`GET …/files` lists what is there")
    if error.errno in {errno.ENOTDIR, errno.ELOOP, errno.EISDIR, errno.EEXIST, errno.EINVAL, errno.EXDEV}:
        return Conflict(f"{shown!r} is not a place for a file: {error.strerror}", hint="links are not followed")
    if error.errno == errno.ENAMETOOLONG:
        return UsageError("the path is too long for this disk")
    reason = "disk-full" if error.errno in {errno.ENOSPC, errno.EDQUOT} else None
    return SlipwayError(f"{shown!r} cannot be written: {error.strerror}", hint="free some disk space", reason=reason)

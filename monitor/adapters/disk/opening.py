"""Opening by folder descriptors: no symlink followed, nothing but folders and regular files opened."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitor.ports.files import FolderGone

_DIR = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, opening a FIFO put in a file's place would wait for a writer.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY


# Too many open files, no memory, a share that hangs: the file itself is as readable as before.
_PASSING = frozenset({
    errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EINTR, errno.EBUSY, errno.ESTALE, errno.ETIMEDOUT,
})  # fmt: skip


class NotRegular(OSError):
    """The path leads to something that is no regular file."""


@contextmanager
def folder_fd(folder: Path) -> Iterator[int]:
    """A descriptor of a workspace's folder; raises `FolderGone`. Folders above it are trusted."""
    try:
        fd = os.open(folder, _DIR)
    except OSError as error:
        raise FolderGone(
            f"{folder} cannot be read: {error.strerror}", hint="put the folder back or mend its permissions"
        ) from error
    try:
        yield fd
    finally:
        os.close(fd)


def open_dir(name: str, parent: int) -> int:
    """One step down; raises `OSError` for a symlink or anything but a folder."""
    return os.open(name, _DIR, dir_fd=parent)


def open_regular(name: str, parent: int) -> int:
    """A regular file in `parent`; raises `NotRegular` for everything else, without waiting for it."""
    # The look before keeps devices and sockets from being opened, the look after is the one that counts.
    if not stat.S_ISREG(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
        raise NotRegular(errno.EINVAL, "no regular file", name)
    fd = os.open(name, _FILE, dir_fd=parent)
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    os.close(fd)
    raise NotRegular(errno.EINVAL, "no regular file", name)


@contextmanager
def parent_of(root: int, path: str) -> Iterator[tuple[int, str]]:
    """The folder that holds `path` below the open folder `root`, and the last segment.

    Raises `OSError` where a segment is missing, a symlink, empty, `.` or `..`.
    """
    *above, name = path.split("/")
    if any(segment in ("", ".", "..") for segment in (*above, name)) or "\0" in path:
        raise OSError(errno.EINVAL, "not a path inside the folder", path)
    fd = os.dup(root)
    try:
        for segment in above:
            below = open_dir(segment, fd)
            os.close(fd)
            fd = below
        yield fd, name
    finally:
        os.close(fd)


def read_small(name: str, parent: int, limit: int) -> bytes | None:
    """A small regular file's bytes; None if there is none, it cannot be read or holds more than `limit`."""
    try:
        fd = open_regular(name, parent)
    except OSError:
        return None
    try:
        data = b""
        while len(data) <= limit:
            more = os.read(fd, limit + 1 - len(data))
            if not more:
                return data
            data += more
    except OSError:
        return None
    finally:
        os.close(fd)
    return None


def lasts(error: OSError) -> bool:
    """Whether waiting does not help."""
    return error.errno not in _PASSING


def why(error: OSError) -> str:
    """The system's own words, without the path."""
    return (error.strerror or "cannot be read").lower()

"""The ground a stage stands on: folder descriptors, durability, and what an error means for one path or for all."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
import stat
import sys
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from monitor.adapters.disk.opening import open_dir, why
from monitor.errors import SlipwayError

NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
FOLDER_MODE = 0o755

# linux/fs.h, as most machines have them; where they differ nothing happens.
_GET_FLAGS, _SET_FLAGS, _TOP_OF_TREES = 0x80086601, 0x40086602, 0x20000

# Errors that concern the one path they came with; everything else concerns the disk.
_OF_ONE_PATH = frozenset({
    errno.EACCES, errno.EBUSY, errno.EEXIST, errno.EFBIG, errno.EILSEQ, errno.EINVAL, errno.EISDIR, errno.ELOOP,
    errno.ENAMETOOLONG, errno.ENOENT, errno.ENOTDIR, errno.ENOTEMPTY, errno.EPERM, errno.ETXTBSY, errno.EXDEV,
})  # fmt: skip
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Folders:
    """Folders below an open one, made as they are needed; `fd` stays open until the end of the `with`.

    At most `most` descriptors are open at once. `owner` is who new folders belong to (None: us).
    """

    def __init__(self, top: int, owner: tuple[int, int] | None = None, *, make: bool = True, most: int = 64) -> None:
        self._top, self._owner, self._make, self._most = top, owner, make, most
        self._open: OrderedDict[str, int] = OrderedDict()

    def __enter__(self) -> Folders:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        while self._open:
            os.close(self._open.popitem()[1])

    def fd(self, folder: str) -> int:
        """The folder's descriptor, good until the next call; raises `OSError`, also for a symlink on the way."""
        if not folder:
            return self._top
        if folder in self._open:
            self._open.move_to_end(folder)
            return self._open[folder]
        above, _, name = folder.rpartition("/")
        opened = self._step(self.fd(above), name)
        self._open[folder] = opened
        if len(self._open) > self._most:
            os.close(self._open.popitem(last=False)[1])
        return opened

    def _step(self, parent: int, name: str) -> int:
        if not self._make:
            return open_dir(name, parent)
        return make_folder(parent, name, self._owner)


def make_folder(parent: int, name: str, owner: tuple[int, int] | None) -> int:
    """The folder `name`, made where it is not there; its descriptor."""
    made = True
    try:
        os.mkdir(name, FOLDER_MODE, dir_fd=parent)
    except FileExistsError:
        made = False
    fd = open_dir(name, parent)
    if made:
        os.fchmod(fd, FOLDER_MODE)
        if owner is not None:
            os.fchown(fd, *owner)
    return fd


def kind_at(parent: int, name: str) -> os.stat_result | None:
    """What stands there, never followed; None for nothing."""
    try:
        return os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return None


def is_dir(info: os.stat_result) -> bool:
    return stat.S_ISDIR(info.st_mode)


def names_in(fd: int) -> list[str]:
    """What an open folder holds."""
    with os.scandir(fd) as found:
        return [item.name for item in found]


def remove_all(parent: int, name: str) -> None:
    """Remove a folder of ours with everything in it; what is not there is removed already."""
    with suppress(FileNotFoundError, NotADirectoryError):
        shutil.rmtree(name, dir_fd=parent)


def sync_disk(fd: int) -> None:
    """Everything written so far to the disk `fd` is on is durable; raises `OSError`."""
    if _LIBC.syncfs(fd) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def spread(fd: int) -> None:
    """Tell the file system that the folders in this one have nothing to do with each other, where it cares.

    ext4 makes no inode anew that was deleted in the last minutes, but looks at each of them: 8,000 files made beside
    8,000 deleted ones took 8 s, and 0.3 s in a part of the disk of their own, which this flag leads to (`chattr +T`).
    """
    flags = bytearray(8)
    with suppress(OSError):
        fcntl.ioctl(fd, _GET_FLAGS, flags)
        found = int.from_bytes(flags[:4], sys.byteorder)
        if not found & _TOP_OF_TREES:
            fcntl.ioctl(fd, _SET_FLAGS, (found | _TOP_OF_TREES).to_bytes(8, sys.byteorder))


def of_one_path(error: OSError) -> bool:
    """Whether other paths may still go well."""
    return error.errno in _OF_ONE_PATH


def trouble(doing: str, folder: Path, error: OSError) -> SlipwayError:
    """The letter for an error that concerns the disk."""
    if error.errno in _FULL:
        return SlipwayError(
            f"the disk is full: {doing} in {folder} could not be finished",
            hint="free some disk space and try again",
            reason="disk-full",
        )
    return SlipwayError(f"{doing} in {folder} failed: {why(error)}", hint="mend the disk or its permissions")


_LIBC = ctypes.CDLL(None, use_errno=True)

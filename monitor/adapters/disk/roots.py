"""The workspaces root: what stands in it, and whether it can be believed."""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from pathlib import Path

from monitor.adapters.disk.opening import folder_fd
from monitor.domain.workspace import Folder
from monitor.ports.files import RootScan, RootTrouble

_AT_SYMLINK_NOFOLLOW, _AT_EMPTY_PATH, _STATX_BTIME = 0x100, 0x1000, 0x800
_BTIME_AT = 80  # struct statx: stx_btime follows stx_attributes_mask and stx_atime


def scan_root(root: Path, *, before: RootScan | None = None) -> RootScan:
    """What stands under `root`, compared with the last believed scan; raises `RootTrouble`."""
    try:
        fd = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        raise RootTrouble(
            f"the workspaces folder {root} is missing",
            hint="mount it or put it back; nothing is recorded until then",
            reason="root-missing",
        ) from None
    except OSError as error:
        raise _unreadable(root, error) from error
    try:
        scan = _scan(fd)
    except OSError as error:
        raise _unreadable(root, error) from error
    finally:
        os.close(fd)
    if before is not None:
        check_root(root, before, scan)
    return scan


def check_root(root: Path, before: RootScan, now: RootScan) -> None:
    """Raises `RootTrouble` where `now` looks like another root than `before` rather than like changes in it.

    One folder deleted by hand may be the last one, so only the loss of several at once, or of all together with
    the root's own identity, is doubted.
    """
    if now.device != before.device:
        raise RootTrouble(
            f"the workspaces folder {root} is on another device than before",
            hint="is a disk not mounted? Restart Slipway if the folder was moved on purpose",
            reason="root-moved",
        )
    if now.folders or not before.folders:
        return
    if now.inode != before.inode:
        raise RootTrouble(
            f"the workspaces folder {root} was replaced by an empty one",
            hint="put the old folder back, or drop a workspace into the new one to go on with it",
            reason="root-moved",
        )
    if len(before.folders) > 1:
        raise RootTrouble(
            f"all {len(before.folders)} workspaces vanished from {root} at once",
            hint="is a disk not mounted? Restart Slipway if they were deleted on purpose",
            reason="root-empty",
        )


def _scan(fd: int) -> RootScan:
    info = os.fstat(fd)
    folders: list[Folder] = []
    with os.scandir(fd) as found:
        for item in found:
            if item.name.startswith("."):
                continue
            try:
                entry = item.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            if stat.S_ISDIR(entry.st_mode):
                folders.append(Folder(item.name, entry.st_ino, _born(fd, item.name, entry)))
    return RootScan(info.st_dev, info.st_ino, tuple(sorted(folders, key=lambda f: (f.born, f.folder))))


def identity(folder: Path) -> tuple[int, int, int]:
    """Device, inode and birth time (0 where the file system keeps none) of a folder; raises `FolderGone`."""
    with folder_fd(folder) as fd:
        info = os.fstat(fd)
        return info.st_dev, info.st_ino, _birth(fd, "", _AT_EMPTY_PATH) or 0


def _born(fd: int, name: str, info: os.stat_result) -> int:
    """Birth time in ns where the file system keeps one, else the older of change and modification time."""
    return _birth(fd, name, _AT_SYMLINK_NOFOLLOW) or min(info.st_ctime_ns, info.st_mtime_ns)


def _birth(fd: int, name: str, flags: int) -> int | None:
    if _STATX is not None:
        buffer = ctypes.create_string_buffer(256)
        done = _STATX(fd, os.fsencode(name), flags, _STATX_BTIME, buffer)
        if done == 0 and struct.unpack_from("=I", buffer)[0] & _STATX_BTIME:
            seconds, ns = struct.unpack_from("=qI", buffer, _BTIME_AT)
            return int(seconds) * 1_000_000_000 + int(ns)
    return None


def _unreadable(root: Path, error: OSError) -> RootTrouble:
    return RootTrouble(
        f"the workspaces folder {root} cannot be read: {(error.strerror or 'unknown error').lower()}",
        hint="mend its permissions or its disk; nothing is recorded until then",
        reason="root-unreadable",
    )


_STATX = getattr(ctypes.CDLL(None, use_errno=True), "statx", None)

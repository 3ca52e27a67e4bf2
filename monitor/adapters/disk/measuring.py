"""How much a folder holds, everything counted, to see whether a copy is still under way."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from monitor.adapters.disk.opening import folder_fd, open_dir
from monitor.ports.files import Size

MAX_DEPTH = 200


def size_of(folder: Path) -> Size:
    """Everything below `folder` counted, no filter; raises `FolderGone`."""
    with folder_fd(folder) as fd:
        files, total, newest = _measure(fd, 0)
        return Size(files, total, max(newest, os.fstat(fd).st_ctime_ns))


def _measure(fd: int, depth: int) -> tuple[int, int, int]:
    files = total = newest = 0
    for item in listed(fd):
        with suppress(OSError):
            info = item.stat(follow_symlinks=False)
            newest = max(newest, info.st_ctime_ns)
            if not stat.S_ISDIR(info.st_mode):
                files, total = files + 1, total + info.st_size
            elif depth < MAX_DEPTH:
                below = open_dir(item.name, fd)
                try:
                    inner = _measure(below, depth + 1)
                finally:
                    os.close(below)
                files, total, newest = files + inner[0], total + inner[1], max(newest, inner[2])
    return files, total, newest


def listed(fd: int) -> list[os.DirEntry[str]]:
    """What stands in the open folder."""
    with os.scandir(fd) as found:
        return list(found)

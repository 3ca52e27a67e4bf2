"""Comparing a target's files with what is wanted, by their bytes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from monitor.adapters.disk.opening import folder_fd, parent_of
from monitor.adapters.placing.displaced import hash_of
from monitor.adapters.placing.ground import kind_at
from monitor.ports.placing import Seen


def look(folder: Path, paths: Sequence[str]) -> dict[str, Seen]:
    """Hashes of the regular files among `paths`; raises `FolderGone`. Blocking."""
    found: dict[str, Seen] = {}
    with folder_fd(folder) as top:
        for path in paths:
            try:
                with parent_of(top, path) as (parent, name):
                    sha256 = hash_of(name, parent)
                    info = kind_at(parent, name)
            except OSError:
                continue
            if info is not None:
                found[path] = Seen(sha256, info.st_nlink > 1)
    return found


def free_bytes(fd: int) -> int:
    """What can still be written to the disk `fd` is on, by us."""
    info = os.fstatvfs(fd)
    return (info.f_bfree if os.geteuid() == 0 else info.f_bavail) * info.f_frsize

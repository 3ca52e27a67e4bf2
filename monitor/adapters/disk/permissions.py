"""Whether another user could read a tree, judged by owners and mode bits."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from monitor.adapters.disk.opening import folder_fd, parent_of
from monitor.domain.tree import Kind, Tree


def readable_by(folder: Path, tree: Tree, uid: int, gid: int) -> bool:
    """Every folder can be entered and listed, every file read, by `uid` in group `gid`; raises `FolderGone`."""
    if uid == 0:
        return True
    if tree.access is not None:
        return not tree.unread and all(_permits(*rights, uid, gid) for rights in tree.access)
    paths = {e.path for e in tree if e.kind is not Kind.SYMLINK} | {e.path for e in tree.excluded if e.runs}
    with folder_fd(folder) as top:
        if not _allowed(os.fstat(top), uid, gid):
            return False
        seen: set[str] = set()
        for path in paths:
            segments = path.split("/")
            for end in range(1, len(segments) + 1):
                part = "/".join(segments[:end])
                if part in seen:
                    continue
                seen.add(part)
                try:
                    with parent_of(top, part) as (parent, name):
                        info = os.stat(name, dir_fd=parent, follow_symlinks=False)
                except FileNotFoundError:
                    continue
                except OSError:
                    return False
                if not _allowed(info, uid, gid):
                    return False
    return not tree.unread


def _allowed(info: os.stat_result, uid: int, gid: int) -> bool:
    return _permits(info.st_uid, info.st_gid, info.st_mode, uid, gid)


def _permits(owner: int, group: int, mode: int, uid: int, gid: int) -> bool:
    needed = 0o5 if mode & stat.S_IFDIR else 0o4
    shift = 6 if owner == uid else 3 if group == gid else 0
    return (mode >> shift) & needed == needed


def owner(folder: Path) -> tuple[int, int]:
    """Uid and gid of the folder itself; raises `FolderGone`."""
    with folder_fd(folder) as top:
        info = os.fstat(top)
        return info.st_uid, info.st_gid
